"""A part of the plan as a mesh: its CAD file read, checked, and its bodies matched with the plan's.

    mesh = read_part(plan.part, folder_of_the_plan)

Millimetres in the coordinates of the CAD file. Chords keep within `tolerance_mm` of the true surface and turn by at
most `angle_deg` from one to the next. A part without a CAD file is a box whose upper surface lies at z = 0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from firstshift.core.errors import BadInput
from firstshift.core.mesh import Floats, Mesh
from firstshift.render.cad.assembling import assembled
from firstshift.render.cad.checking import refuse_unusable
from firstshift.render.cad.files import read_cad_bytes
from firstshift.render.cad.glb import METRE_MM, shells_of_glb
from firstshift.render.cad.meshfiles import MM_OF_UNIT, shells_of_mesh
from firstshift.render.cad.shell import Shell
from firstshift.render.cad.step import shells_of_step
from firstshift.spec.part import Part

STEP_SUFFIXES = (".step", ".stp")


def read_part(part: Part, folder: Path, tolerance_mm: float = 0.01, angle_deg: float = 8.0) -> Mesh:
    """Raises BadInput for a file that cannot be used; `checking.examine` tells what is odd and still works."""
    if not (0 < tolerance_mm < 1e3 and 0 < angle_deg <= 90):
        found = f"{tolerance_mm:g} mm, {angle_deg:g}°"
        raise BadInput(where="tessellation", expected="a tolerance above 0 mm and an angle up to 90°", found=found)
    if part.cad is None:
        return flat_mesh(part.size_mm, part.bodies[0].name)
    shells = read_shells(folder / part.cad, part, tolerance_mm, angle_deg)
    mesh = assembled(shells, part)
    refuse_unusable(part, mesh)
    return mesh


def read_shells(path: Path, part: Part, tolerance_mm: float, angle_deg: float) -> list[Shell]:
    where, suffix = part.cad or path.name, path.suffix.lower()
    data = read_cad_bytes(path, where)
    if suffix in STEP_SUFFIXES:
        shells = shells_of_step(path, data, where, tolerance_mm, angle_deg)
    elif suffix == ".glb":
        unit_mm = MM_OF_UNIT[part.cad_unit] if part.cad_unit else METRE_MM
        shells = shells_of_glb(data, where, unit_mm)
    else:
        shells = shells_of_mesh(data, suffix, where, MM_OF_UNIT[part.cad_unit or "mm"])
    if not any(len(shell.triangles) for shell in shells):
        way_out = "export the solid, not sketches, notes or an empty assembly"
        raise BadInput(where=where, expected="a solid", found="no surfaces at all", way_out=way_out)
    return shells


def flat_mesh(size_mm: tuple[float, float, float], body: str) -> Mesh:
    """A box: width along x, length along y, thickness downwards from z = 0."""
    x, y, z = size_mm[0] / 2, size_mm[1] / 2, size_mm[2]
    corners = np.array([(i, j, k) for k in (-z, 0.0) for j in (-y, y) for i in (-x, x)])
    quads = {
        "top": (4, 5, 7, 6), "bottom": (0, 2, 3, 1), "front": (0, 1, 5, 4), "back": (2, 6, 7, 3), "left": (0, 4, 6, 2),
        "right": (1, 3, 7, 5),
    }  # fmt: skip
    triangles = np.array([(a, *pair) for a, b, c, d in quads.values() for pair in ((b, c), (c, d))], dtype=np.int32)
    normals: Floats = np.repeat(np.array([(0, 0, 1), (0, 0, -1), (0, -1, 0), (0, 1, 0), (-1, 0, 0), (1, 0, 0)]), 2, 0)
    return Mesh(
        vertices_mm=corners,
        triangles=triangles,
        corner_normals=np.repeat(normals[:, None, :], 3, axis=1).astype(np.float32),
        body=np.zeros(12, dtype=np.int16),
        face=np.repeat(np.arange(6, dtype=np.int32), 2),
        body_names=(body,),
        face_names=tuple(quads),
        body_colours=(None,),
    )
