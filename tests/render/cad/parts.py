"""Parts and files for the tests of the CAD room."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

from firstshift.core.mesh import Mesh
from firstshift.render.cad.reading import read_part
from firstshift.spec.part import Part
from firstshift.spec.plan import Plan

FILES = Path(__file__).parent / "files"
EXAMPLES = Path(str(files("firstshift.spec") / "examples"))


def part_of(
    cad: str | None, size_mm: tuple[float, float, float], bodies: tuple[str, ...] = ("it",), **more: Any
) -> Part:
    finish = {"kind": "milled", "ra_um": [0.4, 1.6]}
    return Part.model_validate(
        {
            "name": "test",
            "cad": cad,
            "size_mm": size_mm,
            "bodies": [{"name": name, "material": "steel", "finish": finish} for name in bodies],
            **more,
        }
    )


@lru_cache
def example(name: str) -> tuple[Part, Mesh]:
    plan = Plan.load(EXAMPLES / name / "plan.yaml")
    return plan.part, read_part(plan.part, EXAMPLES / name)


@lru_cache
def fixture(name: str, *size_mm: float) -> Mesh:
    x, y, z = size_mm
    return read_part(part_of(f"{name}.step", (x, y, z)), FILES)


def box_mesh(size_mm: tuple[float, float, float] = (40, 30, 20)) -> trimesh.Trimesh:
    return trimesh.creation.box(extents=size_mm)


def saved(mesh: trimesh.Trimesh, path: Path) -> Path:
    path.write_bytes(data if isinstance(data := mesh.export(file_type=path.suffix[1:]), bytes) else data.encode())
    return path


def without_faces(mesh: trimesh.Trimesh, looking: tuple[float, float, float]) -> trimesh.Trimesh:
    """Open where the faces looked that way."""
    keep = mesh.face_normals @ np.array(looking) < 0.9
    return trimesh.Trimesh(mesh.vertices, mesh.faces[keep], process=False)
