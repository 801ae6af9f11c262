"""Camera and lens: is the part in the image, in focus, and still?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from firstshift.spec.facts import StationFacts
from firstshift.spec.finding import Finding, error, note, warning
from firstshift.spec.plan import Plan
from firstshift.spec.station import Perspective

MACRO = 0.5
"""Above half life size an ordinary lens needs extension rings, and its thin-lens scale becomes doubtful."""
SMALL_IN_IMAGE = 0.25
ASPECT_TOLERANCE = 0.02


def check_station(plan: Plan, facts: StationFacts) -> Iterator[Finding]:
    yield from _distance(plan, facts)
    yield from _field_of_view(plan, facts)
    yield from _focus(plan, facts)
    yield from _diffraction(plan, facts)
    yield from _line_scan(plan, facts)
    yield from _motion(plan, facts)


def check_profile_file(plan: Plan, folder: Path | None) -> Iterator[Finding]:
    """Whether it is there; what it says is read by the room that uses it."""
    name = plan.station.profile
    if folder is None or name is None:
        return
    try:
        if not (folder / name).is_file():
            way_out = "write one with 'firstshift station calibrate', or leave profile out"
            yield error("station.profile", f"no file {name} beside the plan", way_out)
        elif not (folder / name).resolve().is_relative_to(folder.resolve()):
            yield error("station.profile", f"{name} leads out of the plan's folder", "copy the file beside the plan")
    except (OSError, ValueError):
        yield error("station.profile", f"{name} cannot be read", "copy it beside the plan")


def _distance(plan: Plan, facts: StationFacts) -> Iterator[Finding]:
    lens = plan.station.lens
    if isinstance(lens, Perspective) and facts.magnification > MACRO:
        far = lens.focal_mm * (1 + 1 / MACRO)
        text = f"too near for an ordinary lens: the image is {facts.magnification:.2g} times life size"
        way_out = f"move the camera to {far:.0f} mm or more, or take a telecentric or macro lens"
        yield warning("station.working_distance_mm", text, way_out)


def _field_of_view(plan: Plan, facts: StationFacts) -> Iterator[Finding]:
    part, station = plan.part, plan.station
    width, length = _room_needed(plan, facts)
    across, along = facts.field_of_view_mm
    endless = station.line_scan is not None and part.is_flat
    short = [("width", width, across)] + ([] if endless else [("length", length, along)])
    for what, needs, has in short:
        if needs > has * (1 + 1e-9):
            text = f"the field of view is smaller than the part: {what} {needs:.4g} mm, seen {has:.4g} mm"
            yield warning("station", text, _way_to_see_more(plan, needs / has))
    if not endless and max(width / across, length / along) < SMALL_IN_IMAGE:
        share = width * length / (across * along)
        text = f"the part fills {share:.1%} of the image"
        yield note("station", text, "a longer lens or a shorter distance would show smaller flaws")


def _room_needed(plan: Plan, facts: StationFacts) -> tuple[float, float]:
    """Width and length of all places the part may be in: turned either way, then shifted."""
    width, length, _ = facts.part_size_mm
    place = plan.part.placement
    if plan.part.round:
        return max(width, length) + 2 * place.shift_mm, max(width, length) + 2 * place.shift_mm
    steps = [math.radians(place.turn_deg * i / 32) for i in range(33)]
    turned_width = max(width * abs(math.cos(t)) + length * abs(math.sin(t)) for t in steps)
    turned_length = max(length * abs(math.cos(t)) + width * abs(math.sin(t)) for t in steps)
    return turned_width + 2 * place.shift_mm, turned_length + 2 * place.shift_mm


def _way_to_see_more(plan: Plan, ratio: float) -> str:
    station = plan.station
    if isinstance(station.lens, Perspective):
        if station.focus_mm is None:
            # v/pitch is fixed by focus: the field grows with s − f.
            f = station.lens.focal_mm
            far = f + (station.working_distance_mm - f) * ratio
            return f"move the camera to {math.ceil(far)} mm, take a shorter lens, or several images"
        return "move the camera back, take a shorter lens, or several images"
    return f"take a lens of {station.lens.magnification / ratio:.2g}×, a larger sensor, or several images"


def _focus(plan: Plan, facts: StationFacts) -> Iterator[Finding]:
    upper = plan.station.working_distance_mm
    height = 0.0 if plan.part.is_flat else facts.part_size_mm[2]
    if not facts.sharp_from_mm <= upper <= facts.sharp_to_mm:
        text = f"the part's upper surface at {upper:g} mm is out of focus"
        ends = "∞" if math.isinf(facts.sharp_to_mm) else f"{facts.sharp_to_mm:.4g}"
        yield warning(
            "station.focus_mm", f"{text}: sharp is {facts.sharp_from_mm:.4g} to {ends} mm", "focus on the part"
        )
    elif upper + height > facts.sharp_to_mm:
        text = (
            f"the part is {height:g} mm high, sharp are the upper {facts.sharp_to_mm - upper:.3g} mm; at its lowest "
            f"point blur is {facts.lower.defocus_mm:.2g} mm"
        )
        yield warning("station.lens.f_number", text, "stop the lens down, or set focus_mm half way down")
    if facts.hyperfocal_mm is not None and plan.station.focus_distance_mm >= facts.hyperfocal_mm:
        beyond = f"focused beyond the hyperfocal distance ({facts.hyperfocal_mm:.4g} mm)"
        text = f"{beyond}: the background is as sharp as the part"
        yield note("station.working_distance_mm", text, "keep it plain, or open the aperture")


def _diffraction(plan: Plan, facts: StationFacts) -> Iterator[Finding]:
    if facts.upper.limited_by == "diffraction":
        n = plan.station.lens.f_number * facts.upper.sampling_mm / facts.upper.diffraction_mm
        blur = f"{facts.upper.diffraction_mm:.2g} mm"
        text = f"stopped down so far that diffraction ({blur}) hides what the pixels could see"
        yield warning("station.lens.f_number", text, f"f/{n:.2g} or wider uses the pixels fully")


def _line_scan(plan: Plan, facts: StationFacts) -> Iterator[Finding]:
    scan = plan.station.line_scan
    if scan is None:
        return
    across, down = facts.mm_per_pixel
    if abs(down / across - 1) > ASPECT_TOLERANCE:
        rate = scan.speed_mm_s / across
        text = f"pixels are not square: {across:.4g} mm across, {down:.4g} mm along"
        yield warning(
            "station.line_scan.line_rate_hz", text, f"{rate:.0f} Hz makes them square at {scan.speed_mm_s:g} mm/s"
        )
    period_ms = 1000 / scan.line_rate_hz
    for index, channel in enumerate(plan.station.channels):
        if channel.exposure_ms is not None and channel.exposure_ms > period_ms:
            path = f"station.channels[{index}].exposure_ms"
            text = f"{channel.exposure_ms:g} ms is longer than one line ({period_ms:.3g} ms)"
            yield error(path, text, f"expose {period_ms * 0.9:.2g} ms, or halve the line rate")
    if plan.station.part_speed_mm_s:
        yield note("station.part_speed_mm_s", "not used: line_scan has a speed of its own", "leave it out")
    if plan.station.part_direction_deg:
        yield note("station.part_direction_deg", "not used: a line camera's part moves along y", "leave it out")


def _motion(plan: Plan, facts: StationFacts) -> Iterator[Finding]:
    if plan.station.line_scan is not None:
        return
    pixel, speed = min(facts.mm_per_pixel), plan.station.part_speed_mm_s
    if plan.station.part_direction_deg and not speed:
        yield note(
            "station.part_direction_deg", "not used: the part stands still", "add part_speed_mm_s, or leave it out"
        )
    if facts.motion_blur_mm > min(facts.field_of_view_mm):
        longest = max(one.exposure_ms or 0.0 for one in plan.station.channels)
        text = f"the part moves {facts.motion_blur_mm:.3g} mm in {longest:g} ms, more than the image shows"
        yield error("station.part_speed_mm_s", text, "check the unit: mm a second; exposures are in ms")
    elif facts.motion_blur_mm > pixel:
        text = f"the part moves {facts.motion_blur_mm / pixel:.2g} pixels during the longest exposure"
        yield warning(
            "station.part_speed_mm_s", text, f"expose {pixel / speed * 1000:.2g} ms or less, or stop the part"
        )
    exposed = [channel.exposure_ms for channel in plan.station.channels]
    if plan.station.part_speed_mm_s and None in exposed:
        path = f"station.channels[{exposed.index(None)}].exposure_ms"
        yield note(path, "the part moves, and without an exposure time its blur is unknown", "add it")
