"""The catalogue: can this camera see these flaws, do they fit on the part, and do the limits make sense?"""

from __future__ import annotations

from collections.abc import Iterator

from firstshift.core.units import Micrometres, Millimetres, mm_to_um, um_to_mm
from firstshift.spec.catalogue import Defect
from firstshift.spec.declared import Range
from firstshift.spec.facts import StationFacts
from firstshift.spec.finding import Finding, note, warning
from firstshift.spec.part import METALS
from firstshift.spec.plan import Plan
from firstshift.spec.visibility import ClassFacts, Visibility


def check_defects(plan: Plan, facts: StationFacts | None) -> Iterator[Finding]:
    if all(entry.frequency == 0 for entry in plan.defects):
        yield warning("defects", "no entry ever comes: every frequency is 0", "1 is usual")
    for index, entry in enumerate(plan.defects):
        path = f"defects[{index}]"
        if facts is not None:
            yield from _seen(entry, facts.classes[index], path)
        yield from _size(plan, entry, path)
        yield from _limits(entry, facts, path)
    yield from _colour(plan)


def _seen(entry: Defect, seen: ClassFacts, path: str) -> Iterator[Finding]:
    where = f"{path}.{entry.narrowest}" if entry.narrowest else path
    if seen.largest is Visibility.INVISIBLE:
        text = f"{entry.class_name} is invisible with this optics, also at its largest: {seen.why}"
        yield warning(where, text, "a longer lens, a finer sensor, or a shorter distance")
    elif seen.smallest is Visibility.INVISIBLE:
        text = f"the smallest {entry.class_name} is invisible with this optics: {seen.why}"
        yield warning(where, text, f"begin the range at {seen.visible_from_mm:.2g}, or change lens or camera")
    elif seen.smallest is Visibility.MARGINAL:
        yield note(where, f"the smallest {entry.class_name} is marginal: {seen.why}")
    elif seen.smallest is Visibility.UNKNOWN:
        yield note(where, f"{entry.class_name} has no size: nothing can be said about its visibility")


def _size(plan: Plan, entry: Defect, path: str) -> Iterator[Finding]:
    part = plan.part
    width, length, height = part.seen_size_mm
    long, narrow, depth = entry.long_mm, entry.narrow_mm, entry.depth_range_um
    if long is not None and long.high > (width**2 + length**2 + height**2) ** 0.5:
        text = f"{entry.class_name} of {long.high:g} mm is longer than the part"
        yield warning(f"{path}.{entry.longest or entry.narrowest}", text, "sizes are in mm")
    if long is not None and narrow is not None and long is not narrow and narrow.high > long.high:
        text = f"{entry.class_name} is wider ({narrow.high:g} mm) than long ({long.high:g} mm)"
        yield warning(f"{path}.{entry.narrowest}", text, f"exchange it with {entry.longest}, or correct one")
    if depth is not None and um_to_mm(Micrometres(depth.high)) > min(part.size_mm):
        text = f"{entry.class_name} of {depth.high:g} µm is deeper than the part is thick ({min(part.size_mm):g} mm)"
        yield warning(f"{path}.depth_um", text, "depth is in µm; a hole right through is a 'missing_feature'")
    elif (
        depth is not None
        and narrow is not None
        and entry.type in ("scratch", "dent")
        and depth.high > mm_to_um(Millimetres(narrow.high))
    ):
        text = f"{entry.class_name} is deeper ({depth.high:g} µm) than wide ({mm_to_um(Millimetres(narrow.high)):g} µm)"
        yield warning(f"{path}.depth_um", text, "depth is in µm; a narrow deep gap is a 'crack'")


def _limits(entry: Defect, facts: StationFacts | None, path: str) -> Iterator[Finding]:
    accept = entry.accept
    if accept is None:
        return
    limits = [
        ("longest_mm", accept.longest_mm, entry.long_mm),
        ("widest_mm", accept.widest_mm, entry.narrow_mm),
        ("depth_um", accept.depth_um, entry.depth_range_um),
    ]
    given = [(name, limit, size) for name, limit, size in limits if limit is not None and isinstance(size, Range)]
    if given and all(limit >= size.high for _, limit, size in given) and not (accept.area_mm2 or accept.at_most):
        text = f"every {entry.class_name} of the range is accepted: nothing is left to find"
        yield warning(f"{path}.accept", text, "lower the limits, widen the range, or drop the entry")
    for name, limit, size in given:
        if limit < size.low:
            text = f"the limit of {limit:g} is below the smallest {entry.class_name} ({size.low:g})"
            yield note(f"{path}.accept.{name}", text, "begin the range below the limit, so that the border is learnt")
        if facts is not None and name != "depth_um" and limit < facts.smallest_resolvable_mm:
            resolvable = f"{facts.smallest_resolvable_mm:.2g} mm"
            text = f"a limit of {limit:g} mm cannot be judged: the smallest resolvable size is {resolvable}"
            yield warning(f"{path}.accept.{name}", text, "a longer lens, a finer sensor, or a coarser limit")
    if accept.depth_um is not None:
        text = "a camera sees no depth: this limit is judged from width and brightness"
        yield note(f"{path}.accept.depth_um", text, "give a length or width limit as well")


def _colour(plan: Plan) -> Iterator[Finding]:
    station = plan.station
    if station.camera.colour != "mono" or any(light.colour in ("blue", "ultraviolet") for light in station.lights):
        return
    tinted = [index for index, entry in enumerate(plan.defects) if getattr(entry, "cause", "") == "oxide"]
    if tinted and any(body.material in METALS for body in plan.part.bodies):
        text = "oxide tints differ mostly in colour, and the camera is mono"
        yield note(f"defects[{tinted[0]}]", text, "blue light shows yellow and brown tints darkest")
