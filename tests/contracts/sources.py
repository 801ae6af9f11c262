"""Every Python file of the package, parsed once."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from tests.contracts.house import PACKAGE, ROOT


@cache
def package_sources() -> dict[str, ast.Module]:
    """Path relative to the repository → syntax tree."""
    return {str(path.relative_to(ROOT)): parse(path) for path in sorted(PACKAGE.rglob("*.py"))}


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def imported_modules(tree: ast.Module) -> list[tuple[int, str]]:
    """(line, dotted name) of each import anywhere in the file."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def dotted(node: ast.expr) -> str:
    """`yaml.load` for the expression that says so; empty for anything computed."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (left := dotted(node.value)):
        return f"{left}.{node.attr}"
    return ""
