"""Sensor round trip: simulated cameras with hidden parameters, and what `calibrate` finds from their frames alone.

Three minutes on two cores. The truth is drawn (firstshift.sensor.drawn): 8, 10 and 12 bits, full wells of 6,000 to
32,000 electrons, spreads of 0.45 to 1.6 pixels; scenes are blurred four times finer than the pixels, not by our kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from firstshift.core.seed import Seed
from firstshift.sensor.calibrate import calibrate
from firstshift.sensor.drawn import calibration_frames, drawn_camera
from firstshift.sensor.fields import brightness_field
from firstshift.sensor.profile import SensorProfile
from firstshift.sensor.reading import FrameSet
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


if __name__ == "__main__":
    main()
