"""Which camera made these frames? The inverse of `expose`.

    profile = calibrate(read_frames(Path("frames")))
    profile.save(Path("profile.json"))

Flats and dark frames carry gain, read noise, fixed pattern and illumination (photon transfer); edges in any picture
carry the point spread. What the frames do not carry keeps the usual value and is named in `warnings`: nothing is made
up. Values that were measured have a 95 % interval in `estimates`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput
from firstshift.core.progress import Progress, Silent
from firstshift.sensor import illumination, ordinary
from firstshift.sensor.edges import Edge, Spread, agreed_spread, find_edges
from firstshift.sensor.pattern import fixed_pattern, hot_pixels
from firstshift.sensor.profile import Estimated, Method, SensorProfile, usual_profile
from firstshift.sensor.reading import Frame, FrameSet
from firstshift.sensor.smooth import high_pass_noise
from firstshift.sensor.spectrum import spread_from_texture
from firstshift.sensor.transfer import (
    Point,
    Transfer,
    fitted_line,
    mosaic_phases,
    pairs_of,
    points_of,
    same_scene,
    usable,
)
from firstshift.spec.station import Camera

F32 = npt.NDArray[np.float32]
PIXEL_UM_UNKNOWN = 3.45
"""The commonest pixel of industrial cameras, where no plan says which it is."""
JPEG_GAMMA = 2.2
Z95 = 1.96
FRAMES_FOR_EDGES = 8
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


@dataclass(slots=True)
class _Notes:
    """What is found on the way."""

    usual: SensorProfile
    values: dict[str, Any] = field(default_factory=dict)
    estimates: list[Estimated] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def measured(self, name: str, value: float, half: float, how: str, low: float | None = None) -> None:
        self.values[name] = value
        below = max(0.0, value - half) if low is None else low
        self.estimates.append(Estimated(name=name, value=value, low=below, high=value + half, measured=True, how=how))

    def kept(self, name: str, why: str) -> None:
        self.estimates.append(Estimated(name=name, value=float(getattr(self.usual, name)), measured=False, how=why))
        self.warnings.append(f"{name} is the usual value, not measured: {why}")


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
    """`camera` gives the usual values for what the frames do not carry. `gamma` is assumed, not estimated: 1 for raw
    frames, 2.2 for JPEG photographs unless given."""
    shown = progress or Silent()
    notes = _Notes(_usual(frames, camera))
    quality = frames.jpeg_quality
    bent = gamma if gamma is not None else JPEG_GAMMA if quality is not None else 1.0
    notes.values.update(gamma=bent, jpeg_quality=quality if frames.bits == 8 else None)
    flats = [frame for frame in frames.of_kind("flat") if usable(frame.numbers, frames.white_dn)]
    darks, pictures = list(frames.of_kind("dark")), list(frames.of_kind("background"))
    _check_flats(frames, flats)
    linear = bent == 1.0 and quality is None
    shown.start("calibrating", 5)
    black = _black_level(darks, notes)
    shown.advance()
    points, line, levels = _noise(flats, darks, pictures, black, linear, frames.white_dn, notes)
    shown.advance()
    gain = float(notes.values.get("gain_e_per_dn", notes.usual.gain_e_per_dn))
    phases = _phases(flats, pictures, notes)
    if linear:
        _fixed_patterns(flats, darks, black, gain, notes)
    else:
        for name in ("prnu", "dsnu_e"):
            notes.kept(name, "JPEG compression or a tone curve hides it")
    shown.advance()
    _light(flats, pictures, black, linear, notes, frames)
    shown.advance()
    edges = _sharpness(pictures, black, bent, frames.white_dn, phases, notes)
    shown.advance()
    shown.finish()
    profile = _profile_of(notes, frames, flats, darks)
    counts = {"flat": len(flats), "dark": len(darks), "background": len(pictures)}
    return Calibration(profile, tuple(points), line, tuple(levels), tuple(edges), counts)


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
    # A photograph's tone curve begins at 0; what the lens does is part of the illumination that is measured.
    black = 0.0 if frames.jpeg_quality is not None else usual.black_level_dn
    changes = {"black_level_dn": black, "vignetting": (0.0, 0.0, 0.0), "mosaic": False, "warnings": ()}
    return usual.model_copy(update=changes)


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


def _black_level(darks: list[Frame], notes: _Notes) -> float:
    if not darks:
        notes.kept("black_level_dn", "no dark frames (take 4 or more with the cap on)")
        return notes.usual.black_level_dn
    means = np.array([float(frame.numbers.mean(dtype=np.float64)) for frame in darks])
    cut = max(float((frame.numbers == 0).mean()) for frame in darks)
    if cut > 0.02:
        notes.warnings.append(
            f"{cut:.0%} of the dark pixels are cut off at 0: raise the camera's black level, or noise looks too small"
        )
    half = Z95 * float(means.std(ddof=1)) / np.sqrt(len(means)) if len(means) > 1 else 0.5
    notes.measured("black_level_dn", float(np.median(means)), half, f"mean of {len(darks)} dark frames")
    return float(np.median(means))


def _noise(
    flats: list[Frame],
    darks: list[Frame],
    pictures: list[Frame],
    black: float,
    linear: bool,
    white: int,
    notes: _Notes,
) -> tuple[list[Point], Transfer | None, list[ordinary.Level]]:
    flat_pairs, dark_pairs = pairs_of(flats), pairs_of(darks)
    if flats and not flat_pairs:
        notes.warnings.append("no two flats of the same exposure: noise needs pairs, take every exposure twice")
    twins = [pair for pair in zip(pictures[::2], pictures[1::2], strict=False) if same_scene(*pair)]
    phases = mosaic_phases(*flat_pairs[-1]) if flat_pairs else None
    points = [point for one, other in (*dark_pairs, *flat_pairs) for point in points_of(one, other, phases)]
    if not flat_pairs:
        points += [point for one, other in twins for point in points_of(one, other, phases)]
    levels = ordinary.noise_levels(pictures, white) if pictures else []
    if not linear:
        for name in ("gain_e_per_dn", "read_noise_e"):
            notes.kept(name, "JPEG compression or a tone curve: noise no longer counts electrons; save PNG or TIFF")
        return points, None, levels
    line = fitted_line(points, black)
    if line is not None:
        source = f"{len(flat_pairs)} pairs of flats" if flat_pairs else f"{len(twins)} pairs of one background"
        _tell_line(line, points, f"photon transfer, {source}, {len(dark_pairs)} of dark frames", bool(darks), notes)
        return points, line, levels
    gain = _gain_of_levels(levels, black, notes)
    if gain is None:
        why = "no pairs of flats at several exposures" if flats or not pictures else "texture hides the noise's slope"
        notes.kept("gain_e_per_dn", why)
    _read_noise_of_darks(points, notes.usual.gain_e_per_dn if gain is None else gain, notes)
    return points, None, levels


def _tell_line(line: Transfer, points: list[Point], how: str, dark: bool, notes: _Notes) -> None:
    notes.measured("gain_e_per_dn", line.gain_e_per_dn, Z95 * line.gain_error, how)
    unresolved = [point for point in points if point.source == "dark" and not point.resolved]
    if not dark:
        notes.kept("read_noise_e", "no dark frames: it cannot be told from the black level")
    elif line.read_noise_e is None:
        notes.kept("read_noise_e", f"below what {notes.usual.bits} bits show (less than {line.read_noise_error:.2g} e)")
    else:
        half = Z95 * line.read_noise_error
        notes.measured("read_noise_e", line.read_noise_e, half, how)
        if unresolved and half > 0.1 * line.read_noise_e:
            text = f"the dark frames' noise is below 0.4 DN: {notes.usual.bits} bits hide it, the interval is wide"
            notes.warnings.append(f"{text}; take darker flats (2 % of white), or 10 or 12 bits")


def _gain_of_levels(levels: list[ordinary.Level], black: float, notes: _Notes) -> float | None:
    """From single pictures: a bound rather than a measurement."""
    found = ordinary.gain_of_levels(levels, black)
    if found is None:
        return None
    how = f"noise in the flattest places of single pictures, {len(levels)} levels"
    notes.measured("gain_e_per_dn", found.gain_e_per_dn, found.high - found.gain_e_per_dn, how, found.low)
    notes.warnings.append("gain_e_per_dn comes from single pictures: rough; pairs of flats give 1 %")
    return found.gain_e_per_dn


def _read_noise_of_darks(points: list[Point], gain: float, notes: _Notes) -> None:
    dark = [point for point in points if point.source == "dark" and point.resolved]
    if not dark:
        notes.kept("read_noise_e", "no pair of dark frames whose noise the bits resolve")
        return
    value = gain * float(np.sqrt(np.mean([point.variance_dn2 for point in dark])))
    notes.measured("read_noise_e", value, 0.5 * value, "dark frames; as true as the gain")


def _phases(flats: list[Frame], pictures: list[Frame], notes: _Notes) -> npt.NDArray[np.bool_] | None:
    pairs = pairs_of(flats) or [p for p in zip(pictures[::2], pictures[1::2], strict=False) if same_scene(*p)]
    phases = mosaic_phases(*pairs[-1]) if pairs else None
    if phases is not None:
        notes.values["mosaic"] = True
    elif notes.usual.colour == "colour" and not pairs:
        notes.warnings.append("whether colours are interpolated (Bayer) cannot be told without pairs of equal frames")
    return phases


def _fixed_patterns(flats: list[Frame], darks: list[Frame], black: float, gain: float, notes: _Notes) -> None:
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


def _light(
    flats: list[Frame], pictures: list[Frame], black: float, linear: bool, notes: _Notes, frames: FrameSet
) -> None:
    found = illumination.from_flats(flats, black) if flats and linear else None
    how = f"smooth surface through the mean of {len(flats)} flats"
    if found is None and linear:
        # Of one thing photographed twice, nobody can say what is light and what is the thing.
        different = [pictures[0]] if pictures else []
        different += [new for old, new in pairwise(pictures) if not same_scene(old, new)]
        found = illumination.from_backgrounds(different, black)
        how = f"median of {len(different)} backgrounds"
        if found is not None:
            notes.warnings.append("illumination comes from backgrounds: what all of them share is taken for light")
    if found is None:
        why = "no flats, and fewer than 8 different backgrounds" if linear else "a tone curve: brightness is not light"
        notes.warnings.append(f"illumination is taken as even, not measured: {why}")
        return
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


def _sharpness(
    pictures: list[Frame], black: float, gamma: float, white: int, phases: npt.NDArray[np.bool_] | None, notes: _Notes
) -> list[Edge]:
    planes = [_linear(frame, black, gamma, white) for frame in pictures[:FRAMES_FOR_EDGES]]
    native = None
    if phases is not None and planes:
        shape = planes[0].shape
        native = np.tile(phases, (shape[0] // 2 + 1, shape[1] // 2 + 1))[: shape[0], : shape[1]]
    compressed = any(frame.jpeg_quality is not None for frame in pictures)
    edges = [edge for plane in planes for edge in find_edges(plane, native, compressed)]
    agreed = agreed_spread(edges)
    if agreed is not None:
        _tell_spread(agreed, notes)
    elif planes and (texture := spread_from_texture(planes, high_pass_noise(planes[0]) ** 2)) is not None:
        sigma, low, high = texture
        notes.measured("psf_sigma_px", sigma, high - sigma, "spectrum of the texture, no clear edges", low)
        notes.warnings.append("psf_sigma_px comes from texture: rough; a picture of a sharp tilted edge gives 3 %")
    else:
        notes.kept("psf_sigma_px", "no picture with sharp tilted edges (a razor blade, a printed square, turned 5°)")
    if gamma != 1 and agreed is not None:
        notes.warnings.append(f"a tone curve of gamma {gamma:g} was assumed: sharpening in the camera counts as lens")
    return edges


def _tell_spread(agreed: Spread, notes: _Notes) -> None:
    how = f"{agreed.edges} slanted edges"
    if not agreed.agree:
        how += " that differ; the sharpest fifth of them"
        notes.warnings.append("edges differ in sharpness: the sharpest were taken, others are round or out of focus")
    half = max(agreed.high - agreed.sigma_px, 0.0)
    notes.measured("psf_sigma_px", agreed.sigma_px, half, how, max(agreed.low, 0.0))
    notes.values["tail_share"] = agreed.tail


def _linear(frame: Frame, black: float, gamma: float, white: int) -> F32:
    plane = frame.numbers[:, :, min(1, frame.numbers.shape[2] - 1)].astype(np.float32)
    if gamma == 1:
        return plane - np.float32(black)
    return np.asarray(white * (plane / np.float32(white)) ** np.float32(gamma), dtype=np.float32)


def _profile_of(notes: _Notes, frames: FrameSet, flats: list[Frame], darks: list[Frame]) -> SensorProfile:
    method: Method = "flats and darks" if flats and darks else "flats" if flats else "backgrounds"
    gain = float(notes.values.get("gain_e_per_dn", notes.usual.gain_e_per_dn))
    data = notes.usual.model_dump() | notes.values
    data |= {
        "bits": frames.bits,
        "colour": _colour(frames),
        "sensor_px": frames.size_px,
        "hot_pixels": hot_pixels(darks, gain),
        "method": method,
        "frames": len(frames.frames),
        "estimates": tuple(notes.estimates),
        "warnings": (*notes.warnings, *_told_left_out(frames)),
    }
    data["black_level_dn"] = min(float(data["black_level_dn"]), frames.white_dn / 2 - 1)
    return SensorProfile.model_validate(data)


def _told_left_out(frames: FrameSet) -> tuple[str, ...]:
    return tuple(f"left out: {why}" for why in frames.left_out)
