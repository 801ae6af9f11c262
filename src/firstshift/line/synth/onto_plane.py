"""Photographs of a flat surface without a pose: the part as an endless plane, and which of the plan's flaws come there.

Where on the part such a photograph was taken nobody can tell from it. It is taken to show one region of the plan, named
or the first, as a photograph without a named channel was taken under the first: an entry that comes in other regions
only is left out, and a person is told so, because a crack of the strip's border has no business in its middle.
"""

from __future__ import annotations

from dataclasses import dataclass

from firstshift.core.errors import BadInput
from firstshift.line.synth.order import Order
from firstshift.spec.optics import optics_of
from firstshift.spec.part import Part, Region
from firstshift.spec.plan import Plan


@dataclass(frozen=True, slots=True)
class FlatOrder(Order):
    """An order whose part is taken as an endless plane, whatever its CAD file says: a piece of one region of it."""

    region: str | None = None
    """None: the first, where the plan has any."""

    def as_painted(self, declared: Plan) -> Plan:
        part = _flat(declared, self._shown(declared))
        defects = tuple(entry.model_copy(update={"regions": ()}) for entry in declared.defects)
        return declared.model_copy(update={"part": part, "defects": defects})

    def elsewhere(self) -> dict[int, str]:
        """The entries, by number, that do not come where the photographs were taken, each with the reason."""
        plan = self.declared()
        shown = self._shown(plan)
        if shown is None:
            return {}
        taken = f"the photographs are taken to show {shown.name}; --region names another"
        return {
            number: f"it comes on {' and '.join(entry.regions)} only, and {taken}"
            for number, entry in enumerate(plan.defects)
            if entry.regions and shown.name not in entry.regions
        }

    def doubts(self) -> tuple[str, ...]:
        """What a person should know: of which body the plane is, where the region does not say it and it matters."""
        plan = self.declared()
        shown, bodies = self._shown(plan), plan.part.bodies
        is_named = shown is not None and shown.body is not None
        if is_named or len({body.model_copy(update={"name": ""}).model_dump_json() for body in bodies}) == 1:
            return ()
        first = bodies[0]
        which = f"region {shown.name!r} names no body" if shown is not None else "the plan has no regions"
        taken = f"{first.name} ({first.material}, {first.finish.kind}), the first of {len(bodies)} bodies"
        return (f"part.regions: {which}: the plane is taken as {taken}; `body` in a region says another",)

    def _shown(self, plan: Plan) -> Region | None:
        regions = plan.part.regions
        found = next((one for one in regions if self.region in (None, one.name)), None)
        if found is None and self.region is not None:
            names = ", ".join(one.name for one in regions)
            expected = f"one of {names}" if names else "no region, because the plan has none"
            raise BadInput(where="--region", expected=expected, found=self.region)
        return found


def _flat(plan: Plan, shown: Region | None) -> Part:
    """Of the body that the region shown is on, or of the first."""
    width, length = optics_of(plan.station).field_of_view_mm(plan.station.working_distance_mm)
    part = plan.part
    size = part.size_mm if part.is_flat else (width, length, 1.0)
    placement = part.placement if part.is_flat else part.placement.model_copy(update={"up": "+z", "turned_deg": 0.0})
    named = tuple(body for body in part.bodies if shown is not None and body.name == shown.body)
    bodies = named or part.bodies[:1]
    return part.model_copy(
        update={"cad": None, "size_mm": size, "bodies": bodies, "regions": (), "placement": placement}
    )
