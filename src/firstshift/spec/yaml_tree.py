"""YAML as a tree of values with their places in the text: read safely, so that errors have line numbers and an
edit changes nothing but what it is asked to.

Only what a plan needs is allowed: one document of blocks, lists and plain values. Anchors, aliases, tags, directives
and repeated keys are refused while reading, before anything is built, so that no file can grow beyond its own size.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from firstshift.core.errors import BadInput, one_line

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_VALUES = 20_000
MAX_LINE = 20_000
PathStep = str | int


@dataclass(slots=True)
class Node:
    """A value and where it stands: `start` to `end` in the text, `line` from 1, `column` from 0."""

    kind: str  # scalar, block or list
    start: int
    end: int
    line: int
    column: int
    flow: bool = False
    value: Any = None
    entries: dict[str, tuple[Node, Node]] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)

    @property
    def data(self) -> Any:
        if self.kind == "block":
            return {name: node.data for name, (_, node) in self.entries.items()}
        if self.kind == "list":
            return [node.data for node in self.items]
        return self.value

    def step(self, step: PathStep) -> Node | None:
        if self.kind == "block" and isinstance(step, str) and step in self.entries:
            return self.entries[step][1]
        if self.kind == "list" and isinstance(step, int) and 0 <= step < len(self.items):
            return self.items[step]
        return None

    def line_of(self, path: tuple[PathStep, ...]) -> int:
        """The line of the deepest place on the way that exists."""
        node: Node = self
        line = self.line
        for step in path:
            inner = node.step(step)
            if inner is None:
                break
            line = node.entries[str(step)][0].line if node.kind == "block" else inner.line
            node = inner
        return line


def decode_text(data: bytes, name: str) -> str:
    if len(data) > MAX_BYTES:
        raise too_large(name, len(data))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadInput(
            where=f"{name}: line {line}",
            expected="text in UTF-8",
            found=f"the byte 0x{data[error.start]:02x}",
            way_out="save the file as UTF-8",
        ) from None


def too_large(name: str, size: int) -> BadInput:
    return BadInput(
        where=name,
        expected=f"a plan of at most {MAX_BYTES // 1_000_000} MB",
        found=f"{size / 1e6:.1f} MB",
        way_out="a plan is a page or two of text; is this another file?",
    )


def read_tree(text: str, name: str = "plan") -> Node:
    if len(text) > MAX_BYTES:
        raise too_large(name, len(text))
    if text.lstrip().startswith("ISO-10303-21"):
        way_out = "name the plan.yaml that names this file"
        raise BadInput(where=name, expected="a plan", found="a STEP file", way_out=way_out)
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("%"):  # a directive wherever it stands: block text is indented
            where = f"{name}: line {number}"
            raise BadInput(where=where, expected="no %YAML or %TAG lines", found="one", way_out="remove it")
        if len(line) > MAX_LINE:
            # The parser looks at some tokens again and again; on one endless line that takes it many seconds.
            expected, way_out = f"lines of at most {MAX_LINE} characters", "is this another file?"
            raise BadInput(where=f"{name}: line {number}", expected=expected, found=len(line), way_out=way_out)
    try:
        return _Reader(name).read(_quiet_events(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if "end of stream" in str(error.problem):  # a quote or bracket that is never closed: say where it was opened
            mark = error.context_mark or mark
        line = f": line {mark.line + 1}" if mark is not None else ""
        what = one_line(error.problem or error.context or "something else", 120)
        raise BadInput(
            where=f"{name}{line}",
            expected="YAML",
            found=f"what is none ({what.removeprefix('found ')})",
            way_out="check the indentation and the quotes around this line",
        ) from None
    except YAMLError as error:
        raise BadInput(
            where=name, expected="YAML", found=one_line(error, 160), way_out="is this a text file?"
        ) from None


def _quiet_events(text: str) -> Iterator[Any]:
    parser = YAML(typ="safe", pure=True)
    try:
        yield from parser.parse(text)
    except (ValueError, IndexError, AttributeError, TypeError, KeyError, OverflowError, AssertionError) as error:
        # The parser itself stumbles over some malformed input (an escape like "\UFFFFFFFF"); to the reader that is
        # malformed input like any other.
        if isinstance(error, YAMLError):
            raise
        raise YAMLError(f"something no reader of YAML understands ({one_line(error, 80)})") from error


class _Reader:
    """Builds the tree from the parser's events, with every limit applied as the event arrives."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0

    def refuse(self, event: Any, expected: str, found: str, way_out: str) -> BadInput:
        where = f"{self.name}: line {event.start_mark.line + 1}"
        return BadInput(where=where, expected=expected, found=found, way_out=way_out)

    def read(self, events: Iterator[Any]) -> Node:
        root: Node | None = None
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                if event.version or event.tags:
                    raise self.refuse(event, "no %YAML or %TAG lines", "one", "remove it")
                if root is not None:
                    raise self.refuse(event, "one document", "a second one after '---'", "one plan to a file")
                root = self.node(next(events), events, 0)
        if root is None or (root.kind == "scalar" and root.value is None):
            raise BadInput(
                where=self.name,
                expected="a plan",
                found="an empty file",
                way_out="begin with an example: firstshift new",
            )
        return root

    def node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        kind = type(event).__name__
        self.count += 1
        if self.count > MAX_VALUES:
            raise self.refuse(event, f"at most {MAX_VALUES} values", "more", "is this another file?")
        if depth > MAX_DEPTH:
            raise self.refuse(event, f"at most {MAX_DEPTH} levels of indentation", "more", "is this another file?")
        if kind == "AliasEvent" or getattr(event, "anchor", None):
            raise self.refuse(
                event, "no anchors and aliases (& and *)", "one", "write the value out, or quote the text"
            )
        if getattr(event, "tag", None):
            found = one_line(event.tag, 60)
            raise self.refuse(event, "no tags (!)", found, "write the plain value, or quote the text")
        mark = event.start_mark
        node = Node("scalar", mark.index, event.end_mark.index, mark.line + 1, mark.column)
        if kind == "ScalarEvent":
            self.fill_scalar(node, event)
        elif kind == "SequenceStartEvent":
            self.fill_list(node, event, events, depth)
        else:
            self.fill_block(node, event, events, depth)
        return node

    def fill_scalar(self, node: Node, event: Any) -> None:
        text = event.value
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise self.refuse(event, "characters", "half of a surrogate pair", "write the character itself")
        plain = bool(event.implicit[0]) and event.style not in ("'", '"', "|", ">")
        node.value = plain_value(text) if plain else text
        if isinstance(node.value, float) and not math.isfinite(node.value):
            raise self.refuse(event, "a finite number", text, "leave the setting out if there is no limit")
        node.flow = True

    def fill_list(self, node: Node, event: Any, events: Iterator[Any], depth: int) -> None:
        node.kind, node.flow = "list", bool(event.flow_style)
        for inner in events:
            if type(inner).__name__ == "SequenceEndEvent":
                self.close(node, inner, node.items[-1].end if node.items else node.end)
                return
            node.items.append(self.node(inner, events, depth + 1))

    def fill_block(self, node: Node, event: Any, events: Iterator[Any], depth: int) -> None:
        node.kind, node.flow = "block", bool(event.flow_style)
        for inner in events:
            if type(inner).__name__ == "MappingEndEvent":
                values = list(node.entries.values())
                self.close(node, inner, max(values[-1][1].end, values[-1][0].end) if values else node.end)
                return
            if type(inner).__name__ not in ("ScalarEvent", "AliasEvent"):
                raise self.refuse(inner, "a name before ':'", "a list or a block", "quote it if it is text")
            key = self.node(inner, events, depth + 1)
            name = inner.value
            if name in node.entries:
                first = node.entries[name][0].line
                raise self.refuse(inner, f"{one_line(name, 60)!r} once", f"it again after line {first}", "remove one")
            value = self.node(next(events), events, depth + 1)
            node.entries[name] = (key, value)

    def close(self, node: Node, event: Any, last: int) -> None:
        # A block ends where its last value ends: the parser's own mark lies behind the comments that follow it.
        node.end = event.end_mark.index if node.flow else last


_INTEGER = re.compile(r"[-+]?[0-9]{1,30}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


def plain_value(text: str) -> Any:
    """What an unquoted word means: YAML 1.2's core schema, without octal and hexadecimal numbers."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if len(text) <= 400 and _FLOAT.fullmatch(text):
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        return math.nan
    return text


def path_text(path: tuple[PathStep, ...]) -> str:
    """`('defects', 2, 'depth_um')` as `defects[2].depth_um`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text


_STEP = re.compile(r"(?:^|\.)([^.\[\]]+)|\[([0-9]{1,9})\]")


def parse_path(text: str) -> tuple[PathStep, ...]:
    """`defects[2].depth_um` as `('defects', 2, 'depth_um')`."""
    steps: list[PathStep] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            raise BadInput(where="path", expected="names and indexes, as in defects[2].depth_um", found=text)
        steps.append(match[1] if match[1] is not None else int(match[2]))
        position = match.end()
    if not steps:
        raise BadInput(where="path", expected="a path, as in station.working_distance_mm", found="nothing")
    return tuple(steps)
