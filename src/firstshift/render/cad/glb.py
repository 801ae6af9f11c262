"""GLB (glTF 2.0 in one file) into shells: what the CAD kernel hands over, and what other programs export.

Read are triangles, normals, names, colours and the placement of each node; metres become millimetres, axes stay as
they are. Of a file from the CAD kernel each primitive is one CAD face. Images, skins and animations are not
looked at, so that nothing in the file can grow. Format: Khronos, glTF 2.0 specification, sections 3.6 and 4.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput
from firstshift.core.mesh import Floats
from firstshift.render.cad.shell import MAX_TRIANGLES, Shell

Colour = tuple[float, float, float]
METRE_MM = 1000.0
MAX_DEPTH = 100
MAX_INSTANCES = 10_000
_JSON, _BIN = 0x4E4F534A, 0x004E4942
_TYPES = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_TRIANGLES, _STRIP, _FAN = 4, 5, 6


def shells_of_glb(data: bytes, where: str, unit_mm: float = METRE_MM, face_each: bool = False) -> list[Shell]:
    """The bodies in the order of the file, one for each place a part is used in; with `face_each`, every primitive of a
    mesh is a face of its own."""
    document, blob = _opened(data, where)
    needed = set(document.get("extensionsRequired", ())) - {"KHR_mesh_quantization"}
    if needed:
        way_out = "export it without compression"
        raise BadInput(where=where, expected="plain triangles", found=", ".join(sorted(needed)), way_out=way_out)
    try:
        shells = list(_Reader(document, blob, where, unit_mm, face_each).shells())
    except (KeyError, IndexError, TypeError, ValueError, OverflowError, AttributeError) as error:
        found = f"{type(error).__name__} {error}"
        raise BadInput(
            where=where, expected="a GLB file whose tables fit", found=found, way_out="export it again"
        ) from None
    return shells


def _opened(data: bytes, where: str) -> tuple[dict[str, Any], bytes]:
    if len(data) < 20 or data[:4] != b"glTF":
        raise BadInput(where=where, expected="a GLB file", found="something else", way_out="export it again as GLB")
    _, version, length, size, kind = struct.unpack_from("<4sIIII", data)
    if version != 2 or kind != _JSON:
        raise BadInput(where=where, expected="glTF version 2", found=f"version {version}", way_out="export it again")
    if length > len(data) or 20 + size > length:
        found = f"{len(data)} of {length} bytes"
        raise BadInput(where=where, expected="the whole file", found=found, way_out="copy or export it again")
    try:
        document = json.loads(data[20 : 20 + size])
    except (ValueError, RecursionError):
        raise BadInput(where=where, expected="glTF's JSON", found="something else", way_out="export it again") from None
    if not isinstance(document, dict):
        raise BadInput(where=where, expected="glTF's JSON", found="something else", way_out="export it again")
    start = 20 + size
    if start + 8 > length:
        return document, b""
    size, kind = struct.unpack_from("<II", data, start)
    return document, data[start + 8 : start + 8 + size] if kind == _BIN else b""


class _Reader:
    def __init__(self, document: dict[str, Any], blob: bytes, where: str, unit_mm: float, face_each: bool) -> None:
        self.document, self.blob, self.where, self.unit_mm = document, blob, where, unit_mm
        self.face_each = face_each
        self.nodes: list[dict[str, Any]] = document.get("nodes", [])
        self.triangles = 0
        self.instances = 0

    def shells(self) -> Iterator[Shell]:
        scenes = self.document.get("scenes", [])
        roots = scenes[self.document.get("scene", 0)].get("nodes", []) if scenes else range(len(self.nodes))
        for root in roots:
            yield from self._below(int(root), np.eye(4), (), 0)

    def _below(self, index: int, above: Floats, names: tuple[str, ...], depth: int) -> Iterator[Shell]:
        if depth > MAX_DEPTH or self.instances > MAX_INSTANCES:
            found = f"more than {MAX_DEPTH} levels or {MAX_INSTANCES} parts"
            raise BadInput(where=self.where, expected="an assembly of parts", found=found, way_out="export less of it")
        node = self.nodes[index]
        placed = above @ _matrix(node)
        name = str(node.get("name", ""))
        names = (name, *names) if name else names
        if "mesh" in node:
            self.instances += 1
            yield from self._mesh(int(node["mesh"]), placed, names)
        for child in node.get("children", ()):
            yield from self._below(int(child), placed, names, depth + 1)

    def _mesh(self, index: int, placed: Floats, names: tuple[str, ...]) -> Iterator[Shell]:
        mesh = self.document["meshes"][index]
        part = str(mesh.get("name", ""))
        pieces = [piece for p in mesh["primitives"] if (piece := self._primitive(p)) is not None]
        if not pieces:
            return
        vertices = np.concatenate([p[0] for p in pieces])
        starts = np.cumsum([0] + [len(p[0]) for p in pieces[:-1]])
        triangles = np.concatenate([p[1] + start for p, start in zip(pieces, starts, strict=True)])
        normals = None
        if all(p[2] is not None for p in pieces):
            normals = np.concatenate([p[2] for p in pieces if p[2] is not None])
            normals = _unit(normals @ np.linalg.inv(placed[:3, :3]))
        face = None
        if self.face_each:
            face = np.repeat(np.arange(len(pieces), dtype=np.int32), [len(p[1]) for p in pieces])
        vertices = (vertices @ placed[:3, :3].T + placed[:3, 3]) * self.unit_mm
        if np.linalg.det(placed[:3, :3]) < 0:  # a mirrored part: its triangles run the other way round
            triangles = triangles[:, ::-1]
        own = (names[0], part) if names and part else (*names[:1], part)
        called = tuple(dict.fromkeys(n for n in (*own, *names[1:]) if n))
        colour = _mostly([(_area(p[0], p[1]), p[3]) for p in pieces])
        yield Shell(called, vertices, np.ascontiguousarray(triangles, np.int32), normals, face, (), colour)

    def _primitive(self, primitive: dict[str, Any]) -> tuple[Any, Any, Any, Colour | None] | None:
        mode = primitive.get("mode", _TRIANGLES)
        if mode not in (_TRIANGLES, _STRIP, _FAN) or "POSITION" not in primitive["attributes"]:
            return None  # points and lines: sketches, notes
        vertices = self._accessor(primitive["attributes"]["POSITION"]).astype(np.float64)
        if vertices.shape[1] != 3:
            raise ValueError(f"positions of {vertices.shape[1]} numbers")
        if "indices" in primitive:
            order = self._accessor(primitive["indices"]).reshape(-1).astype(np.int64)
        else:
            order = np.arange(len(vertices))
        triangles = _listed(order, mode)
        self.triangles += len(triangles)
        if self.triangles > MAX_TRIANGLES:
            expected = f"at most {MAX_TRIANGLES // 1_000_000} million triangles"
            raise BadInput(where=self.where, expected=expected, found="more", way_out="export it coarser")
        if len(triangles) == 0:
            return None
        if triangles.min() < 0 or triangles.max() >= len(vertices):
            raise ValueError(f"vertex {triangles.max()} of {len(vertices)}")
        normals = None
        if "NORMAL" in primitive["attributes"]:
            normals = self._accessor(primitive["attributes"]["NORMAL"]).astype(np.float64)
            if normals.shape != vertices.shape:
                raise ValueError(f"{len(normals)} normals for {len(vertices)} positions")
            normals = np.nan_to_num(np.clip(normals, -2, 2))
        return vertices, triangles, normals, self._colour(primitive.get("material"))

    def _colour(self, material: int | None) -> Colour | None:
        if material is None:
            return None
        factor = self.document["materials"][material].get("pbrMetallicRoughness", {}).get("baseColorFactor")
        if factor is None:
            return None
        red, green, blue = (min(1.0, max(0.0, float(value))) for value in factor[:3])
        return (red, green, blue)

    def _accessor(self, index: int) -> npt.NDArray[Any]:
        accessor = self.document["accessors"][index]
        if "sparse" in accessor:
            raise ValueError("sparse accessors")
        kind = np.dtype(_TYPES[accessor["componentType"]]).newbyteorder("<")
        width, count = _WIDTHS[accessor["type"]], int(accessor["count"])
        view = self.document["bufferViews"][accessor["bufferView"]]
        if view.get("buffer", 0) != 0 or "uri" in self.document["buffers"][0]:
            raise ValueError("data outside the file")
        start = int(view.get("byteOffset", 0)) + int(accessor.get("byteOffset", 0))
        stride = int(view.get("byteStride", 0)) or kind.itemsize * width
        end = start + stride * (count - 1) + kind.itemsize * width if count else start
        if min(start, count) < 0 or stride < kind.itemsize * width or end > len(self.blob):
            raise ValueError(f"data up to byte {end} of {len(self.blob)}")
        rows: npt.NDArray[Any] = np.ndarray((count, width), kind, self.blob, start, (stride, kind.itemsize))
        if accessor.get("normalized") and kind.kind in "iu":
            rows = np.maximum(rows / float(2 ** (8 * kind.itemsize - (kind.kind == "i")) - 1), -1.0)
        return rows


def _matrix(node: dict[str, Any]) -> Floats:
    if "matrix" in node:
        return np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
    placed = np.eye(4)
    x, y, z, w = (float(v) for v in node.get("rotation", (0, 0, 0, 1)))
    turned = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    placed[:3, :3] = turned * np.array(node.get("scale", (1, 1, 1)), dtype=np.float64)
    placed[:3, 3] = node.get("translation", (0, 0, 0))
    return placed


def _listed(order: npt.NDArray[np.int64], mode: int) -> npt.NDArray[np.int32]:
    if mode == _TRIANGLES:
        return order[: len(order) // 3 * 3].reshape(-1, 3).astype(np.int32)
    count = max(0, len(order) - 2)
    k = np.arange(count)
    if mode == _STRIP:
        odd = k % 2
        rows = [order[k], order[k + 1 + odd], order[k + 2 - odd]]
    else:
        rows = [np.full(count, order[0] if count else 0), order[k + 1], order[k + 2]]
    return np.stack(rows, axis=1).astype(np.int32)


def _area(vertices: Floats, triangles: npt.NDArray[np.int32]) -> float:
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def _mostly(painted: list[tuple[float, Colour | None]]) -> Colour | None:
    """The colour of the largest area: a body with one painted face keeps its own."""
    total: dict[Colour | None, float] = {}
    for area, colour in painted:
        total[colour] = total.get(colour, 0.0) + area
    return max(total, key=lambda colour: total[colour])


def _unit(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 1e-12))
