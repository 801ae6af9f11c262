"""Whatever stands in the file: a plan, or one line that says what is wrong. Nothing else, and soon.

2,000 cases: 700 of random bytes, 700 of example plans with pieces cut, doubled, swapped or replaced, and 600 of
random but well-formed YAML put into an example.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firstshift.core.errors import FirstshiftError
from firstshift.spec import Plan, check_plan, derive_facts, example_names, example_text, has_errors
from firstshift.spec.yaml_edit import as_yaml
from firstshift.spec.yaml_tree import decode_text, read_tree
from tests.spec.plans import SMALL

# The small plan more often than the examples: its cases take a third of the time.
EXAMPLES = [*[SMALL] * 6, *(example_text(name) for name in example_names())]
LONGEST_S = 5.0  # of processor time: other tests may run beside this one
RELAXED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
SPICE = [
    "&a ", "*a", "!!python/object:x ", "!x ", "<<: ", "? ", "- ", "%YAML 1.1\n", "---\n", "...\n", "{", "}", "[", "]",
    "[[[[[[[[", "'", '"', "|\n", ">\n", "\t", "\r", "\x00", "\x85", "\u2028", "\ufeff", "\ud83d", ".nan", "1e999",
    "9" * 400, "-0", "0x10", "1_000", "~", "null", "yes", "#", ": ", ":", ",", "\\", '"\\x', '"\\U00110000"', "é" * 50,
]  # fmt: skip


def outcome(do: Callable[[], Any]) -> Any:
    """What came back, or the error a person would read."""
    try:
        return do()
    except FirstshiftError as error:
        return error


def judge(read: Callable[[], Plan]) -> None:
    began = time.process_time()
    plan = outcome(read)
    if isinstance(plan, FirstshiftError):
        assert str(plan)
        assert "\n" not in str(plan)
    else:
        findings = check_plan(plan)
        facts = outcome(lambda: derive_facts(plan).as_dict())
        assert isinstance(facts, dict) or has_errors(findings)
        assert Plan.from_text(as_yaml(plan.as_data())) == plan
    assert time.process_time() - began < LONGEST_S


@settings(max_examples=700, deadline=None, suppress_health_check=RELAXED)
@given(data=st.binary(max_size=400) | st.text(max_size=400).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_random_bytes(data: bytes) -> None:
    judge(lambda: Plan.from_text(decode_text(data, "plan.yaml"), "plan.yaml"))


@st.composite
def mutated_examples(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(EXAMPLES))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 60)))
        kind = draw(st.sampled_from(["cut", "double", "spice", "swap", "tail", "word"]))
        piece = text[start:end]
        if kind == "cut":
            text = text[:start] + text[end:]
        elif kind == "double":
            text = text[:end] + piece * draw(st.integers(1, 30)) + text[end:]
        elif kind == "spice":
            text = text[:start] + draw(st.sampled_from(SPICE)) + text[start:]
        elif kind == "swap":
            text = text[:start] + piece[::-1] + text[end:]
        elif kind == "tail":
            text = text[:start]
        else:
            words = text.split(" ")
            place = draw(st.integers(0, len(words) - 1))
            words[place] = draw(st.text(max_size=12) | st.floats().map(repr) | st.integers().map(str))
            text = " ".join(words)
    return text


@settings(max_examples=700, deadline=None, suppress_health_check=RELAXED)
@given(text=mutated_examples())
def test_mutated_examples(text: str) -> None:
    judge(lambda: Plan.from_text(text, "plan.yaml"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def paths(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(place for key, value in inner for place in paths(value, (*path, key)))]


EXAMPLE_DATA = [read_tree(text).data for text in EXAMPLES]
EXAMPLE_PATHS = [[place for place in paths(data) if place] for data in EXAMPLE_DATA]


def put(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    if isinstance(data, dict):
        return {**data, path[0]: put(data[path[0]], path[1:], value)}
    return [put(item, path[1:], value) if index == path[0] else item for index, item in enumerate(data)]


@settings(max_examples=600, deadline=None, suppress_health_check=RELAXED)
@given(data=st.data())
def test_well_formed_nonsense(data: st.DataObject) -> None:
    which = data.draw(st.integers(0, len(EXAMPLES) - 1))
    place = data.draw(st.sampled_from(EXAMPLE_PATHS[which]))
    nonsense = put(EXAMPLE_DATA[which], place, data.draw(JSON))
    judge(lambda: Plan.from_data(nonsense, "plan.yaml"))


BOMBS = {
    "brackets": "a: " + "[" * 19_000,
    "braces": "{a: " * 4_000,
    "dashes": "- " * 9_000,
    "keys": "".join(f"k{i}: 1\n" for i in range(99_000)),
    "comments": "# x\n" * 249_000,
    "blank": "\n" * 990_000,
    "escapes": 'a: "' + "\\x41" * 4_000 + '"\n',
    "quotes": "a: " + "'' " * 6_000,
    "tags": ("!" * 19_000 + "\n") * 50,
    "directives": "%a\n" * 300_000,
    "folded": "a: >\n" + (" x" * 100 + "\n") * 4_900,
    "empty lists": ("a: [" + "[]," * 6_000 + "]\n") * 50,
    "colons": ("a" + ":" * 19_000 + "\n") * 50,
    "steps": "\n".join(" " * i + "a:" for i in range(1_390)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_soon(name: str) -> None:
    assert len(BOMBS[name]) <= 1_000_000
    began = time.process_time()
    with pytest.raises(FirstshiftError):
        Plan.from_text(BOMBS[name], "plan.yaml")
    assert time.process_time() - began < LONGEST_S
