"""The schema for editors: valid itself, accepts what the reader accepts, describes every setting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import jsonschema
import pytest
from pydantic import Field

from firstshift.core.errors import BadInput
from firstshift.spec import (
    BUILT_IN_TYPES,
    Defect,
    Plan,
    PlanError,
    Range,
    Within,
    derive_facts,
    example_names,
    example_text,
    plan_schema,
)
from firstshift.spec.declared import Declared
from firstshift.spec.reference import BEGIN, END, settings_reference
from firstshift.spec.yaml_tree import read_tree
from tests.spec.plans import SMALL, small_text

REPOSITORY = Path(__file__).resolve().parents[2]


def test_schema_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(plan_schema())


@pytest.mark.parametrize("text", [SMALL, *map(example_text, example_names())], ids=["small", *example_names()])
def test_schema_accepts_what_the_reader_accepts(text: str) -> None:
    validator = jsonschema.Draft202012Validator(plan_schema())
    validator.validate(read_tree(text).data)
    validator.validate(Plan.from_text(text).as_data())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("focal_mm: 25", "focal: 25"),
        ("focal_mm: 25", "focal_mm: far"),
        ("kind: ring,", "kind: rng,"),
        ("type: scratch", "type: scratsh"),
        ("width_mm: [0.1, 0.2]", "width_mm: 0.1"),
        ("depth_um: [1, 30]", "depth_um: [1, 12000]"),
        ("[2448, 2048]", "[2448]"),
        ("format: 1", "format: 2"),
        ("# the end", "polcy: {}"),
    ],
)
def test_schema_refuses_what_the_reader_refuses(old: str, new: str) -> None:
    data = read_tree(small_text((old, new))).data
    assert not jsonschema.Draft202012Validator(plan_schema()).is_valid(data)


def blocks(model: type[Declared] = Declared) -> Iterator[type[Declared]]:
    for child in model.__subclasses__():
        if child.__module__.startswith("firstshift."):
            yield child
        yield from blocks(child)


@pytest.mark.parametrize("model", sorted(set(blocks()), key=lambda m: m.__name__), ids=lambda m: m.__name__)
def test_every_setting_is_described(model: type[Declared]) -> None:
    for name, field in model.model_fields.items():
        description = field.description or ""
        assert len(description) >= 10, f"{model.__name__}.{name} has no description"
        assert description[0].isupper() or description[0] in "'"
        assert description.endswith("."), f"{model.__name__}.{name}: {description}"


@pytest.mark.parametrize("model", BUILT_IN_TYPES.models, ids=lambda m: m.__name__)
def test_every_type_says_how_wide_it_is(model: type[Defect]) -> None:
    assert model.narrowest in model.model_fields
    assert not model.longest or model.longest in model.model_fields
    assert model.__doc__


def described(schema: Any) -> Iterator[tuple[str, Any]]:
    for name, inner in schema.get("properties", {}).items():
        yield name, inner
    for inner in schema.get("$defs", {}).values():
        yield from described(inner)


def test_descriptions_reach_the_schema() -> None:
    schema = plan_schema()
    missing = [
        name
        for name, inner in described(schema)
        if not inner.get("description")
        # Left out where it is word for word the description of the block it refers to, which editors show instead.
        and not schema["$defs"].get(inner.get("$ref", "").rsplit("/", 1)[-1], {}).get("description")
    ]
    assert missing == []


def test_documentation_lists_every_setting() -> None:
    page = (REPOSITORY / "docs" / "plan-file.md").read_text(encoding="utf-8")
    assert page.split(BEGIN)[1].split(END)[0].strip() == settings_reference().strip(), (
        "run .venv/bin/python scripts/write_plan_reference.py"
    )


class Chatter(Defect):
    """Regular waves left by a vibrating tool."""

    type: Literal["chatter"] = Field(description="Regular waves left by a vibrating tool.")
    pitch_mm: Annotated[Range, Within(0.05, 10)] = Field(description="Distance from wave to wave, in mm.")
    narrowest: ClassVar[str] = "pitch_mm"


CHATTER = small_text(("type: dent\n    class: dent\n    size_mm: [0.3, 2]\n    depth_um: [10, 100]",
                      "type: chatter\n    class: chatter\n    pitch_mm: [0.3, 2]"))  # fmt: skip


def test_type_of_ones_own() -> None:
    types = BUILT_IN_TYPES.adding(Chatter)
    plan = Plan.from_text(CHATTER, types=types)
    assert isinstance(plan.defects[1], Chatter)
    assert plan.defects[1].pitch_mm == Range(0.3, 2)
    assert derive_facts(plan).classes[1].narrow_mm == (0.3, 2)
    assert plan.as_data()["defects"][1]["pitch_mm"] == [0.3, 2]
    assert plan.with_value("defects[1].pitch_mm", [0.5, 2]).defects[1].narrow_mm == Range(0.5, 2)
    assert jsonschema.Draft202012Validator(plan_schema(types)).is_valid(read_tree(CHATTER).data)
    with pytest.raises(PlanError, match=r"defects\[1\]\.pitch \(line 35\).*did you mean 'pitch_mm'"):
        Plan.from_text(CHATTER.replace("pitch_mm:", "pitch:"), types=types)


def test_type_that_was_not_added_is_unknown() -> None:
    with pytest.raises(PlanError, match=r"defects\[1\]\.type .*expected one of scratch, .*found 'chatter'"):
        Plan.from_text(CHATTER)


def test_type_with_a_name_that_is_taken() -> None:
    with pytest.raises(BadInput, match="a name used once"):
        BUILT_IN_TYPES.adding(Chatter, Chatter)
