"""Which renderer made an image: a hash over the source files that decide pixels, and the versions of its libraries.

Between two releases, or two states of a working copy, the same recipe may give other bytes without anybody having
raised `RECIPE_VERSION`. Each image and each run carries this, so that a run is never gone on with by another renderer
unnoticed, and an image that comes out otherwise says why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import firstshift

PACKAGES = ("core", "spec", "defects", "render", "sensor", "line/synth")
NO_PIXELS = frozenset(
    {
        *("core/errors.py", "core/ids.py", "core/lettering.py", "core/progress.py", "core/wholefile.py"),
        *(
            "render/cad/region_picture.py",
            "render/devices.py",
            "spec/examples.py",
            "spec/finding.py",
            "spec/reference.py",
            "spec/yaml_edit.py",
        ),
        *(
            f"line/synth/{name}.py"
            for name in (
                *(
                    "benching",
                    "costing",
                    "crew",
                    "fingerprint",
                    "journal",
                    "keeping",
                    "laying_out",
                    "onto",
                    "onto_assigning",
                    "onto_photographs",
                    "onto_work",
                ),
                *(
                    "onto_showing",
                    "panels",
                    "recording",
                    "report",
                    "running",
                    "sheet",
                    "sheet_page",
                    "showing",
                    "standing",
                ),
            )
        ),
    }
)
"""What an image cannot depend on: words, book-keeping, contact sheets."""
LIBRARIES = {
    "numpy": "numpy", "scipy": "scipy", "numba": "numba", "embreex": "embreex", "trimesh": "trimesh",
    "cascadio": "cascadio", "opencv": "opencv-python-headless",
}  # fmt: skip


@cache
def _told() -> tuple[tuple[str, str], ...]:
    root = Path(firstshift.__file__).parent
    digest = hashlib.sha256()
    for name, path in _sources(root):
        digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return (("source", digest.hexdigest()[:16]), *((name, _version(of)) for name, of in LIBRARIES.items()))


def renderer() -> dict[str, str]:
    """This one, in words that an image's record and a run's journal carry."""
    return dict(_told())


def renderer_name(told: Mapping[str, str]) -> str:
    """Short, for the name of a run."""
    return hashlib.sha256("\n".join(f"{name} {told[name]}" for name in sorted(told)).encode()).hexdigest()[:12]


def what_changed(then: Any, now: Mapping[str, str] | None = None) -> str:
    """In words what is not as it was; empty for the same renderer."""
    here = renderer() if now is None else now
    if not isinstance(then, Mapping) or not then:
        return "its record does not say which renderer made it"
    differing = [name for name in sorted({*then, *here}) if then.get(name) != here.get(name)]
    return ", ".join(f"{name} was {then.get(name, 'none')}, is {here.get(name, 'none')}" for name in differing)


def _sources(root: Path) -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if name not in NO_PIXELS:
                yield name, path


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "none"
