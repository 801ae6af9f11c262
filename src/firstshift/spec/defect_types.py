"""The types of flaw every plan may use, each with the ranges in which it comes.

Bounds are those of what can be a flaw on a part in front of a camera: leaving them is nearly always a slip of the unit.
Sizes are measured on the surface; depth goes into it, in micrometres.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from firstshift.spec.catalogue import Defect, DefectTypes, Grade, Place
from firstshift.spec.declared import Range, Within

_DEEPER = "deeper than 5 mm it is a 'missing_feature'"
Length = Annotated[Range, Within(0.01, 1000)]
Width = Annotated[Range, Within(0.001, 50, "wider than 50 mm it is a 'discolouration' or a 'missing_feature'")]
Size = Annotated[Range, Within(0.005, 200)]
Depth = Annotated[Range, Within(0, 5000, _DEEPER)]
Angle = Annotated[Range, Within(-360, 360)]
Ratio = Annotated[Range, Within(0, 1)]
ANY_DIRECTION = Range(0.0, 360.0)


class Scratch(Defect):
    """Something hard ploughs a groove; the displaced material stands beside it as lips."""

    type: Literal["scratch"] = Field(description="A groove ploughed by something hard.")
    length_mm: Length = Field(description="Length along the groove, in mm.")
    width_mm: Width = Field(description="Width across the groove, in mm.")
    depth_um: Depth = Field(description="Depth at the deepest point, in µm.")
    orientation_deg: Angle = Field(default=ANY_DIRECTION, description="Direction in the surface, in degrees.")
    lips: Ratio = Field(
        default=Range(0.0, 0.4), description="Height of the lips as a share of the depth; 0 if brittle."
    )
    lines: Annotated[Range, Within(1, 50)] = Field(
        default=Range(1, 1), description="Grooves in one scratch (a bundle)."
    )
    narrowest: ClassVar[str] = "width_mm"
    longest: ClassVar[str] = "length_mm"


class Dent(Defect):
    """A blow pressed the surface in; no material is missing."""

    type: Literal["dent"] = Field(description="A depression pressed in by a blow.")
    size_mm: Size = Field(description="Diameter of the depression, in mm.")
    depth_um: Depth = Field(description="Depth in the middle, in µm.")
    rim: Ratio = Field(default=Range(0.0, 0.2), description="Height of the raised rim as a share of the depth.")
    narrowest: ClassVar[str] = "size_mm"


class Porosity(Defect):
    """Gas or shrinkage left voids; machining opened some of them."""

    type: Literal["porosity"] = Field(description="Open voids from casting or moulding.")
    size_mm: Size = Field(description="Diameter of one pore, in mm.")
    depth_um: Depth = Field(description="Depth of one pore, in µm.")
    pores: Annotated[Range, Within(1, 500)] = Field(default=Range(1, 12), description="Pores in one cluster.")
    cluster_mm: Size = Field(default=Range(0.5, 5.0), description="Diameter of the cluster, in mm.")
    narrowest: ClassVar[str] = "size_mm"


class Pitting(Defect):
    """Corrosion or wear ate small, shallow holes, usually many."""

    type: Literal["pitting"] = Field(description="Small holes from corrosion or wear.")
    size_mm: Size = Field(description="Diameter of one pit, in mm.")
    depth_um: Depth = Field(description="Depth of one pit, in µm.")
    pits: Annotated[Range, Within(1, 2000)] = Field(default=Range(3, 60), description="Pits in one patch.")
    cluster_mm: Size = Field(default=Range(1.0, 10.0), description="Diameter of the patch, in mm.")
    narrowest: ClassVar[str] = "size_mm"


class Crack(Defect):
    """The material parted along a wandering, branching line."""

    type: Literal["crack"] = Field(description="A wandering, branching gap.")
    length_mm: Length = Field(description="Length along the crack, in mm.")
    width_mm: Width = Field(description="Width of the gap at its widest, in mm.")
    depth_um: Depth = Field(default=Range(50, 1000), description="Depth of the gap, in µm.")
    orientation_deg: Angle = Field(default=ANY_DIRECTION, description="Direction in the surface, in degrees.")
    branches: Annotated[Range, Within(0, 20)] = Field(default=Range(0, 3), description="Side branches.")
    narrowest: ClassVar[str] = "width_mm"
    longest: ClassVar[str] = "length_mm"


class Discolouration(Defect):
    """The surface is whole, its colour is not: oxide tint, burn, stain."""

    type: Literal["discolouration"] = Field(description="A patch of another colour: oxide tint, burn, stain.")
    cause: Literal["oxide", "burn", "stain"] = Field(default="stain", description="What made it.")
    size_mm: Size = Field(description="Diameter of the patch, in mm.")
    contrast: Ratio = Field(default=Range(0.05, 0.5), description="How much darker or lighter than its surroundings.")
    edge_mm: Annotated[Range, Within(0, 50)] = Field(
        default=Range(0.1, 2.0), description="Width over which it fades out, in mm."
    )
    narrowest: ClassVar[str] = "size_mm"


class Contamination(Defect):
    """Something lies on the part that does not belong to it."""

    type: Literal["contamination"] = Field(description="Something foreign on the surface.")
    cause: Literal["oil", "dust", "fibre", "chip", "fingerprint"] = Field(description="What lies there.")
    size_mm: Size = Field(description="Its size: the width of a fibre, else its diameter, in mm.")
    length_mm: Length | None = Field(default=None, description="Its length, for fibres and chips, in mm.")
    narrowest: ClassVar[str] = "size_mm"
    longest: ClassVar[str] = "length_mm"


class Inclusion(Defect):
    """Something foreign is embedded in the material: slag, sand, another polymer."""

    type: Literal["inclusion"] = Field(description="Something foreign embedded in the material.")
    size_mm: Size = Field(description="Diameter where it meets the surface, in mm.")
    contrast: Ratio = Field(default=Range(0.1, 0.8), description="How much darker or lighter than its surroundings.")
    narrowest: ClassVar[str] = "size_mm"


class Burr(Defect):
    """Material stands out over an edge that should be clean."""

    type: Literal["burr"] = Field(description="Material standing out over an edge.")
    length_mm: Length = Field(description="Length along the edge, in mm.")
    height_mm: Annotated[Range, Within(0.005, 20)] = Field(description="How far it stands out, in mm.")
    usual_place: ClassVar[Place] = "edge"
    narrowest: ClassVar[str] = "height_mm"
    longest: ClassVar[str] = "length_mm"


class ChippedEdge(Defect):
    """A piece broke off an edge."""

    type: Literal["chipped_edge"] = Field(description="A piece broken off an edge.")
    length_mm: Length = Field(description="Length along the edge, in mm.")
    width_mm: Width = Field(description="How far it reaches into the surface, in mm.")
    depth_um: Depth = Field(default=Range(20, 500), description="Depth of the break, in µm.")
    usual_place: ClassVar[Place] = "edge"
    narrowest: ClassVar[str] = "width_mm"
    longest: ClassVar[str] = "length_mm"


class MissingFeature(Defect):
    """Something the drawing shows is not there: an undrilled hole, a short shot, a missing thread."""

    type: Literal["missing_feature"] = Field(description="Something on the drawing is not there.")
    feature: Literal["hole", "thread", "rib", "edge", "print", "other"] = Field(
        default="other", description="What is missing."
    )
    size_mm: Size = Field(description="Size of what is missing, in mm.")
    severity: tuple[Grade, Grade] = Field(
        default=(1, 5),
        description="How bad it can be, [mildest, worst], from 1 (barely seen) to 5 (gross); left out for a hole or a "
        "thread, [5, 5]: it is there or it is not.",
    )
    narrowest: ClassVar[str] = "size_mm"

    @model_validator(mode="after")
    def _there_or_not(self) -> Self:
        if self.feature in ("hole", "thread") and "severity" not in self.model_fields_set:
            # Not as if the plan had said so: what is written back stays as it was read.
            self.__dict__["severity"] = (5, 5)
        return self

    @property
    def landing_place(self) -> Place:
        usual: dict[str, Place] = {"hole": "opening", "thread": "opening", "rib": "edge", "edge": "edge"}
        return self.place or usual.get(self.feature, "surface")


class OtherFlaw(Defect):
    """A flaw that cannot be drawn yet. It is labelled and learnt from real images only."""

    type: Literal["other"] = Field(description="A flaw without a model of its own; learnt from real images only.")
    looks_like: str = Field(max_length=500, description="What it looks like, for the people who label it.")
    size_mm: Size = Field(description="The smaller of its two sizes on the surface, in mm.")
    length_mm: Length | None = Field(default=None, description="The larger of its two sizes, where it is long, in mm.")
    narrowest: ClassVar[str] = "size_mm"
    longest: ClassVar[str] = "length_mm"


BUILT_IN_TYPES = DefectTypes(
    (
        Scratch, Dent, Porosity, Pitting, Crack, Discolouration, Contamination, Inclusion, Burr, ChippedEdge,
        MissingFeature, OtherFlaw,
    )
)  # fmt: skip
