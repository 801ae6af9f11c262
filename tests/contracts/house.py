"""The house as docs/architecture.md describes it, and as the import contracts in pyproject.toml enforce it."""

from __future__ import annotations

import re
import tomllib
from itertools import product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "firstshift"
PAGE = ROOT / "docs" / "architecture.md"
Pair = tuple[str, str]


def page_section(title: str) -> str:
    text = PAGE.read_text()
    assert f"\n## {title}\n" in text, f"docs/architecture.md: expected a section '{title}'"
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def table_rows(section: str) -> list[list[str]]:
    """The cells of each row of the table in `section`, without its head."""
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def built_rooms() -> dict[str, set[str]]:
    """Each room of the table and what it may import."""
    rows = table_rows(page_section("The rooms that are built"))
    return {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[2])) for row in rows}


def planned_rooms() -> set[str]:
    return {
        name for row in table_rows(page_section("Rooms that are planned")) for name in re.findall(r"`(\w+)`", row[0])
    }


def diagram_rooms() -> list[str]:
    """The rooms of the diagram, from top to bottom."""
    diagram = page_section("The rooms that are built").split("```")[1]
    return re.findall(r"^[\s│├└]*(\w+)", diagram, flags=re.MULTILINE)


def rooms_on_disk() -> set[str]:
    return {folder.name for folder in PACKAGE.iterdir() if folder.is_dir() and any(folder.glob("*.py"))}


def contracts() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    return found


def layers() -> list[list[str]]:
    """From the top: the rooms of each layer. Planned rooms stand in brackets in the contract."""
    contract = next(contract for contract in contracts() if contract["type"] == "layers")
    return [[name.strip(" ()") for name in layer.split("|")] for layer in contract["layers"]]


def forbidden_pairs() -> set[Pair]:
    """(importer, imported) of rooms that some contract forbids."""
    order = layers()
    forbidden = {
        (below, above)
        for high, layer in enumerate(order)
        for low_layer in order[high + 1 :]
        for above, below in product(layer, low_layer)
    }
    forbidden |= {(one, other) for layer in order for one, other in product(layer, layer) if one != other}
    for contract in contracts():
        if contract["type"] == "forbidden":
            forbidden |= {
                (source.removeprefix("firstshift."), target.removeprefix("firstshift."))
                for source, target in product(contract["source_modules"], contract["forbidden_modules"])
                if target.startswith("firstshift.")
            }
    return forbidden
