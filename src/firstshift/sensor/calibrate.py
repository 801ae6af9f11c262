"""Which camera made these frames? The inverse of `expose`.

    profile = calibrate(read_frames(Path("frames")))
    profile.save(Path("profile.json"))

Flats and dark frames carry gain, read noise, fixed pattern and illumination (photon transfer); edges in any picture
carry the point spread. What the frames do not carry keeps the camera's usual value and is named in `warnings`: nothing
is made up, so that a profile from ordinary pictures is no worse than none. Where pictures only bound a value (black is
not above the darkest place), the usual one is moved to the bound. What was measured has a 95 % interval in `estimates`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput
from firstshift.core.progress import Progress, Silent
from firstshift.sensor import illumination, ordinary
from firstshift.sensor.compression import was_compressed
from firstshift.sensor.edges import Edge
from firstshift.sensor.measured_noise import Z95, Sorted, measure_noise
from firstshift.sensor.notes import Notes
from firstshift.sensor.pattern import fixed_pattern, hot_pixels
from firstshift.sensor.profile import Estimated, Method, SensorProfile, usual_profile
from firstshift.sensor.reading import Frame, FrameSet
from firstshift.sensor.same_scene import same_scene
from firstshift.sensor.sharpness import measure_sharpness
from firstshift.sensor.transfer import Point, Transfer, mosaic_phases, pairs_of, usable
from firstshift.spec.station import Camera

F32 = npt.NDArray[np.float32]
PIXEL_UM_UNKNOWN = 3.45
"""The commonest pixel of industrial cameras, where no plan says which it is."""
FLATS_AVERAGED = 64


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """The profile, and what a report draws of the way to it."""

    profile: SensorProfile
    points: tuple[Point, ...]
    line: Transfer | None
    levels: tuple[ordinary.Level, ...]
    edges: tuple[Edge, ...]
    counts: dict[str, int]


def calibrate(frames: FrameSet, *, camera: Camera | None = None, gamma: float | None = None) -> SensorProfile:
    """The profile alone; `examine` also tells how it came about."""
    return examine(frames, camera=camera, gamma=gamma).profile


def examine(
    frames: FrameSet,
    *,
    camera: Camera | None = None,
    gamma: float | None = None,
    progress: Progress | None = None,
) -> Calibration:
    """`camera` gives the usual values for what the frames do not carry. `gamma` is told, never guessed: 1 unless
    given."""
    shown = progress or Silent()
    notes = Notes(_usual(frames, camera))
    sorted_ = Sorted(
        [frame for frame in frames.of_kind("flat") if usable(frame.numbers, frames.white_dn)],
        list(frames.of_kind("dark")), list(frames.of_kind("background")), frames.white_dn,
    )  # fmt: skip
    _check_flats(frames, sorted_.flats)
    shown.start("calibrating", 5)
    compressed = frames.jpeg_quality is not None or was_compressed([*sorted_.flats, *sorted_.pictures])
    _tone(frames, gamma, compressed, notes)
    bent = "a tone curve bends it" if notes.value("gamma") != 1 else None
    bent = "JPEG compression takes noise away" if compressed else bent
    black = _black_level(sorted_, notes)
    shown.advance()
    found = measure_noise(sorted_, black, bent, notes)
    shown.advance()
    phases = _phases(sorted_, notes)
    if bent is None:
        _fixed_patterns(sorted_.flats, sorted_.darks, black, notes.value("gain_e_per_dn"), notes)
    else:
        for name in ("prnu", "dsnu_e"):
            notes.kept(name, "JPEG compression or a tone curve hides it")
    shown.advance()
    _light(sorted_, black, bent is None, notes, frames)
    shown.advance()
    tone = (black, notes.value("gamma"), frames.white_dn)
    edges = measure_sharpness(sorted_.pictures, tone, phases, compressed, notes)
    shown.advance()
    shown.finish()
    gain = next(estimate for estimate in notes.estimates if estimate.name == "gain_e_per_dn")
    if camera is None and not gain.measured:
        notes.warnings.append(
            f"usual values are those of pixels of {PIXEL_UM_UNKNOWN} µm: give the plan of this camera"
        )
    profile = _profile_of(notes, frames, sorted_)
    counts = {"flat": len(sorted_.flats), "dark": len(sorted_.darks), "background": len(sorted_.pictures)}
    return Calibration(profile, tuple(found.points), found.line, tuple(found.levels), tuple(edges), counts)


def _usual(frames: FrameSet, camera: Camera | None) -> SensorProfile:
    if camera is None:
        camera = Camera(sensor_px=frames.size_px, pixel_um=PIXEL_UM_UNKNOWN, bits=frames.bits, colour=_colour(frames))
    if camera.colour != _colour(frames):
        raise BadInput(
            where="station.camera.colour",
            expected=f"'{_colour(frames)}' as the frames",
            found=camera.colour,
            way_out="give the plan of the camera that took these frames",
        )
    usual = usual_profile(camera)
    if camera.bits != frames.bits:
        usual = usual_profile(camera.model_copy(update={"bits": frames.bits}))
    return usual.model_copy(update={"warnings": ()})


def _colour(frames: FrameSet) -> Any:
    return "colour" if frames.channels == 3 else "mono"


def _check_flats(frames: FrameSet, flats: list[Frame]) -> None:
    """A saturated flat is noise-free at the top: it would make any camera look better than it is."""
    all_flats = frames.of_kind("flat")
    if all_flats and not flats:
        raise BadInput(
            where=all_flats[0].name,
            expected="a flat that is bright but nowhere white or black",
            found=f"{float((all_flats[0].numbers >= frames.white_dn).mean()):.0%} of its pixels at {frames.white_dn}",
            way_out="halve the exposure until the brightest place is at 80 % of white",
        )


def _tone(frames: FrameSet, gamma: float | None, compressed: bool, notes: Notes) -> None:
    """A guessed curve of 2.2 would lift what is at 4 % of the light to 59 of 255: an error worse than none."""
    notes.values["jpeg_quality"] = frames.jpeg_quality if frames.bits == 8 else None
    if gamma is not None:
        notes.values["gamma"] = gamma
    elif compressed:
        notes.kept("gamma", "pictures cannot tell it; if a phone or a photo camera took them, give --gamma 2.2")
    if compressed and frames.jpeg_quality is None:
        notes.warnings.append(
            "the pictures were JPEGs before they were saved as they are now: that takes noise and fine detail away, "
            "and how strongly is not known; take them as the camera sends them"
        )


def _black_level(frames: Sorted, notes: Notes) -> float:
    darks = frames.darks
    if not darks:
        why = "no dark frames (take 4 or more with the cap on)"
        if notes.value("gamma") != 1:
            # The curve is steep near 0: two DN before it are twenty after it.
            notes.bounded("black_level_dn", (0.0, 0.0), why, "before a tone curve")
            return 0.0
        darkest = ordinary.darkest_level([*frames.flats, *frames.pictures])
        return notes.bounded("black_level_dn", (0.0, darkest), why, "as the darkest place in the pictures")
    means = np.array([float(frame.numbers.mean(dtype=np.float64)) for frame in darks])
    cut = max(float((frame.numbers == 0).mean()) for frame in darks)
    if cut > 0.02:
        notes.warnings.append(
            f"{cut:.0%} of the dark pixels are cut off at 0: raise the camera's black level, or noise looks too small"
        )
    half = Z95 * float(means.std(ddof=1)) / np.sqrt(len(means)) if len(means) > 1 else 0.5
    notes.measured("black_level_dn", float(np.median(means)), half, f"mean of {len(darks)} dark frames")
    return float(np.median(means))


def _phases(frames: Sorted, notes: Notes) -> npt.NDArray[np.bool_] | None:
    pairs = pairs_of(frames.flats) or frames.twins()
    phases = mosaic_phases(*pairs[-1]) if pairs else None
    if pairs:
        notes.values["mosaic"] = phases is not None
    elif notes.usual.colour == "colour" and not pairs:
        notes.warnings.append("whether colours are interpolated (Bayer) cannot be told without pairs of equal frames")
    return phases


def _fixed_patterns(flats: list[Frame], darks: list[Frame], black: float, gain: float, notes: Notes) -> None:
    in_dark = fixed_pattern(darks, 0)
    if in_dark is None:
        notes.kept("dsnu_e", "too few dark frames to see a fixed pattern" if len(darks) < 8 else "below the noise")
    else:
        half = Z95 * in_dark.error * gain
        notes.measured("dsnu_e", in_dark.spread * gain, half, f"halves of {len(darks)} dark frames")
    bright = sorted(flats, key=lambda frame: -float(frame.numbers.mean()))
    if bright:
        top = float(bright[0].numbers.mean())
        bright = [frame for frame in bright if float(frame.numbers.mean()) > 0.9 * top][:FLATS_AVERAGED]
    lit = fixed_pattern(bright, 0, black)
    if lit is None:
        notes.kept("prnu", "too few flats of the highest exposure" if len(flats) < 8 else "below the noise")
        return
    level = float(np.mean([frame.numbers[:, :, 0].mean() for frame in bright])) - black
    dark_share = 0.0 if in_dark is None else in_dark.spread / level
    value = float(np.sqrt(max(lit.spread**2 - dark_share**2, 1e-12)))
    half = Z95 * lit.error * lit.spread / value
    notes.measured("prnu", value, half, f"halves of {len(bright)} flats at {level:.0f} DN")


def _light(sorted_: Sorted, black: float, linear: bool, notes: Notes, frames: FrameSet) -> None:
    """What the lens does is part of the light that is measured; where none is, its usual vignetting stays."""
    flats, pictures = sorted_.flats, sorted_.pictures
    found: illumination.Illumination | str = "a tone curve or JPEG compression: brightness may not be light"
    how = f"smooth surface through the mean of {len(flats)} flats"
    if flats and linear:
        found = illumination.from_flats(flats, black)
    elif linear:
        # Of one thing photographed twice, nobody can say what is light and what is the thing.
        different = [pictures[0]] if pictures else []
        different += [new for old, new in pairwise(pictures) if not same_scene(old, new)]
        found = illumination.from_backgrounds(different, black)
        how = f"median of {len(different)} backgrounds, whose halves agree"
        if not isinstance(found, str):
            notes.warnings.append("illumination comes from backgrounds: what all of them share is taken for light")
    if isinstance(found, str):
        notes.warnings.append(f"illumination is taken as even, not measured: {found}")
        return
    notes.values["vignetting"] = (0.0, 0.0, 0.0)
    notes.values["illumination"] = found.as_tuples()
    half = Z95 * found.error
    notes.estimates.append(
        Estimated(
            name="illumination", value=found.range, low=max(0.0, found.range - half), high=found.range + half,
            measured=True, how=f"{how}; brightest minus darkest place, as a share of the mean",
        )
    )  # fmt: skip
    if frames.channels == 3 and flats:
        green = found.balance[1]
        notes.values["colour_balance"] = tuple(round(level / green, 5) for level in found.balance)
    elif frames.channels == 3:
        notes.warnings.append("colour_balance is taken as neutral: only a flat of a white target shows it")


def _profile_of(notes: Notes, frames: FrameSet, sorted_: Sorted) -> SensorProfile:
    flats, darks = sorted_.flats, sorted_.darks
    method: Method = "flats and darks" if flats and darks else "flats" if flats else "backgrounds"
    data = notes.usual.model_dump() | notes.values
    data |= {
        "bits": frames.bits,
        "colour": _colour(frames),
        "sensor_px": frames.size_px,
        "hot_pixels": hot_pixels(darks, notes.value("gain_e_per_dn")),
        "method": method,
        "frames": len(frames.frames),
        "estimates": tuple(notes.estimates),
        "warnings": (*notes.warnings, *_told_left_out(frames)),
    }
    data["black_level_dn"] = min(float(data["black_level_dn"]), frames.white_dn / 2 - 1)
    return SensorProfile.model_validate(data)


def _told_left_out(frames: FrameSet) -> tuple[str, ...]:
    return tuple(f"left out: {why}" for why in frames.left_out)
