"""Everything a worker needs to paint, as plain values that travel to another process or machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from firstshift.defects.drawn import DrawnTypes
from firstshift.defects.drawn_types import DRAWN_TYPES
from firstshift.defects.loading import load_types
from firstshift.line.synth.settings import SynthSettings
from firstshift.render.devices import require_device
from firstshift.sensor.profile import SensorProfile
from firstshift.spec.plan import Plan

if TYPE_CHECKING:
    from firstshift.line.synth.painting import Painter


@dataclass(frozen=True, slots=True)
class Order:
    plan_text: str
    folder: Path
    """Where the plan's CAD file, heat maps and profile lie."""
    settings: SynthSettings
    defect_files: tuple[Path, ...] = ()
    """Files with a person's own types of flaw, named by that person."""
    profile: SensorProfile | None = None

    @classmethod
    def of(
        cls,
        plan: Plan,
        folder: Path,
        settings: SynthSettings,
        defect_files: tuple[Path, ...] = (),
        profile: SensorProfile | None = None,
    ) -> Order:
        settings.check_against(plan)
        return cls(plan.to_yaml(), folder.absolute(), settings, defect_files, profile)

    @property
    def types(self) -> DrawnTypes:
        types = DRAWN_TYPES
        for path in self.defect_files:
            types = load_types(path, types)
        return types

    def declared(self) -> Plan:
        """What the person wrote: runs, records and kept files are named after it."""
        return Plan.from_text(self.plan_text, "plan", self.types.catalogue())

    def as_painted(self, declared: Plan) -> Plan:
        return declared

    def plan(self) -> Plan:
        """What is painted from."""
        return self.as_painted(self.declared())

    def painter(self) -> Painter:
        from firstshift.line.synth.painting import Painter
        from firstshift.line.synth.stage import Stage

        require_device(self.settings.device)  # each machine of a cluster has its own
        return Painter(Stage(self))
