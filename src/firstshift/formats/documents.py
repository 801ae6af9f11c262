"""Label files of other tools, parsed within limits: JSON, XML, YAML, CSV, plain text. Only `BadInput` comes out."""

from __future__ import annotations

import csv
import io
import json
import math
import xml.etree.ElementTree as ElementTree
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent

from firstshift.core.errors import BadInput
from firstshift.formats.tree import Tree

MAX_TABLE_BYTES = 512 * 2**20
MAX_SMALL_BYTES = 8 * 2**20


def read_text(tree: Tree, name: str, max_bytes: int = MAX_SMALL_BYTES) -> str:
    data = tree.read(name, max_bytes)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(
            where=name, expected="text in UTF-8", found=f"byte {data[error.start]:#04x} at {error.start}"
        ) from error


def read_json(tree: Tree, name: str) -> Any:
    text = read_text(tree, name, MAX_TABLE_BYTES)
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        found = "lists nested too deep" if isinstance(error, RecursionError) else error
        raise BadInput(where=name, expected="JSON", found=found) from error


def json_bytes(tree: Tree, name: str) -> bytes:
    """What a format looks into to know its own file; empty for what is no JSON file or cannot be read."""
    if not name.lower().endswith(".json"):
        return b""
    try:
        return tree.read(name, MAX_TABLE_BYTES)
    except BadInput:
        return b""


def read_xml(tree: Tree, name: str) -> ElementTree.Element:
    """No document type, no entities: neither is needed by any label file, both can be turned against a reader."""
    data = tree.read(name, MAX_SMALL_BYTES)
    lowered = data.lower()
    if b"<!doctype" in lowered or b"<!entity" in lowered or b"\0" in data:
        raise BadInput(where=name, expected="plain XML", found="a document type, entities or UTF-16")
    try:
        return ElementTree.fromstring(data)  # noqa: S314 - document types and entities were refused above
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise BadInput(where=name, expected="XML", found=error) from error


def read_yaml(tree: Tree, name: str) -> Any:
    text = read_text(tree, name, 2**20)
    try:
        yaml = YAML(typ="safe", pure=True)
        if any(isinstance(event, AliasEvent) for event in yaml.parse(io.StringIO(text))):
            raise BadInput(where=name, expected="plain YAML", found="an alias (*name)")
        return YAML(typ="safe", pure=True).load(io.StringIO(text))
    except (YAMLError, ValueError, RecursionError) as error:
        raise BadInput(where=name, expected="YAML", found=type(error).__name__) from error


def read_csv(tree: Tree, name: str) -> tuple[list[str], list[dict[str, str]]]:
    """Header and rows; comma, semicolon or tab, whichever the header has most of."""
    text = read_text(tree, name, MAX_TABLE_BYTES)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [cell.strip() for cell in next(rows, [])]
        if len(set(header)) != len(header):
            raise BadInput(where=f"{name}: line 1", expected="different column names", found=", ".join(header))
        table = []
        for cells in rows:
            if not cells:
                continue
            if len(cells) != len(header):
                raise BadInput(where=f"{name}: line {rows.line_num}", expected=f"{len(header)} cells", found=len(cells))
            table.append(dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        raise BadInput(where=f"{name}: line {rows.line_num}", expected="CSV", found=error) from error
    return header, table


def number(value: object, where: str) -> float:
    """A finite number of a size that a picture can have something to do with."""
    try:
        result = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError) as error:
        raise BadInput(where=where, expected="a number", found=repr(value)[:80]) from error
    if isinstance(value, bool) or not math.isfinite(result) or abs(result) > 1e9:
        raise BadInput(where=where, expected="a number within a thousand million", found=repr(value)[:80])
    return result


def whole(value: object, where: str) -> int:
    result = number(value, where)
    if not result.is_integer():
        raise BadInput(where=where, expected="a whole number", found=repr(value)[:80])
    return int(result)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name}, which JSON does not have")
