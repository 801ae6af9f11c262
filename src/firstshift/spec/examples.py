"""The plans that ship with the package: complete, commented, and a place to start from."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from firstshift.core.errors import BadInput, NotFound, Refused

_ORDER = ("bracket", "cap", "fitting", "strip")
_KEPT_SUFFIXES = (".yaml", ".step")


def example_names() -> tuple[str, ...]:
    return _ORDER


def example_text(name: str) -> str:
    """The `plan.yaml` of an example."""
    return _folder(name).joinpath("plan.yaml").read_text(encoding="utf-8")


def copy_example(name: str, folder: str | Path) -> Path:
    """Copy an example's plan and CAD file into a folder (made if needed) and return the plan's path.

    Nothing is overwritten: a plan that is there already is somebody's work.
    """
    source = [entry for entry in _folder(name).iterdir() if entry.name.endswith(_KEPT_SUFFIXES)]
    target = Path(folder)
    for entry in source:
        if (target / entry.name).exists():
            raise Refused(
                where=target / entry.name,
                expected="a folder without it",
                found="a file with this name",
                way_out="choose another folder, or remove the file",
            )
    try:
        target.mkdir(parents=True, exist_ok=True)
        for entry in source:
            (target / entry.name).write_bytes(entry.read_bytes())
    except OSError as error:
        raise BadInput(where=target, expected="a folder that can be written", found=error.strerror or error) from None
    return target / "plan.yaml"


def _folder(name: str) -> Traversable:
    if name not in _ORDER:
        raise NotFound(where="example", expected=f"one of {', '.join(_ORDER)}", found=name)
    return files("firstshift.spec") / "examples" / name
