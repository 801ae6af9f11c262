"""Meshes and stations small enough to know everything about."""

from __future__ import annotations

from typing import Any

import numpy as np
import trimesh

from firstshift.core.mesh import Mesh
from firstshift.render.pose import Pose
from firstshift.render.surface import Surface
from firstshift.spec.part import Part
from firstshift.spec.station import Station

STEEL = Surface("steel", "steel", "ground", 0.8, "straight", 30.0, (0.0, 0.0, 0.0), 0.0, None, 1)


def mesh_of(shape: Any, smooth: bool = False) -> Mesh:
    """Flat faces (one for each direction) or one round one."""
    count = len(shape.faces)
    if smooth:
        normals, face = shape.vertex_normals[shape.faces], np.zeros(count, np.int32)
    else:
        normals = np.repeat(shape.face_normals[:, None], 3, axis=1)
        face = np.unique(np.round(shape.face_normals, 4), axis=0, return_inverse=True)[1].reshape(-1).astype(np.int32)
    names = tuple(str(n) for n in range(int(face.max()) + 1))
    return Mesh(
        np.array(shape.vertices, dtype=np.float64), np.array(shape.faces, dtype=np.int32), normals.astype(np.float32),
        np.zeros(count, np.int16), face, ("body",), names,
    )  # fmt: skip


def block(x: float, y: float, z: float) -> Mesh:
    return mesh_of(trimesh.creation.box((x, y, z)))


def ball(radius: float) -> Mesh:
    return mesh_of(trimesh.creation.icosphere(subdivisions=5, radius=radius), smooth=True)


def at(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Pose:
    return Pose(np.eye(3), np.array([x, y, z]))


def part(**more: Any) -> Part:
    body = {"name": "body", "material": "steel", "finish": {"kind": "ground", "ra_um": [0.4, 0.8]}}
    return Part.model_validate({"name": "block", "size_mm": (20, 20, 4), "bodies": (body,), **more})


def station(kind: str = "perspective", size: tuple[int, int] = (640, 480), **more: Any) -> Station:
    lenses: dict[str, dict[str, Any]] = {
        "perspective": {"kind": "perspective", "focal_mm": 25, "f_number": 8},
        "telecentric": {"kind": "telecentric", "magnification": 0.1, "f_number": 8},
    }
    plain: dict[str, Any] = {
        "name": "cell", "camera": {"sensor_px": size, "pixel_um": 3.45}, "working_distance_mm": 250,
        "lens": lenses.get(kind, lenses["perspective"]),
        "lights": ({"kind": "spot", "name": "lamp", "position_mm": (50, 0, 200)},),
        "channels": ({"name": "one", "lights": ("lamp",)},),
    }  # fmt: skip
    if kind == "line":
        plain["camera"]["sensor_px"] = (size[0], 1)
        plain["line_scan"] = {"line_rate_hz": 1000, "speed_mm_s": 40, "length_mm": 0.04 * size[1]}
    for key, value in more.items():
        plain[key] = {**plain[key], **value} if key == "camera" else value
    return Station.model_validate(plain)
