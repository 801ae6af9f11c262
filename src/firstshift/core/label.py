"""What is true about an image, as somebody said it: a verdict and the things they marked.

An image without a label is *unlabelled*; a label with the verdict `good` says that somebody looked and found nothing.
The two are never mixed up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from firstshift.core.errors import BadInput
from firstshift.core.shapes import Box, Polygon, RunLengths, Shape, shape_from_json, shape_to_json

NOT_VISIBLE = "not visible"
"""What the attribute `visibility` says of a thing that is there and that this image does not show."""
CLASS_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


class Verdict(StrEnum):
    GOOD = "good"
    DEFECT = "defect"
    UNSURE = "unsure"
    """Somebody looked and could not tell; goes to the next level, never trains."""


class Level(StrEnum):
    """Who stands behind a label (A3), from the least to the most authority."""

    MODEL = "model"
    SYNTHETIC = "synthetic"
    IMPORTED = "imported"
    OPERATOR = "operator"
    ENGINEER = "engineer"
    SENIOR = "senior"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Annotation:
    """One thing on the image. Without a shape it is about the whole image (a class folder, a grade)."""

    class_name: str
    shape: Shape | None = None
    severity: int | None = None
    """1 (barely) to 5 (gross); None when nobody graded it."""
    text: str | None = None
    """What is written there, for characters and codes."""
    attributes: dict[str, Any] = field(default_factory=dict)
    """Whatever a format or the renderer adds: `iscrowd`, `difficult`, `depth_um`. JSON values only."""

    def __post_init__(self) -> None:
        if not CLASS_NAME.fullmatch(self.class_name) or self.class_name != self.class_name.strip():
            raise BadInput(
                where="annotation class",
                expected="a name of 1–200 printable characters without spaces around it",
                found=repr(self.class_name),
            )
        if self.severity is not None and not 1 <= self.severity <= 5:
            raise BadInput(where=f"severity of {self.class_name!r}", expected="1–5", found=self.severity)

    @property
    def is_visible(self) -> bool:
        """False when the image does not show it: such a thing is no positive, for nobody."""
        return bool(self.attributes.get("visibility") != NOT_VISIBLE)

    @property
    def box(self) -> Box | None:
        match self.shape:
            case Box():
                return self.shape.upright()
            case Polygon():
                return self.shape.bounds()
            case RunLengths():
                return self.shape.mask().bounds()
        return None

    def to_json(self) -> dict[str, Any]:
        plain: dict[str, Any] = {"class": self.class_name}
        if self.shape is not None:
            plain["shape"] = shape_to_json(self.shape)
        if self.severity is not None:
            plain["severity"] = self.severity
        if self.text is not None:
            plain["text"] = self.text
        if self.attributes:
            plain["attributes"] = self.attributes
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Annotation:
        shape = plain.get("shape")
        return cls(
            class_name=plain["class"],
            shape=shape_from_json(shape) if shape else None,
            severity=plain.get("severity"),
            text=plain.get("text"),
            attributes=dict(plain.get("attributes", {})),
        )


@dataclass(frozen=True, slots=True)
class Label:
    """All that one person (or program) said about one image at one time. Replaced by a later version, never edited."""

    verdict: Verdict
    annotations: tuple[Annotation, ...] = ()

    @classmethod
    def good(cls, *annotations: Annotation) -> Label:
        """Good; annotations are allowed for things that are no defects (components, characters, a class)."""
        return cls(Verdict.GOOD, annotations)

    @classmethod
    def defect(cls, *annotations: Annotation) -> Label:
        return cls(Verdict.DEFECT, annotations)

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(sorted({a.class_name for a in self.annotations}))

    @property
    def visible_classes(self) -> tuple[str, ...]:
        return tuple(sorted({a.class_name for a in self.annotations if a.is_visible}))

    def to_json(self) -> dict[str, Any]:
        plain: dict[str, Any] = {"verdict": self.verdict.value}
        if self.annotations:
            plain["annotations"] = [a.to_json() for a in self.annotations]
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Label:
        return cls(Verdict(plain["verdict"]), tuple(Annotation.from_json(a) for a in plain.get("annotations", [])))
