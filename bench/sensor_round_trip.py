"""Sensor round trip: simulated cameras with hidden parameters, and what `calibrate` finds from their frames alone.

Four minutes on two cores. The truth is drawn (firstshift.sensor.drawn): 8, 10 and 12 bits, full wells of 6,000 to
32,000 electrons, spreads of 0.45 to 1.6 pixels; scenes are blurred four times finer than the pixels, not by our kernel.

The last part asks what pictures of textured parts do (firstshift.sensor.drawn_surfaces): how far is each value from the
truth, and how far was the usual value that would stand there without any picture?
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from firstshift.core.seed import Seed
from firstshift.sensor.calibrate import calibrate
from firstshift.sensor.drawn import calibration_frames, drawn_camera
from firstshift.sensor.drawn_surfaces import ordinary_frames
from firstshift.sensor.fields import brightness_field
from firstshift.sensor.profile import SensorProfile, usual_profile
from firstshift.sensor.reading import FrameSet
from firstshift.spec.station import Camera
from measurement import interval, percentile, proportion_interval, section

CAMERAS = 24
GOALS = {
    "gain": 0.02,
    "read noise": 0.05,
    "point spread": 0.05,
    "light, rms": 0.02,
    "light, worst place": 0.02,
}
NAMES = {"gain": "gain_e_per_dn", "read noise": "read_noise_e", "point spread": "psf_sigma_px"}
PARTS_PX = (384, 320)
JPEG = "8 bits, JPEGs of quality 75, 90 and 95 kept as pixels"
PARTS = {"black level": "black_level_dn", "gamma": "gamma"} | NAMES
UNITS = {
    "black level": "DN of 8 bits", "gamma": "", "gain": "×", "read noise": "×", "point spread": "px", "light, rms": "",
}  # fmt: skip
Frames = Callable[[SensorProfile, Seed], FrameSet]


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity over all cameras: the relative error where it was measured."""

    name: str
    errors: list[float]
    covered: int | None
    """How often the 95 % interval held the truth."""
    kept: int
    """How often it was said not to be measurable."""


def main() -> None:
    for title, frames in (
        ("28 flats at seven exposures, 8 dark frames, 4 pictures", with_flats),
        ("10 ordinary pictures only, none alike", backgrounds_only),
        ("8 pictures of one unmoving scene, 8 dark frames", still_scene),
    ):
        body = f"From {title}; relative errors.\n\n" + table(measured(frames))
        how = f"{CAMERAS} simulated cameras of 640 × 512 pixels, each found independently"
        print(section(f"Sensor round trip: {title}", command="make bench ONLY=sensor_round_trip", n=how, body=body))
    body = "\n\n".join(f"{saved}:\n\n{distances(saved)}" for saved in ("raw, 8 to 12 bits", JPEG))
    how = f"{CAMERAS} simulated cameras of {PARTS_PX[0]} × {PARTS_PX[1]} pixels (JPEG: every second), two batches each"
    title = "8 pictures of textured parts, in a dark nest or filling the picture"
    print(section(f"Sensor round trip: {title}", command="make bench ONLY=sensor_round_trip", n=how, body=body))


def with_flats(camera: SensorProfile, seed: Seed) -> FrameSet:
    return FrameSet.of_arrays(**calibration_frames(camera, seed), bits=camera.bits)


def backgrounds_only(camera: SensorProfile, seed: Seed) -> FrameSet:
    frames = calibration_frames(camera, seed, flats=0, darks=0, backgrounds=10)
    return FrameSet.of_arrays(backgrounds=frames["backgrounds"], bits=camera.bits)


def still_scene(camera: SensorProfile, seed: Seed) -> FrameSet:
    frames = calibration_frames(camera, seed, flats=0, backgrounds=8, still=True)
    return FrameSet.of_arrays(backgrounds=frames["backgrounds"], darks=frames["darks"], bits=camera.bits)


def measured(frames: Frames) -> list[Row]:
    errors: dict[str, list[float]] = {name: [] for name in GOALS}
    covered, kept = dict.fromkeys(NAMES, 0), dict.fromkeys(GOALS, 0)
    for number in range(CAMERAS):
        truth = drawn_camera(Seed(1000 + number))
        found = calibrate(frames(truth, Seed(1000 + number)))
        for name, setting in NAMES.items():
            estimate = found.estimate(setting)
            if estimate is None or not estimate.measured:
                kept[name] += 1
                continue
            true = float(getattr(truth, setting))
            errors[name].append(estimate.value / true - 1)
            covered[name] += (estimate.low or 0) <= true <= (estimate.high or 0)
        if found.illumination is None:
            kept["light, rms"] += 1
            kept["light, worst place"] += 1
            continue
        rms, worst = illumination_error(found, truth)
        errors["light, rms"].append(rms)
        errors["light, worst place"].append(worst)
    return [Row(name, errors[name], covered.get(name), kept[name]) for name in GOALS]


def illumination_error(found: SensorProfile, truth: SensorProfile) -> tuple[float, float]:
    """Both with mean 1, at every pixel: root mean square and largest relative difference."""
    assert truth.sensor_px is not None
    width, height = truth.sensor_px
    fields = [brightness_field(profile, (height, width), (0, 0, width, height)) for profile in (found, truth)]
    ratio = (fields[0] / fields[0].mean()) / (fields[1] / fields[1].mean()) - 1
    return float(np.sqrt(np.mean(ratio**2))), float(np.abs(ratio).max())


def table(rows: list[Row]) -> str:
    lines = [
        "| | goal | median error | mean (95 %) | worst | within the goal (95 %) | truth in interval | not measurable |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        goal = GOALS[row.name]
        if not row.errors:
            lines.append(f"| {row.name} | {goal:.0%} | – | – | – | – | – | {row.kept} |")
            continue
        sizes = [abs(error) for error in row.errors]
        low, high = interval(row.errors)
        within = sum(size <= goal for size in sizes)
        share = "–".join(f"{end:.0%}" for end in proportion_interval(within, len(sizes)))
        held = "" if row.covered is None else f"{row.covered} of {len(sizes)}"
        met = f"{within} of {len(sizes)} ({share})"
        lines.append(
            f"| {row.name} | {goal:.0%} | {percentile(sizes, 0.5):.2%} | {np.mean(row.errors):+.2%} ({low:+.2%} to "
            f"{high:+.2%}) | {max(sizes):.2%} | {met if within == len(sizes) else f'**{met}**'} | {held} | {row.kept} |"
        )
    return "\n".join(lines)


@dataclass(slots=True)
class Distances:
    """Of one quantity from its truth, as found and as usual: factors as logarithms, or differences."""

    unit: str
    found: list[float] = field(default_factory=list)
    usual: list[float] = field(default_factory=list)
    measured: int = 0
    bounded: int = 0

    def add(self, found: float, usual: float) -> None:
        self.found.append(found)
        self.usual.append(usual)

    def row(self, name: str) -> str:
        farther = sum(a > b + 1e-6 for a, b in zip(self.found, self.usual, strict=True))
        left = len(self.found) - self.measured - self.bounded
        told = [self._told(quantile, values) for values in (self.found, self.usual) for quantile in (0.5, 1.0)]
        return f"| {name} | {' | '.join(told)} | {self.measured} | {self.bounded} | {left} | {farther} |"

    def _told(self, quantile: float, values: list[float]) -> str:
        value = float(np.quantile(values, quantile))
        return f"× {math.exp(value):.2f}" if self.unit == "×" else f"{value:.2f} {self.unit}".rstrip()


def distances(saved: str) -> str:
    """From ordinary pictures of textured parts, with the usual values beside."""
    rows = {name: Distances(unit) for name, unit in UNITS.items()}
    lifted = 0
    for number in range(0, CAMERAS, 2 if saved == JPEG else 1):
        truth = drawn_camera(Seed(2000 + number), PARTS_PX, 8 if saved == JPEG else None)
        if number % 3 == 0:
            truth = truth.model_copy(update={"black_level_dn": 0.0})  # cut off at 0, as many cameras are set
        usual = usual_profile(Camera(sensor_px=PARTS_PX, pixel_um=3.45, bits=truth.bits))
        for dark in (True, False):
            quality = (75, 90, 95)[number % 3] if saved == JPEG else None
            pictures = ordinary_frames(truth, Seed(number), dark=dark, count=8, jpeg_quality=quality)
            found = calibrate(FrameSet.of_arrays(backgrounds=pictures, bits=truth.bits))
            compare(rows, found, usual, truth)
            lifted += black_8_bits(found) > black_8_bits(truth) + 2.5
    lines = [
        "| | median distance | worst | usual: median | worst | measured | to a bound | left | farther than usual |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
        *(distance.row(name) for name, distance in rows.items()),
    ]
    return "\n".join(lines) + f"\n\nBlack lifted by more than 2.5 DN of 8 bits: {lifted} of {len(rows['gain'].found)}."


def compare(rows: dict[str, Distances], found: SensorProfile, usual: SensorProfile, truth: SensorProfile) -> None:
    for name, setting in PARTS.items():
        values = [float(getattr(profile, setting)) for profile in (found, usual, truth)]
        if UNITS[name] == "×":
            rows[name].add(*(abs(math.log(value / values[2])) for value in values[:2]))
        elif name == "black level":
            black = black_8_bits(truth)
            rows[name].add(*(abs(black_8_bits(profile) - black) for profile in (found, usual)))
        else:
            rows[name].add(*(abs(value - values[2]) for value in values[:2]))
        estimate = found.estimate(setting)
        rows[name].measured += estimate is not None and estimate.measured
        rows[name].bounded += estimate is not None and not estimate.measured and estimate.low is not None
    rows["light, rms"].add(*(illumination_error(profile, truth)[0] for profile in (found, usual)))
    rows["light, rms"].measured += found.illumination is not None


def black_8_bits(profile: SensorProfile) -> float:
    """What a picture shows in the dark."""
    share = profile.black_level_dn / profile.white_dn
    return float(255 * share ** (1 / profile.gamma))


if __name__ == "__main__":
    main()
