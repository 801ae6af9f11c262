"""Is the plan physically sensible? Everything here is a judgement about a plan that is valid in form.

    for finding in check_plan(plan, folder):
        print(finding)

Errors mean that it cannot work (no image, no CAD file); warnings contradict physics or the plan itself; notes are worth
knowing. The order is that of the plan: part, station, lights, defects, policy.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from firstshift.core.errors import BadInput
from firstshift.spec.check_defects import check_defects
from firstshift.spec.check_lights import check_lights
from firstshift.spec.check_part import check_part
from firstshift.spec.check_policy import check_distance, check_policy
from firstshift.spec.check_station import check_profile_file, check_station
from firstshift.spec.facts import derive_facts
from firstshift.spec.finding import Finding, Level, error
from firstshift.spec.plan import Plan


def check_plan(plan: Plan, folder: str | Path | None = None) -> list[Finding]:
    """With a folder, the CAD file and the sensor profile beside the plan are looked at as well."""
    return list(_findings(plan, Path(folder) if folder is not None else None))


def has_errors(findings: list[Finding]) -> bool:
    return any(finding.level is Level.ERROR for finding in findings)


def _findings(plan: Plan, folder: Path | None) -> Iterator[Finding]:
    yield from check_part(plan.part, folder)
    try:
        facts = derive_facts(plan)
    except BadInput as problem:
        yield error(problem.where, f"expected {problem.expected}, found {problem.found}", problem.way_out)
        facts = None
    yield from check_profile_file(plan, folder)
    if facts is not None:
        yield from check_station(plan, facts)
    yield from check_lights(plan, facts)
    yield from check_defects(plan, facts)
    yield from check_policy(plan.policy)
    if facts is not None:
        yield from check_distance(plan)
