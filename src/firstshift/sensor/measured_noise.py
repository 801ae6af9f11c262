"""Gain and read noise, from the best that the frames have: pairs of flats; pairs of one scene; single pictures.

From single pictures the gain is taken only when its interval is narrow; otherwise, and for the read noise, the usual
value stays within what the calmest places allow. Pictures that were compressed, or bent by a tone curve, tell nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from firstshift.sensor import ordinary
from firstshift.sensor.notes import Notes
from firstshift.sensor.reading import DARK_SHARE, Frame
from firstshift.sensor.same_scene import same_scene
from firstshift.sensor.transfer import Point, Transfer, fitted_line, mosaic_phases, pairs_of, points_of

Z95 = 1.96
Pairs = list[tuple[Frame, Frame]]


@dataclass(frozen=True, slots=True, eq=False)
class Sorted:
    """The frames by what they are good for."""

    flats: list[Frame]
    darks: list[Frame]
    pictures: list[Frame]
    white: int

    def twins(self) -> Pairs:
        """Neighbours among the pictures that show the same."""
        return [pair for pair in zip(self.pictures[::2], self.pictures[1::2], strict=False) if same_scene(*pair)]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a report draws."""

    points: list[Point]
    line: Transfer | None
    levels: list[ordinary.Level]


def measure_noise(frames: Sorted, black: float, bent: str | None, notes: Notes) -> Found:
    """`bent`: why noise does not count electrons in these frames, if it does not."""
    levels = ordinary.noise_levels(frames.pictures, frames.white) if frames.pictures else []
    if bent is not None:
        for name in ("gain_e_per_dn", "read_noise_e"):
            notes.kept(name, f"{bent}: noise no longer counts electrons; save PNG or TIFF as the camera sends it")
        return Found([], None, levels)
    flat_pairs, dark_pairs = pairs_of(frames.flats), pairs_of(frames.darks)
    if frames.flats and not flat_pairs:
        notes.warnings.append("no two flats of the same exposure: noise needs pairs, take every exposure twice")
    twins = frames.twins()
    phases = mosaic_phases(*flat_pairs[-1]) if flat_pairs else None
    points = [point for one, other in (*dark_pairs, *flat_pairs) for point in points_of(one, other, phases)]
    if not flat_pairs:
        points += [point for one, other in twins for point in points_of(one, other, phases)]
    line = fitted_line(points, black)
    if line is not None:
        source = f"{len(flat_pairs)} pairs of flats" if flat_pairs else f"{len(twins)} pairs of one background"
        how = f"photon transfer, {source}, {len(dark_pairs)} of dark frames"
        _tell_line(line, points, how, bool(frames.darks), notes)
        return Found(points, line, levels)
    _gain_of_pictures(levels, frames, black, notes)
    _read_noise(points, levels, notes)
    return Found(points, None, levels)


def _tell_line(line: Transfer, points: list[Point], how: str, dark: bool, notes: Notes) -> None:
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


def _gain_of_pictures(levels: Sequence[ordinary.Level], frames: Sorted, black: float, notes: Notes) -> None:
    """The slope when it is known to a factor of two; else the usual value, as far as the calmest places allow it."""
    found = ordinary.gain_of_levels(levels, black)
    if found is not None and found.is_narrow:
        how = f"noise in the flattest places of single pictures, {len(levels)} levels"
        notes.measured("gain_e_per_dn", found.gain_e_per_dn, found.high - found.gain_e_per_dn, how, found.low)
        notes.warnings.append("gain_e_per_dn comes from single pictures: rough; pairs of flats give 1 %")
        return
    why = "no pairs of flats at several exposures"
    if frames.pictures and not frames.flats:
        why = "texture hides the noise's slope"
        if found is not None:
            why = f"texture leaves it open from {found.low:.3g} to {found.high:.3g} e, more than a factor of two"
    highest_black = min(ordinary.darkest_level(frames.pictures), DARK_SHARE * frames.white) if frames.pictures else 0.0
    least = ordinary.least_gain(levels, highest_black, notes.usual.gain_e_per_dn)
    most = float("inf") if found is None else max(found.high, least)
    notes.bounded("gain_e_per_dn", (least, most), why, "by the calmest places")


def _read_noise(points: list[Point], levels: Sequence[ordinary.Level], notes: Notes) -> None:
    gain = notes.value("gain_e_per_dn")
    dark = [point for point in points if point.source == "dark" and point.resolved]
    if dark:
        value = gain * float(np.sqrt(np.mean([point.variance_dn2 for point in dark])))
        notes.measured("read_noise_e", value, 0.5 * value, "dark frames; as true as the gain")
        return
    most = gain * ordinary.most_read_noise_dn(levels)
    notes.bounded("read_noise_e", (0.0, most), "no pair of dark frames whose noise the bits resolve", "by the calmest")
