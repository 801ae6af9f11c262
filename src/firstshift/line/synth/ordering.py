"""An order from a plan file: the plan with a person's own types of flaw, and the camera's profile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from firstshift.core.errors import BadInput
from firstshift.line.synth.order import Order
from firstshift.line.synth.settings import SynthSettings
from firstshift.sensor.camera_match import check_made_for
from firstshift.sensor.profile import SensorProfile
from firstshift.spec.check import check_plan
from firstshift.spec.finding import Level
from firstshift.spec.plan import Plan, plan_path


def order_for(
    plan_file: str | Path, settings: SynthSettings, profile: Path | None = None, defect_files: tuple[Path, ...] = ()
) -> Order:
    """Refuses a plan that cannot work, with the first reason; `firstshift plan check` tells them all."""
    path = plan_path(Path(plan_file))
    blank = Order("", path.parent.absolute(), settings, tuple(file.absolute() for file in defect_files))
    plan = Plan.load(path, blank.types.catalogue())
    for finding in check_plan(plan, path.parent):
        if finding.level is Level.ERROR:
            raise BadInput(finding.text, where=f"{path.name}: {finding.path}", way_out=finding.way_out)
    chosen = profile
    if chosen is None and plan.station.profile is not None:
        chosen = path.parent / plan.station.profile
    settings.check_against(plan)
    measured = SensorProfile.load(chosen) if chosen is not None else None
    if chosen is not None and measured is not None:
        check_made_for(plan.station, measured, chosen.name)
    return replace(blank, plan_text=plan.to_yaml(), profile=measured)
