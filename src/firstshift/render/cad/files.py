"""Opening a CAD file: there, small enough, and what its suffix says."""

from __future__ import annotations

from pathlib import Path

from firstshift.core.errors import BadInput
from firstshift.render.cad.shell import MAX_BYTES

_STARTS: tuple[tuple[bytes, str, tuple[str, ...]], ...] = (
    (b"ISO-10303-21", "a STEP file", (".step", ".stp")),
    (b"glTF", "a GLB file", (".glb",)),
    (b"ply", "a PLY file", (".ply",)),
    (b"solid", "an STL file", (".stl",)),
    (b"PK\x03\x04", "a ZIP archive", ()),
    (b"\x1f\x8b", "a gzip archive", ()),
    (b"%PDF", "a PDF", ()),
    (b"\x89PNG", "a picture", ()),
    (b"\xff\xd8\xff", "a picture", ()),
    (b"\xd0\xcf\x11\xe0", "a CAD program's own format or an Office file", ()),
    (b"version https://git-lfs", "a Git LFS pointer, not the file", ()),
    (b"<!doctype html", "a web page", ()),
    (b"<html", "a web page", ()),
    (b"<?xml", "XML", ()),
)


def read_cad_bytes(path: Path, where: str) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            way_out = "export the part alone, or coarser"
            found = f"{size / 1e6:.3g} MB"
            raise BadInput(where=where, expected=f"at most {MAX_BYTES / 1e6:g} MB", found=found, way_out=way_out)
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(
            where=where, expected="a CAD file that can be read", found=reason, way_out="copy it beside the plan"
        ) from None
    _check_kind(data, path.suffix.lower(), where)
    return data


def _check_kind(data: bytes, suffix: str, where: str) -> None:
    expected = f"a {suffix[1:].upper()} file"
    if not data.strip(b"\x00 \r\n\t"):
        raise BadInput(where=where, expected=expected, found="an empty file", way_out="copy or export it again")
    start = data[:512].removeprefix(b"\xef\xbb\xbf").lstrip()
    for mark, kind, suffixes in _STARTS:
        if start[: len(mark)].lower() != mark.lower() or suffix in suffixes:
            continue
        if mark == b"solid" and suffix == ".obj":
            continue
        way_out = f"rename it to {suffixes[0]}" if suffixes else "export it as STEP (AP214 or AP242)"
        raise BadInput(where=where, expected=expected, found=kind, way_out=way_out)
    needed = {".step": b"ISO-10303-21", ".stp": b"ISO-10303-21", ".glb": b"glTF", ".ply": b"ply"}.get(suffix)
    if needed and needed not in data[:2000]:
        raise BadInput(
            where=where, expected=expected, found="something else", way_out="export it as STEP (AP214 or AP242)"
        )
