"""One family of errors, one line, one JSON shape: whatever a room raises, the command line and a server can show it."""

from __future__ import annotations

import ast
import importlib
import pickle
from collections.abc import Iterator

import pytest

from firstshift.core.errors import BadInput, FirstshiftError
from firstshift.spec.problems import PlanError
from tests.contracts.house import ROOT
from tests.contracts.sources import dotted, package_sources

SHAPE = {"error", "message", "where", "what", "expected", "found", "way_out"}
NASTY = "two\nlines\tand \x1b[31mred\x1b[0m " + "x" * 1000


def error_classes() -> list[type[FirstshiftError]]:
    for path in package_sources():
        if "/migrations/" not in path and "Error" in (ROOT / path).read_text():
            importlib.import_module(
                path.removeprefix("src/").removesuffix(".py").replace("/", ".").removesuffix(".__init__")
            )

    def family(kind: type[FirstshiftError]) -> Iterator[type[FirstshiftError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from family(child)

    return sorted(set(family(FirstshiftError)), key=lambda kind: kind.__qualname__)


@pytest.fixture(scope="module")
def kinds() -> list[type[FirstshiftError]]:
    return error_classes()


def example(kind: type[FirstshiftError]) -> FirstshiftError:
    if kind is PlanError:  # gathers the errors of one plan
        return PlanError((example(BadInput),))
    return kind("a thing", where="plan.yaml: defects[2]", expected="0–5", found=NASTY, way_out="write 3")


def test_the_family_is_found(kinds: list[type[FirstshiftError]]) -> None:
    assert {"BadInput", "Refused", "NotFound", "Unavailable", "Tampered", "Cancelled"} <= {
        kind.__name__ for kind in kinds
    }


def test_every_error_is_one_line_that_names_all_it_was_given(kinds: list[type[FirstshiftError]]) -> None:
    for kind in kinds:
        shown = str(example(kind))
        assert shown.isprintable(), f"{kind.__name__}: {shown!r}"
        assert shown.startswith("plan.yaml: defects[2]: a thing, expected 0–5, found two lines and ")
        assert shown.endswith("; write 3")


def test_every_error_has_the_same_json_shape(kinds: list[type[FirstshiftError]]) -> None:
    for kind in kinds:
        plain = example(kind).as_dict()
        assert set(plain) - {"problems"} == SHAPE
        assert plain["error"] == kind.__name__
        assert plain["message"] == str(example(kind))
        assert all(isinstance(value, str) for key, value in plain.items() if key != "problems")
        assert all(set(problem) == SHAPE for problem in plain.get("problems", []))


def test_every_error_travels_between_processes(kinds: list[type[FirstshiftError]]) -> None:
    for kind in kinds:
        there_and_back = pickle.loads(pickle.dumps(example(kind)))
        assert type(there_and_back) is kind
        assert there_and_back.as_dict() == example(kind).as_dict()


def test_every_error_says_what_it_means(kinds: list[type[FirstshiftError]]) -> None:
    assert [kind.__name__ for kind in kinds if not kind.__doc__] == []


def test_nothing_is_caught_and_dropped() -> None:
    """`except Exception: pass` loses evidence; catching everything is for the outermost line of a process."""
    found = [
        f"{path}:{node.lineno}"
        for path, tree in package_sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or dotted(node.type) in ("Exception", "BaseException"))
        and all(isinstance(line, ast.Pass | ast.Continue) for line in node.body)
    ]
    assert found == []
