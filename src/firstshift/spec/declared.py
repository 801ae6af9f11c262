"""What every block of a plan is made of: frozen, no unknown keys, finite numbers, ranges as `[low, high]`.

A person writes a plan, so nothing is guessed: `"12"` is not 12 and `yes` is not true. Every setting carries a
description; the JSON schema, the error messages and the documentation are built from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Strict,
    StringConstraints,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


class Declared(BaseModel):
    """A block of settings as somebody wrote it."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        populate_by_name=True,
        validate_default=False,
        str_max_length=2000,
        hide_input_in_errors=True,
        # Validators are built when the first plan is read: importing stays quick.
        defer_build=True,
    )


def reject(expected: str, found: object = None, way_out: str = "", at: tuple[str | int, ...] = ()) -> NoReturn:
    """Raised inside a validator; `firstshift.spec.problems` turns it into one line with file, path and line number.

    `at` leads from the block that is being validated to the setting that is wrong.
    """
    raise PydanticCustomError(
        "plan",
        "expected {expected}",
        {"expected": expected, "found": found, "way_out": way_out, "at": list(at)},
    )


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`, both included; written `[low, high]`."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2

    def at(self, share: float) -> float:
        """The value `share` of the way from low (0) to high (1)."""
        return self.low + (self.high - self.low) * share

    def as_list(self) -> list[float]:
        return [self.low, self.high]

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            read_range,
            serialization=core_schema.plain_serializer_function_ser_schema(cls.as_list),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}


def read_range(value: Any) -> Range:
    if isinstance(value, Range):
        return value
    numbers = [v for v in value if _is_number(v)] if isinstance(value, list | tuple) else []
    if not isinstance(value, list | tuple) or len(value) != 2 or len(numbers) != 2:
        way_out = f"for one fixed value write [{value}, {value}]" if _is_number(value) else "write it as [low, high]"
        reject("a range [low, high] of two numbers", value, way_out)
    low, high = float(value[0]), float(value[1])
    if low > high:
        reject("a range [low, high] with low first", value, f"write [{value[1]}, {value[0]}]")
    return Range(low, high)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


@dataclass(frozen=True, slots=True)
class Within:
    """The bounds of what is physically plausible for a `Range`; leaving them is a slip of the unit, nearly always."""

    low: float
    high: float
    way_out: str = ""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        plain = handler(schema)
        plain["items"] = {"type": "number", "minimum": self.low, "maximum": self.high}
        return plain

    def check(self, value: Range) -> Range:
        if value.low < self.low or value.high > self.high:
            reject(f"a range inside {self.low:g} to {self.high:g}", value.as_list(), self.way_out)
        return value


@dataclass(frozen=True, slots=True)
class OneOf:
    """Marks a choice between several kinds of block, told apart by the setting `key` (`kind: ring`).

    Unlike pydantic's own discriminated unions this keeps the kind out of the error's path, and says which kinds exist.
    """

    key: str
    choices: tuple[type[Declared], ...]
    otherwise: str = ""
    """What to do about a kind that is none of them."""

    def choose(self, value: Any) -> type[Declared]:
        by_name = {name_of_kind(choice, self.key): choice for choice in self.choices}
        kind = value.get(self.key)
        if kind is None:
            reject(f"one of {', '.join(by_name)}", None, "say which kind it is", (self.key,))
        if not isinstance(kind, str) or kind not in by_name:
            reject(f"one of {', '.join(by_name)}", kind, self.otherwise, (self.key,))
        return by_name[kind]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def validate(value: Any, inner: Any, info: Any) -> Any:
            if isinstance(value, Declared):
                return inner(value)
            if not isinstance(value, dict):
                reject("a block of settings", value, f"begin it with '{self.key}: …'")
            return self.choose(value).model_validate(value, context=info.context)

        return core_schema.with_info_wrap_validator_function(validate, handler(source))


def name_of_kind(model: type[BaseModel], key: str) -> str:
    """The word that stands after `key:` for this model; its annotation is `Literal["word"]`."""
    (word,) = model.model_fields[key].annotation.__args__  # type: ignore[union-attr]
    return str(word)


# What every file system, URL and table can carry: class names become folders, channel names file endings.
_NAME = re.compile(r"[^\W_][\w .+\-()#&,=]{0,79}")


def _check_name(value: str) -> str:
    if not _NAME.fullmatch(value) or value != value.strip():
        reject("a name of 1–80 letters, digits, spaces and _ . + - ( ) # & , =", value)
    return value


def _check_title(value: str) -> str:
    if not value.isprintable() or value != value.strip():
        reject("1–120 printable characters without spaces around them", value)
    return value


def _check_sentence(value: str) -> str:
    if not all(c.isprintable() or c in "\n\t" for c in value):
        reject("text without control characters", value)
    return value


def check_file_beside(value: str, suffixes: tuple[str, ...], way_out: str, what: str = "file") -> str:
    """A plan names files beside it or in folders under it, never elsewhere on the machine."""
    parts = value.replace("\\", "/").split("/")
    if not value or value.startswith(("/", "\\", "~")) or ".." in parts or ":" in value or not value.isprintable():
        reject("a file beside the plan or in a folder under it", value, f"copy the {what} beside the plan")
    if not value.lower().endswith(suffixes):
        reject(f"a file ending in {', '.join(suffixes)}", value, way_out)
    return value


Number = Annotated[float, Strict(), Field(ge=-1e12, le=1e12)]
Positive = Annotated[float, Strict(), Field(gt=0, le=1e12)]
Share = Annotated[float, Strict(), Field(ge=0, le=1)]
Whole = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]
Name = Annotated[str, AfterValidator(_check_name), Field(json_schema_extra={"pattern": f"^{_NAME.pattern}$"})]
Title = Annotated[str, StringConstraints(min_length=1, max_length=120), AfterValidator(_check_title)]
Sentence = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_check_sentence)]
Vector = tuple[Number, Number, Number]
