"""From what the validator found to lines a person can act on: file, path, line, expected, found, way out.

plan.yaml: defects[2].depth_um (line 48): expected a range inside 0 to 5000, found [0.2, 12000]; deeper than 5 mm it
is a 'missing_feature'
"""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from firstshift.core.errors import BadInput, one_line
from firstshift.spec.catalogue import DefectTypes, FromCatalogue
from firstshift.spec.declared import OneOf
from firstshift.spec.defect_types import BUILT_IN_TYPES
from firstshift.spec.yaml_edit import in_line
from firstshift.spec.yaml_tree import Node, PathStep, path_text

MAX_PROBLEMS = 100


class PlanError(BadInput):
    """A plan that cannot be used, with everything that is wrong with it; the message is the first problem's."""

    def __init__(self, problems: tuple[BadInput, ...]) -> None:
        first = problems[0]
        self.problems = problems
        super().__init__(
            first.what, where=first.where, expected=first.expected, found=first.found, way_out=first.way_out
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """One line for each problem."""
        return tuple(problem.message for problem in self.problems)

    def as_dict(self) -> dict[str, Any]:
        return {**super().as_dict(), "problems": [problem.as_dict() for problem in self.problems]}

    def __reduce__(self) -> tuple[Any, ...]:
        return (PlanError, (self.problems,))


def plan_error(error: ValidationError, model: type[BaseModel], tree: Node, name: str, types: DefectTypes) -> PlanError:
    data = tree.data
    details = [detail for detail in error.errors(include_url=False) if not _is_echo(detail)][:MAX_PROBLEMS]
    explained = [_explain(detail, model, data, types) for detail in details]
    # `focal: 25` is one slip, not an unknown setting and a missing one.
    misspelt = {(*path[:-1], guess) for path, _, _, way_out in explained if (guess := _guessed(way_out))}
    problems: dict[str, tuple[int, BadInput]] = {}
    for detail, (path, expected, found, way_out) in zip(details, explained, strict=True):
        if detail["type"] == "missing" and path in misspelt:
            continue
        shown, line = path_text(path), tree.line_of(path)
        where = f"{name}: {shown} (line {line})" if shown else name
        problem = BadInput(where=where, expected=expected, found=found, way_out=way_out)
        problems.setdefault(problem.message, (line, problem))
    return PlanError(tuple(problem for _, problem in sorted(problems.values(), key=lambda pair: pair[0])))


def first_problem(error: ValidationError, model: type[BaseModel], data: Any, name: str) -> BadInput:
    """The first of them for values that stand in no plan, such as a profile's JSON: without a line number."""
    details = error.errors(include_url=False)
    detail = next((one for one in details if not _is_echo(one)), details[0])
    path, expected, found, way_out = _explain(detail, model, data, BUILT_IN_TYPES)
    where = f"{name}: {path_text(path)}" if path else name
    return BadInput(where=where, expected=expected, found=found, way_out=way_out)


def _is_echo(detail: ErrorDetails) -> bool:
    """A list whose entries are wrong is also reported as too short; the entries' own errors say it better."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail.get("ctx", {}).get("min_length", 0)


def _guessed(way_out: str) -> str:
    return way_out.removeprefix("did you mean '").split("'")[0] if way_out.startswith("did you mean '") else ""


def _explain(
    detail: ErrorDetails, model: type[BaseModel], data: Any, types: DefectTypes
) -> tuple[tuple[PathStep, ...], str, str, str]:
    kind, context = detail["type"], detail.get("ctx", {})
    path = tuple(step for step in detail["loc"] if isinstance(step, str | int))
    if kind == "plan":
        path += tuple(context["at"])
        word = context["found"] if isinstance(context["found"], str) else None
        guess = nearest(word, _after_one_of(context["expected"]))
        return path, context["expected"], show(context["found"]), _join(guess, context["way_out"])
    if kind == "extra_forbidden":
        names = names_at(model, path[:-1], data, types)
        return path, "a setting that exists", show(path[-1]), nearest(str(path[-1]), names) or _list(names)
    if kind == "missing" and isinstance(path[-1], int):
        return path, "this setting", "nothing", f"here stand {path[-1] + 1} or more, found {show(detail['input'])}"
    if kind == "missing":
        return path, "this setting", "nothing", f"add it: {description_at(model, path, data, types)}"
    if kind in _NAMED:
        expected, way_out = _NAMED[kind]
    elif kind == "literal_error":
        told = str(context["expected"]).replace(" or ", ", ")
        choices = told.replace("'", "").split(", ")
        expected = f"one of {told}"
        word = detail["input"] if isinstance(detail["input"], str) else None
        way_out = "write it without quotes" if word in choices else nearest(word, choices)
    elif kind in _BOUNDS:
        word, key = _BOUNDS[kind]
        expected, way_out = f"{word} {context[key]:g}", _unit_hint(path)
    elif kind in ("too_short", "too_long"):
        least = kind == "too_short"
        count = context["min_length" if least else "max_length"]
        expected, way_out = f"{'at least' if least else 'at most'} {count} entries", ""
    elif kind in ("string_too_short", "string_too_long"):
        least = kind == "string_too_short"
        expected = f"{'at least' if least else 'at most'} {context['min_length' if least else 'max_length']} characters"
        way_out = ""
    else:
        expected, way_out = one_line(detail["msg"], 160), ""
    return path, expected, show(detail["input"]), way_out


_NAMED = {
    "float_type": ("a number", "write the number alone; the unit is in the name"),
    "int_type": ("a whole number", "write the number alone, without quotes"),
    "int_from_float": ("a whole number", ""),
    "bool_type": ("true or false", "write true or false without quotes"),
    "string_type": ("text", "put it in quotes"),
    "model_type": ("a block of settings", "write one 'name: value' to a line, indented"),
    "model_attributes_type": ("a block of settings", "write one 'name: value' to a line, indented"),
    "tuple_type": ("a list", "write it as [a, b], or one '- …' to a line"),
    "finite_number": ("a finite number", ""),
}
_BOUNDS = {
    "greater_than": ("a number above", "gt"),
    "greater_than_equal": ("a number of at least", "ge"),
    "less_than": ("a number below", "lt"),
    "less_than_equal": ("a number of at most", "le"),
}


def show(value: Any) -> str:
    """A value as it would stand in the plan, cut short."""
    if value is None:
        return "nothing"
    try:
        text = one_line(value if isinstance(value, str) else in_line(value), 80)
    except BadInput:  # nothing that a plan can hold, such as a number that is not finite
        text = one_line(value, 80)
    return repr(text) if isinstance(value, str) else text


def _unit_hint(path: tuple[PathStep, ...]) -> str:
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    units = {"_mm": "mm", "_um": "µm", "_deg": "degrees", "_px": "pixels", "_ms": "ms", "_mm2": "mm²", "_hz": "Hz"}
    unit = next((word for ending, word in units.items() if name.endswith(ending)), "")
    return f"the value is in {unit}" if unit else ""


def _after_one_of(expected: str) -> list[str]:
    """The words of "one of a, b" and of "one of the lights a, b"."""
    _, found, words = expected.partition("one of ")
    return re.sub(r"^the \w+ ", "", words).split(", ") if found else []


def nearest(word: str | None, names: Sequence[str]) -> str:
    """A way out for a word that is none of the names: the one that was probably meant, or nothing."""
    if not word:
        return ""
    close = difflib.get_close_matches(word[:80].lower(), names, n=1, cutoff=0.6)
    if not close:
        close = [n for n in names if len(word) >= 4 and n.startswith(word + "_")][:1]
    return f"did you mean '{close[0]}'?" if close else ""


def _list(names: list[str]) -> str:
    return f"here it can be: {', '.join(names)}" if names else "remove it"


def _join(*hints: str) -> str:
    return "; ".join(hint for hint in hints if hint)


def names_at(model: type[BaseModel], path: tuple[PathStep, ...], data: Any, types: DefectTypes) -> list[str]:
    """The settings that exist in the block at this path."""
    here = model_at(model, path, data, types)
    return [info.alias or name for name, info in here.model_fields.items()] if here else []


def description_at(model: type[BaseModel], path: tuple[PathStep, ...], data: Any, types: DefectTypes) -> str:
    here = model_at(model, path[:-1], data, types)
    for name, info in here.model_fields.items() if here else ():
        if path[-1] in (name, info.alias):
            return (info.description or "").split(". ")[0].rstrip(".")
    return ""


def model_at(
    model: type[BaseModel], path: tuple[PathStep, ...], data: Any, known: DefectTypes
) -> type[BaseModel] | None:
    """The kind of block that stands at this path, following `kind:` and `type:` in the data where there is a choice."""
    here: type[BaseModel] | None = model
    annotation: Any = None
    marks: list[Any] = []
    for step in path:
        data = data[step] if _has(data, step) else None
        if isinstance(step, int):
            annotation, marks = _item_of(annotation)
        else:
            fields = here.model_fields if here else {}
            found = [info for name, info in fields.items() if step in (name, info.alias)]
            annotation, marks = (found[0].annotation, list(found[0].metadata)) if found else (None, [])
        here = _model_of(annotation, marks, data, known)
    return here


def _has(data: Any, step: PathStep) -> bool:
    if isinstance(step, int):
        return isinstance(data, list) and 0 <= step < len(data)
    return isinstance(data, dict) and step in data


def _item_of(annotation: Any) -> tuple[Any, list[Any]]:
    arguments = [a for a in typing.get_args(annotation) if a is not Ellipsis]
    if not arguments:
        return None, []
    item = arguments[0]
    if typing.get_origin(item) is typing.Annotated:
        return typing.get_args(item)[0], list(item.__metadata__)
    return item, []


def _model_of(annotation: Any, marks: list[Any], data: Any, known: DefectTypes) -> type[BaseModel] | None:
    for mark in marks:
        choice = (
            mark
            if isinstance(mark, OneOf)
            else mark.types({"types": known}).choice()
            if isinstance(mark, FromCatalogue)
            else None
        )
        if choice is not None:
            try:
                return choice.choose(data if isinstance(data, dict) else {})
            except ValueError:
                return None
    candidates = typing.get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)
