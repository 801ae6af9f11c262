"""A flaw on a photograph explained: put onto the same photograph again from its record."""

from __future__ import annotations

from typing import Any

from firstshift.core.errors import BadInput
from firstshift.line.synth.onto_order import OntoOrder, OntoSettings, Photograph
from firstshift.line.synth.onto_painting import OntoPainter, PaintedOnto
from firstshift.line.synth.onto_recipe import OntoRecipe
from firstshift.line.synth.order import Order
from firstshift.store.workspace import Workspace


def arranged(order: Order, told: dict[str, Any]) -> OntoOrder:
    """As the run made it of its order: onto a plane the part is flat, whatever the plan says."""
    asked = dict(told["settings"])
    asked["points"] = tuple((name, tuple(tuple(one) for one in pairs)) for name, pairs in asked["points"])
    return OntoOrder.of(order, OntoSettings(**asked))


def painted_again(ws: Workspace, order: Order, told: dict[str, Any]) -> PaintedOnto:
    recipe = OntoRecipe.from_json(told)
    painter = OntoPainter(arranged(order, told))
    for name, mine in (("plan", painter.plan_hash), ("profile", painter.stage.profile_hash)):
        if told.get(name) != mine:
            raise BadInput(
                where=f"{name} of the image", expected=told.get(name), found=mine,
                way_out=f"the {name} changed since; name the old one with --{name}",
            )  # fmt: skip
    parent = ws.images.get(recipe.photograph)
    photograph = Photograph(parent.id, parent.capture.source or parent.id, ws.images.read_bytes(parent))
    return painter.paint(recipe, painter.ready(photograph, recipe))
