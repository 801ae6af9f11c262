"""Files that cannot be read: one line that names the file, what was expected, what was found and the way out."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh

from firstshift.core.errors import BadInput
from firstshift.render.cad import files, step
from firstshift.render.cad.reading import read_part
from firstshift.spec.part import UNITLESS_SUFFIXES
from tests.render.cad.parts import FILES, box_mesh, part_of

SIZE = (40.0, 30.0, 20.0)
STEP = (FILES / "block_mm.step").read_bytes()
EMPTY_STEP = (
    b"ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION((''),'2;1');\nFILE_NAME('','',(''),(''),'','','');\n"
    b"FILE_SCHEMA(('AUTOMOTIVE_DESIGN'));\nENDSEC;\nDATA;\nENDSEC;\nEND-ISO-10303-21;\n"
)


def refusal(name: str, data: bytes, folder: Path) -> BadInput:
    (folder / name).write_bytes(data)
    unit = {"cad_unit": "mm"} if name.endswith(UNITLESS_SUFFIXES) else {}
    with pytest.raises(BadInput) as caught:
        read_part(part_of(name, SIZE, **unit), folder)
    error = caught.value
    assert error.where == name
    assert error.expected
    assert error.found
    assert error.way_out
    assert "\n" not in str(error)
    return error


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("a.step", b"", "an empty file"),
        ("a.step", b"\x00" * 500, "an empty file"),
        ("a.step", b"PK\x03\x04rest", "a ZIP archive"),
        ("a.step", b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS"),
        ("a.step", b"<!DOCTYPE html><html>", "a web page"),
        ("a.stl", STEP, "a STEP file"),
        ("a.step", b"solid box\nendsolid box\n", "an STL file"),
        ("a.glb", STEP, "a STEP file"),
        ("a.ply", b"hello", "something else"),
        ("a.obj", b"glTF\x02", "a GLB file"),
    ],
)
def test_a_file_that_is_not_what_its_suffix_says(name: str, data: bytes, found: str, tmp_path: Path) -> None:
    assert found in refusal(name, data, tmp_path).found


def test_step_without_a_solid(tmp_path: Path) -> None:
    error = refusal("empty.step", EMPTY_STEP, tmp_path)
    assert error.found == "no surfaces at all"
    assert "export the solid" in error.way_out


def test_step_cut_off(tmp_path: Path) -> None:
    assert "no END-ISO-10303-21" in refusal("cut.step", STEP[: len(STEP) // 2], tmp_path).found


def test_step_with_its_middle_lost(tmp_path: Path) -> None:
    refusal("hole.step", STEP[:1500] + STEP[-400:], tmp_path)


@pytest.mark.parametrize("suffix", ["stl", "ply", "glb"])
def test_mesh_files_cut_off(suffix: str, tmp_path: Path) -> None:
    data = box_mesh().export(file_type=suffix)
    refusal(f"cut.{suffix}", data[: len(data) * 2 // 3], tmp_path)


def test_ascii_files_cut_off(tmp_path: Path) -> None:
    text = box_mesh().export(file_type="stl_ascii")
    assert "no endsolid" in refusal("cut.stl", text[: len(text) // 2].encode(), tmp_path).found
    vertices_lost = "\n".join(line for line in box_mesh().export(file_type="obj").splitlines() if "v 20" not in line)
    refusal("lost.obj", vertices_lost.encode(), tmp_path)


@pytest.mark.parametrize("name", ["none.obj", "none.ply", "none.glb", "none.stl"])
def test_files_without_triangles(name: str, tmp_path: Path) -> None:
    xyz = b"property float x\nproperty float y\nproperty float z\n"
    header = b"ply\nformat ascii 1.0\nelement vertex 1\n" + xyz + b"end_header\n0 0 0\n"
    document = b'{"asset":{"version":"2.0"}}     '
    glb = struct.pack("<4sIIII", b"glTF", 2, 20 + len(document), len(document), 0x4E4F534A) + document
    stl = bytes(80) + struct.pack("<I", 0)
    refusal(name, {"obj": b"v 0 0 0\n", "ply": header, "glb": glb, "stl": b"x" + stl[1:]}[name[5:]], tmp_path)


def test_counts_that_promise_more_than_the_file_holds(tmp_path: Path) -> None:
    header = "ply\nformat binary_little_endian 1.0\nelement vertex 4000000000\nproperty float x\nend_header\n"
    assert "4,000,000,000 elements" in refusal("bomb.ply", header.encode(), tmp_path).found
    refusal("bomb.stl", b"x" * 80 + struct.pack("<I", 4_000_000_000) + bytes(100), tmp_path)


def test_glb_tables_that_point_outside(tmp_path: Path) -> None:
    data = trimesh.Scene(box_mesh()).export(file_type="glb")
    for old, new in ((b'"count":36', b'"count":99'), (b'"componentType":5126', b'"componentType":5199')):
        if old in data:
            refusal("wild.glb", data.replace(old, new), tmp_path)
    assert b'"componentType":5126' in data


def test_numbers_that_are_none(tmp_path: Path) -> None:
    box = box_mesh()
    vertices = np.array(box.vertices)
    vertices[0, 0] = np.nan
    broken = trimesh.Trimesh(vertices, box.faces, process=False)
    assert "NaN" in refusal("nan.stl", broken.export(file_type="stl"), tmp_path).found


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 10_000)
    error = refusal("large.step", STEP, tmp_path)
    assert error.expected == "at most 0.01 MB"


def test_step_that_takes_too_much_memory_or_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "MEMORY_BYTES", 60_000_000)
    assert "the CAD kernel gave up" in refusal("a.step", STEP, tmp_path).found
    monkeypatch.setattr(step, "SECONDS", 0)
    assert "no end after" in refusal("a.step", STEP, tmp_path).found


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"gone\.step: expected a CAD file that can be read"):
        read_part(part_of("gone.step", SIZE), tmp_path)
