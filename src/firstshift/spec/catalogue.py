"""The defect catalogue: what an entry is, and which types exist.

A type is a subclass of `Defect` that declares its ranges; nothing here knows how a flaw looks. The package that draws
flaws adds its own types and hands the larger catalogue to `Plan.load`:

    class Chatter(Defect):
        '''Regular waves left by a vibrating tool.'''
        type: Literal["chatter"] = Field(description="Regular waves left by a vibrating tool.")
        pitch_mm: Annotated[Range, Within(0.05, 10)] = Field(description="Distance from wave to wave, in mm.")
        narrowest: ClassVar[str] = "pitch_mm"

    plan = Plan.load("plan.yaml", types=BUILT_IN_TYPES.adding(Chatter))

There is no list that grows behind one's back: the same plan and the same catalogue give the same answer everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from firstshift.core.errors import BadInput
from firstshift.core.label import Verdict
from firstshift.core.units import Micrometres, um_to_mm
from firstshift.spec.declared import (
    Declared,
    Name,
    Number,
    OneOf,
    Positive,
    Range,
    Sentence,
    Whole,
    Within,
    check_file_beside,
    name_of_kind,
    reject,
)

Place = Literal["surface", "edge", "opening", "heat_map"]


def _check_picture_file(value: str) -> str:
    return check_file_beside(value, (".png", ".tif", ".tiff", ".bmp"), "save it as PNG")


PictureFile = Annotated[str, AfterValidator(_check_picture_file)]
Grade = Annotated[Whole, Field(ge=1, le=5)]


def _check_class_name(value: str) -> str:
    if value.casefold() == Verdict.GOOD.value:
        reject("a name for what is wrong", value, "'good' is what parts without a flaw are called")
    return value


ClassName = Annotated[Name, AfterValidator(_check_class_name)]


class Acceptance(Declared):
    """What is still good. A flaw within every limit given here is accepted; without limits none is."""

    longest_mm: Positive | None = Field(default=None, description="Longest flaw that is still good, in mm.")
    widest_mm: Positive | None = Field(default=None, description="Widest flaw that is still good, in mm.")
    depth_um: Positive | None = Field(default=None, description="Deepest flaw that is still good, in µm.")
    area_mm2: Positive | None = Field(default=None, description="Largest flaw that is still good, in mm².")
    at_most: Annotated[Whole, Field(ge=1, le=10_000)] | None = Field(
        default=None, description="How many such flaws a good part may have."
    )
    apart_mm: Positive | None = Field(default=None, description="How far apart they have to be, in mm.")


class Defect(Declared):
    """One entry of the catalogue: a type of flaw, what people call it here, and within which limits it comes."""

    type: str = Field(description="Type of flaw.")
    class_name: ClassName = Field(
        alias="class", description="What people here call it; labels and results carry this name. Not 'good'."
    )
    severity: tuple[Grade, Grade] = Field(
        default=(1, 5), description="How bad it can be, [mildest, worst], from 1 (barely seen) to 5 (gross)."
    )
    regions: tuple[Name, ...] = Field(
        default=(), max_length=500, description="Regions it may occur in, by name; left out, in every region."
    )
    count: tuple[Annotated[Whole, Field(ge=1, le=500)], Annotated[Whole, Field(ge=1, le=500)]] = Field(
        default=(1, 1), description="How many there are on a part that has it, [fewest, most]."
    )
    place: Place | None = Field(
        default=None,
        description="Where it lands: 'surface' (anywhere on its regions), 'edge', 'opening' (a hole), or 'heat_map'; "
        "left out, it follows from the type.",
    )
    heat_map: PictureFile | None = Field(
        default=None,
        description="With place: heat_map, a grey picture of the part as the camera sees it; white is where flaws "
        "come most.",
    )
    frequency: Annotated[Number, Field(ge=0, le=1e6)] = Field(
        default=1.0, description="How often it comes beside the other entries; 2 is twice as often as 1, 0 never."
    )
    accept: Acceptance | None = Field(default=None, description="What is still good; left out, every flaw is a reject.")
    note: Sentence | None = Field(default=None, description="Anything a colleague should know; not evaluated.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for name, what in (("severity", "mildest"), ("count", "fewest")):
            first, last = getattr(self, name)
            if first > last:
                reject(f"the {what} first", [first, last], f"write [{last}, {first}]", (name,))
        if (self.place == "heat_map") != (self.heat_map is not None):
            reject("place: heat_map together with the file heat_map", self.place, "", ("heat_map",))
        return self

    usual_place: ClassVar[Place] = "surface"
    """Where this type lands when the plan does not say."""
    narrowest: ClassVar[str] = ""
    """Name of the range that decides whether a camera can see it: the smaller of its two sizes on the surface."""
    longest: ClassVar[str] = ""
    """Name of the range with its larger size, for things that are long and thin; empty for round ones."""

    @property
    def landing_place(self) -> Place:
        return self.place or self.usual_place

    @property
    def narrow_mm(self) -> Range | None:
        """The smaller of its two sizes on the surface; None when the entry does not say."""
        return _in_mm(self, self.narrowest)

    @property
    def long_mm(self) -> Range | None:
        return _in_mm(self, self.longest) or self.narrow_mm

    @property
    def depth_range_um(self) -> Range | None:
        value = getattr(self, "depth_um", None)
        return value if isinstance(value, Range) else None


def _in_mm(entry: Defect, name: str) -> Range | None:
    value = getattr(entry, name, None) if name else None
    if not isinstance(value, Range):
        return None
    return Range(um_to_mm(Micrometres(value.low)), um_to_mm(Micrometres(value.high))) if name.endswith("_um") else value


@dataclass(frozen=True, slots=True)
class DefectTypes:
    """The types a plan may use."""

    models: tuple[type[Defect], ...]

    def __post_init__(self) -> None:
        names = self.names
        for index, name in enumerate(names):
            if name in names[:index]:
                raise BadInput(where=f"defect type {name!r}", expected="a name used once", found="two types with it")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name_of_kind(model, "type") for model in self.models)

    def adding(self, *models: type[Defect]) -> Self:
        return type(self)((*self.models, *models))

    def choice(self) -> OneOf:
        return OneOf("type", self.models, "a type of your own comes from its file: --defects FILE.py")


@dataclass(frozen=True, slots=True)
class FromCatalogue:
    """Marks an entry whose type is looked up in the `DefectTypes` that came with the validation."""

    usual: DefectTypes

    def types(self, context: Any) -> DefectTypes:
        given = (context or {}).get("types")
        return given if isinstance(given, DefectTypes) else self.usual

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def validate(value: Any, inner: Any, info: Any) -> Any:
            if not isinstance(value, dict):
                return inner(value)
            model = self.types(info.context).choice().choose(value)
            return model.model_validate(value, context=info.context)

        return core_schema.with_info_wrap_validator_function(validate, handler(source))


__all__ = ["Acceptance", "Defect", "DefectTypes", "FromCatalogue", "Range", "Within"]
