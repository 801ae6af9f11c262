"""From what was drawn to a label (M8): class, severity, mask, instance, physical parameters, and whether it is seen.

A flaw that light does not show is labelled "not visible". An image with nothing but such flaws is no positive and no
good part either: its verdict is `unsure`, which never trains. What is "faint", seen by whoever is told where, is a
positive, on rendered images and on photographs: a person can confirm it.

What was drawn stands beside what was found. Where both have the same name, `contrast` for one, the drawn number is
`drawn_contrast`: what says whether a flaw is seen is never overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from firstshift.core.label import NOT_VISIBLE, Annotation, Label, Verdict
from firstshift.core.shapes import Mask
from firstshift.defects.draws import RESERVED
from firstshift.line.synth.recipe import FlawRecipe

OWN_NAMES = RESERVED | {"contrast"}
"""What the label itself tells of a flaw."""


@dataclass(frozen=True, slots=True)
class SeenFlaw:
    """One flaw on one image."""

    recipe: FlawRecipe
    mask: Mask
    visibility: str
    contrast: float
    contrast_to_noise: float
    parameters: dict[str, Any]
    at_mm: tuple[float, float, float]
    """On the part, in the coordinates of the CAD file."""
    region: str
    turned_deg: float

    @property
    def is_visible(self) -> bool:
        return self.visibility != NOT_VISIBLE


def label_of(flaws: list[SeenFlaw]) -> Label:
    if not flaws:
        return Label.good()
    annotations = tuple(_annotation(flaw, number) for number, flaw in enumerate(flaws, 1))
    if any(flaw.is_visible for flaw in flaws):
        return Label.defect(*annotations)
    return Label(Verdict.UNSURE, annotations)


def _annotation(flaw: SeenFlaw, number: int) -> Annotation:
    attributes: dict[str, Any] = {
        "instance": number,
        "type": flaw.recipe.type,
        "visibility": flaw.visibility,
        "contrast": round(flaw.contrast, 4),
        "contrast_to_noise": round(flaw.contrast_to_noise, 2),
        "at_mm": [round(one, 4) for one in flaw.at_mm],
        "turned_deg": round(flaw.turned_deg, 2),
    }
    if flaw.region:
        attributes["region"] = flaw.region
    for name, value in flaw.parameters.items():
        told = f"drawn_{name}" if name in OWN_NAMES else name
        attributes[told] = round(value, 5) if isinstance(value, float) else value
    shape = flaw.mask.run_lengths() if flaw.mask.area else None
    return Annotation(flaw.recipe.class_name, shape, flaw.recipe.severity, None, attributes)
