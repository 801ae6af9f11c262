"""A flaw as real geometry: its height field as a fine mesh, so that the path tracer can judge what the shader makes
of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput
from firstshift.core.imprint import Layer, Patch
from firstshift.core.mesh import Mesh

Floats = npt.NDArray[np.float64]


def displaced(patch: Patch, height_mm: Layer, margin_mm: float = 0.0) -> Mesh:
    """The patch's surface in patch coordinates (u, v, n; mm): a vertex for each cell, normals from the slopes; a flat
    margin around it at the height 0, so that it can stand for a piece of a larger surface."""
    if height_mm.shape != patch.shape:
        raise BadInput(where="height field", expected=f"the patch's {patch.shape} cells", found=height_mm.shape)
    u, v, height = patch.u_mm.astype(np.float64), patch.v_mm.astype(np.float64), height_mm.astype(np.float64)
    if margin_mm > 0:
        u, v, height = _with_margin(u, v, height, margin_mm)
    rows, columns = height.shape
    across, along = np.gradient(height, v, u)
    normals = np.stack([-along, -across, np.ones_like(height)], axis=-1).reshape(-1, 3)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    vertices = np.stack([*np.meshgrid(u, v), height], axis=-1).reshape(-1, 3)
    corner = np.arange(rows * columns).reshape(rows, columns)
    a, b = corner[:-1, :-1].ravel(), corner[:-1, 1:].ravel()
    c, d = corner[1:, 1:].ravel(), corner[1:, :-1].ravel()
    triangles = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)]).astype(np.int32)
    count = len(triangles)
    return Mesh(
        vertices_mm=vertices,
        triangles=triangles,
        corner_normals=normals[triangles].astype(np.float32),
        body=np.zeros(count, np.int16),
        face=np.zeros(count, np.int32),
        body_names=("patch",),
        face_names=("patch",),
    )


def _with_margin(u: Floats, v: Floats, height: Floats, margin_mm: float) -> tuple[Floats, Floats, Floats]:
    # One flat cell first, so that the slope at the patch's rim does not run out into the margin.
    step_u, step_v = u[1] - u[0], v[1] - v[0]
    u = np.concatenate([[u[0] - step_u - margin_mm, u[0] - step_u], u, [u[-1] + step_u, u[-1] + step_u + margin_mm]])
    v = np.concatenate([[v[0] - step_v - margin_mm, v[0] - step_v], v, [v[-1] + step_v, v[-1] + step_v + margin_mm]])
    return u, v, np.pad(height, 2)
