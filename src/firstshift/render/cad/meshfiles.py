"""STL, OBJ and PLY into shells, through trimesh. These formats know triangles only; OBJ and ASCII STL also names.

Nothing beside the file is opened: no material files, no textures.
"""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np

from firstshift.core.errors import BadInput
from firstshift.render.cad.shell import MAX_TRIANGLES, Shell

MM_OF_UNIT = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "inch": 25.4}


def shells_of_mesh(data: bytes, suffix: str, where: str, unit_mm: float) -> list[Shell]:
    """`suffix` is .stl, .obj or .ply."""
    if suffix == ".stl":
        _check_stl(data, where)
    if suffix == ".ply":
        _check_ply(data, where)
    try:
        loaded = _loaded(data, suffix)
        shells = [shell for name, raw in loaded if (shell := _shell(name, raw, unit_mm)) is not None]
    except BadInput:
        raise
    except Exception as error:  # noqa: BLE001 – trimesh raises whatever its parsers met: the file is broken
        found = f"{type(error).__name__}: {error}"
        raise BadInput(
            where=where,
            expected=f"a whole {suffix[1:].upper()} file",
            found=found[:160],
            way_out="copy or export it again",
        ) from None
    total = sum(len(shell.triangles) for shell in shells)
    if total > MAX_TRIANGLES:
        expected = f"at most {MAX_TRIANGLES // 1_000_000} million triangles"
        raise BadInput(where=where, expected=expected, found=f"{total:,}", way_out="export it coarser")
    return shells


def _loaded(data: bytes, suffix: str) -> list[tuple[str, dict[str, Any]]]:
    from trimesh.exchange import obj, ply, stl

    if suffix == ".obj":
        text = io.StringIO(data.decode("utf-8", "replace"))
        raw = obj.load_obj(text, resolver=None, skip_materials=True, split_objects=True)
    elif suffix == ".ply":
        raw = ply.load_ply(io.BytesIO(data), resolver=None, skip_materials=True)
    elif _is_binary_stl(data):
        raw = stl.load_stl_binary(io.BytesIO(data))
    else:
        raw = stl.load_stl_ascii(io.StringIO(data.decode("utf-8", "replace")))
    if "geometry" in raw:
        return [(str(name), piece) for name, piece in raw["geometry"].items()]
    return [("", raw)]


def _shell(name: str, raw: dict[str, Any], unit_mm: float) -> Shell | None:
    triangles = np.asarray(raw.get("faces", np.zeros((0, 3))), dtype=np.int64)
    vertices = np.asarray(raw.get("vertices", np.zeros((0, 3))), dtype=np.float64)
    if triangles.size == 0:
        return None
    if triangles.ndim == 2 and triangles.shape[1] == 4:
        triangles = np.concatenate([triangles[:, :3], triangles[:, [0, 2, 3]]])
    if triangles.ndim != 2 or triangles.shape[1] != 3:
        raise ValueError(f"faces of shape {triangles.shape}")
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise ValueError(f"vertices of shape {vertices.shape}")
    if triangles.min() < 0 or triangles.max() >= len(vertices):
        raise ValueError(f"vertex {triangles.max()} of {len(vertices)}")
    return Shell((name,) if name else (), vertices * unit_mm, triangles.astype(np.int32))


def _is_binary_stl(data: bytes) -> bool:
    """Some programs begin binary files with "solid" too, so the length decides."""
    return len(data) >= 84 and (not data[:512].lstrip().startswith(b"solid") or _told_length(data) == len(data))


def _told_length(data: bytes) -> int:
    return 84 + 50 * int(struct.unpack_from("<I", data, 80)[0])


def _check_stl(data: bytes, where: str) -> None:
    if _is_binary_stl(data):
        if len(data) < _told_length(data):
            found = f"{len(data):,} of {_told_length(data):,} bytes"
            raise BadInput(where=where, expected="a whole STL file", found=found, way_out="copy or export it again")
    elif b"endsolid" not in data[-4096:]:
        raise BadInput(
            where=where, expected="a whole STL file", found="no endsolid at its end", way_out="copy or export it again"
        )


def _check_ply(data: bytes, where: str) -> None:
    """The header's counts against the file's length, before anything is allocated for them."""
    head = data[:65_536].split(b"end_header", 1)[0].decode("ascii", "replace")
    counts = [int(words[2]) for line in head.splitlines() if (words := line.split())[:1] == ["element"]
              and len(words) == 3 and words[2].isdigit()]  # fmt: skip
    if sum(counts) > len(data):  # every vertex and face takes more than one byte
        found = f"{sum(counts):,} elements in {len(data):,} bytes"
        raise BadInput(where=where, expected="a whole PLY file", found=found, way_out="copy or export it again")
