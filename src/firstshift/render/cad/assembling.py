"""Shells into one mesh: equal places become one vertex, triangles without area go, normals are completed, and each
body gets the name of the plan's body it belongs to.

A part that an assembly uses several times is several bodies of the same name. A plan with one body means all of them.
Otherwise a body of the plan is matched with the file's name of the body, its part, or an assembly around it; `pin#2`
is the second pin.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from firstshift.core.errors import BadInput
from firstshift.core.mesh import Floats, Mesh
from firstshift.render.cad.shell import Shell
from firstshift.render.cad.topology import facing_of, sides_of, smooth_normals, smooth_patches, turned_alike, welded
from firstshift.spec.part import Part

CREASE_DEG = 30.0
WELD_SHARE = 1e-6
"""Gaps below this share of the part's size are rounding errors of the file, not gaps."""
MAX_BODIES = 32_000
LARGEST_MM = 1e7
NO_AREA = 1e-12
"""Triangles with less area than this share of their longest side squared are lines."""


def assembled(shells: list[Shell], part: Part) -> Mesh:
    where = part.cad or "mesh"
    shells = [shell for shell in shells if len(shell.triangles)]
    if len(shells) > MAX_BODIES:
        raise BadInput(where=where, expected=f"at most {MAX_BODIES} bodies", found=len(shells), way_out="export less")
    names = body_names_of(shells, part)
    every = np.concatenate([shell.vertices_mm[shell.triangles.reshape(-1)] for shell in shells])
    if not np.isfinite(every).all():
        raise BadInput(where=where, expected="finite coordinates", found="NaN or infinity", way_out="export it again")
    if np.abs(every).max() > LARGEST_MM:
        found = f"{np.abs(every).max():.3g} mm from the origin"
        raise BadInput(where=where, expected="a part within 10 km", found=found, way_out="export it again, in mm")
    gap_mm = float(np.linalg.norm(np.ptp(every, axis=0))) * WELD_SHARE
    meshes = [_tidied(shell, name, gap_mm) for shell, name in zip(shells, names, strict=True)]
    kept = [mesh for mesh in meshes if mesh is not None]
    if not kept:
        way_out = "export the solid, not its wireframe"
        raise BadInput(where=where, expected="surfaces", found="triangles without area only", way_out=way_out)
    return _joined(kept)


def body_names_of(shells: list[Shell], part: Part) -> list[str]:
    """For each shell the plan's body; raises BadInput where the names do not fit."""
    planned = [body.name for body in part.bodies]
    if len(planned) == 1:
        return planned * len(shells)
    seen: Counter[str] = Counter()
    found, stray = [], []
    for shell in shells:
        own = shell.names[0] if shell.names else ""
        seen[own] += 1
        candidates = (f"{own}#{seen[own]}", *shell.names)
        match = next((name for c in candidates for name in planned if name == c), None)
        match = match or next((name for c in candidates for name in planned if name.casefold() == c.casefold()), None)
        if match is None:
            stray.append(own or "(no name)")
        found.append(match or "")
    idle = [name for name in planned if name not in found]
    if stray or idle:
        told = Counter(shell.names[0] if shell.names else "(no name)" for shell in shells)
        listed = ", ".join(f"{name} ({count}×)" if count > 1 else name for name, count in list(told.items())[:20])
        problem = f"no body {', '.join(idle)}" if idle else f"{', '.join(dict.fromkeys(stray))} as well"
        raise BadInput(
            where=part.cad or "part.bodies",
            expected=f"the plan's bodies {', '.join(planned)}",
            found=f"{problem}; the file has {listed}",
            way_out="name the plan's bodies as the CAD file does, or declare one body for all of it",
        )
    return found


def _tidied(shell: Shell, name: str, gap_mm: float) -> Mesh | None:
    vertices, triangles = welded(shell.vertices_mm, shell.triangles, gap_mm)
    corners = vertices[triangles]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    keep = area > NO_AREA * longest**2
    if not keep.any():
        return None
    source, triangles = shell.triangles[keep], triangles[keep]
    mended, count = turned_alike(triangles, vertices)
    if shell.normals is None:
        triangles = mended
        normals = smooth_normals(triangles, vertices, sides_of(triangles), CREASE_DEG).astype(np.float64)
    else:
        if count:
            turned = (mended != triangles).any(axis=1)
            triangles, source = mended, np.where(turned[:, None], source[:, ::-1], source)
        normals = _completed(shell.normals[source], facing_of(vertices[triangles]))
    if shell.face is None:
        face = smooth_patches(sides_of(triangles), facing_of(vertices[triangles]), CREASE_DEG)
    else:
        face = shell.face[keep]
    told = shell.face_names or ("",) * (int(face.max()) + 1)
    body = np.zeros(len(triangles), dtype=np.int16)
    return Mesh(vertices, triangles, normals.astype(np.float32), body, face, (name,), told, (shell.colour,))


def _completed(normals: Floats, facing: Floats) -> Floats:
    """Corner normals of the file, turned outwards, and the triangle's own where the file has none: at the tip of a cone
    there is none."""
    ahead = np.einsum("tcj,tj->tc", normals, facing)
    outwards = normals * np.sign(ahead)[:, :, None]
    return np.where((np.abs(ahead) > 1e-3)[:, :, None], outwards, facing[:, None, :])


def _joined(meshes: list[Mesh]) -> Mesh:
    """Bodies one after the other; a face without a name is called by its number, counted through all bodies from 1."""
    vertices_before = np.cumsum([0] + [len(mesh.vertices_mm) for mesh in meshes])
    faces_before = np.cumsum([0] + [len(mesh.face_names) for mesh in meshes])
    told = [name for mesh in meshes for name in mesh.face_names]
    return Mesh(
        vertices_mm=np.concatenate([mesh.vertices_mm for mesh in meshes]),
        triangles=np.concatenate(
            [mesh.triangles + np.int32(v) for mesh, v in zip(meshes, vertices_before, strict=False)]
        ),
        corner_normals=np.concatenate([mesh.corner_normals for mesh in meshes]),
        body=np.concatenate([np.full(len(mesh.triangles), i, dtype=np.int16) for i, mesh in enumerate(meshes)]),
        face=np.concatenate([mesh.face + np.int32(f) for mesh, f in zip(meshes, faces_before, strict=False)]),
        body_names=tuple(mesh.body_names[0] for mesh in meshes),
        face_names=tuple(name or str(number) for number, name in enumerate(told, start=1)),
        body_colours=tuple(mesh.body_colours[0] for mesh in meshes),
    )
