"""What is wrong with a profile's JSON, in one line: file, setting, expected, found, way out.

profile.json: hot_pixels[3].x: expected a whole number, found '7'; write the number alone, without quotes
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ValidationError

from firstshift.core.errors import BadInput
from firstshift.spec.problems import first_problem

WRITE_ONE = "write one with 'firstshift station calibrate'"
LAYOUT = ("model_type", "model_attributes_type", "tuple_type")
"""Their ways out say how a plan is laid out, which is YAML."""


def read_json(text: str | bytes, name: str) -> Any:
    """JSON's values, or one line. `NaN` and its kin pass: the settings refuse them by name."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _no_profile(name, _what_stands(error)) from error
    except UnicodeDecodeError as error:
        raise _no_profile(name, f"byte {error.start} that is no UTF-8 text") from error
    except RecursionError as error:
        raise _no_profile(name, "lists nested thousands deep") from error
    except ValueError as error:  # a number of more digits than Python converts
        raise _no_profile(name, "a number of thousands of digits") from error


def _what_stands(error: json.JSONDecodeError) -> str:
    if not error.doc.strip():
        return "an empty file"
    rest = error.doc[error.pos : error.pos + 12].split("\n")[0].strip()
    what = repr(rest) if rest else "a line" if error.pos < len(error.doc.rstrip()) else "the file"
    return f"{what}{'' if rest else ' that breaks off'} in line {error.lineno}, column {error.colno}"


def _no_profile(name: str, found: str) -> BadInput:
    return BadInput(where=name, expected="a sensor profile (JSON)", found=found, way_out=WRITE_ONE)


def profile_problem(error: ValidationError, model: type[BaseModel], data: Any, name: str) -> BadInput:
    kind = error.errors(include_url=False, include_input=False)[0]["type"]
    problem = first_problem(error, model, data, name)
    if not isinstance(data, dict):
        return _no_profile(name, problem.found)
    if problem.where.endswith(": version"):
        return BadInput(
            where=problem.where, expected=problem.expected.removeprefix("one of "), found=problem.found,
            way_out=f"a newer release wrote it; update, or {WRITE_ONE}",
        )  # fmt: skip
    way_out = WRITE_ONE if kind in LAYOUT else problem.way_out
    return BadInput(where=problem.where, expected=problem.expected, found=problem.found, way_out=way_out)
