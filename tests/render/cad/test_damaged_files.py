"""Files damaged at random give a mesh or one line that says so, nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh

from firstshift.core.errors import BadInput
from firstshift.render.cad.reading import read_part
from tests.render.cad.parts import FILES, box_mesh, part_of

SIZE = (40.0, 30.0, 20.0)


def damaged(data: bytes, random: np.random.Generator) -> bytes:
    out = bytearray(data)
    for _ in range(int(random.integers(1, 6))):
        start = int(random.integers(len(out)))
        kind = random.integers(4)
        if kind == 0:
            out[start] = int(random.integers(256))
        elif kind == 1:
            del out[start : start + int(random.integers(1, 40))]
        elif kind == 2:
            out[start : start + 4] = random.bytes(4)
        else:
            out[start:start] = out[start : start + int(random.integers(1, 40))]
    return bytes(out)


def read_or_refuse(name: str, data: bytes, folder: Path) -> bool:
    (folder / name).write_bytes(data)
    try:
        mesh = read_part(part_of(name, SIZE, cad_unit="mm"), folder)
    except BadInput as error:
        refusal = error
    else:
        assert np.isfinite(mesh.corner_normals).all()
        return True
    assert refusal.found
    assert len(str(refusal).splitlines()) == 1
    return False


@pytest.mark.parametrize("suffix", ["glb", "stl", "ply", "obj", "ascii.stl", "ascii.ply"])
def test_damaged_mesh_files(suffix: str, tmp_path: Path) -> None:
    random = np.random.default_rng(11)
    box = box_mesh()
    if suffix == "ascii.stl":
        data = box.export(file_type="stl_ascii").encode()
    elif suffix == "ascii.ply":
        data = box.export(file_type="ply", encoding="ascii")
    else:
        exported = trimesh.Scene(box).export(file_type="glb") if suffix == "glb" else box.export(file_type=suffix)
        data = exported if isinstance(exported, bytes) else exported.encode()
    refused = sum(not read_or_refuse(f"it.{suffix}", damaged(data, random), tmp_path) for _ in range(60))
    assert refused > 10


def test_damaged_step_files(tmp_path: Path) -> None:
    random = np.random.default_rng(12)
    data = (FILES / "rod.step").read_bytes()
    body = data.index(b"DATA;")
    for _ in range(4):
        read_or_refuse("it.step", data[:body] + damaged(data[body:-60], random) + data[-60:], tmp_path)
