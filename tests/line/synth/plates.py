"""A round plate with one hole, as an STL file beside its plan, for tests to damage."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import trimesh

from tests.spec.plans import RING_AND_LOW, changed_text

PART_AND_CAMERA = """\
format: 1
name: plate
part:
  name: plate
  cad: plate.stl
  cad_unit: mm
  size_mm: [30, 30, 4]
  bodies:
    - {name: plate, material: plastic, colour: "#909090", finish: {kind: moulded, ra_um: [0.8, 0.8]}}
  regions:
    - {name: top, facing: {direction: [0, 0, 1]}}
station:
  name: cell
  camera: {sensor_px: [480, 480], pixel_um: 3.45}
  lens: {kind: telecentric, magnification: 0.2, f_number: 8}
"""
UNDRILLED = "  - {type: missing_feature, class: undrilled, feature: hole, size_mm: [5, 6]}\n"
PLAN = f"{PART_AND_CAMERA}{RING_AND_LOW}defects:\n{UNDRILLED}"


def plate(chords: int = 32) -> trimesh.Trimesh:
    """30 mm across and 4 mm thick, with a hole of 6 mm."""
    return trimesh.creation.annulus(3.0, 15.0, 4.0, sections=chords)


def without_underside(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    return trimesh.Trimesh(mesh.vertices, mesh.faces[mesh.face_normals[:, 2] > -0.9], process=False)


def plate_plan(folder: Path, mesh: trimesh.Trimesh | None = None, *changes: tuple[str, str]) -> Path:
    """The plan's file."""
    folder.mkdir(parents=True, exist_ok=True)
    data = (mesh if mesh is not None else plate()).export(file_type="stl")
    (folder / "plate.stl").write_bytes(data)
    file = folder / "plan.yaml"
    file.write_text(changed_text(PLAN, *changes), encoding="utf-8")
    return file


def ring_means(pixels: np.ndarray, pixel_mm: float, edges_mm: list[float]) -> list[float]:
    """Mean level of each ring around the middle of the image, between one radius and the next."""
    height, width = pixels.shape
    y, x = np.mgrid[:height, :width] + 0.5
    away = np.hypot(x - width / 2, y - height / 2) * pixel_mm
    return [float(pixels[(away >= low) & (away < high)].mean()) for low, high in pairwise(edges_mm)]
