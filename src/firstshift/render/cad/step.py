"""STEP into shells: OpenCASCADE tessellates in a child process, the result comes back as GLB.

The kernel applies the file's unit and the placements of assemblies, gives each use of a part its own node, and writes
each CAD face as a primitive of its own, with the surface's own normals. Names of faces are read from the STEP text
(ADVANCED_FACE in the order of its shell, ISO 10303-42) where the text and the kernel count the same faces.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from firstshift.core.errors import BadInput
from firstshift.render.cad.glb import shells_of_glb
from firstshift.render.cad.shell import Shell

MEMORY_BYTES = 16_000_000_000
SECONDS = 900
MARGIN = 0.45
"""OpenCASCADE keeps to half the chord tolerance on cylinders and to twice of it inside spheres (measured on a ball of
25 mm at 0.002 to 0.5 mm: 0.7 to 2.07 times); asking for less keeps the promise everywhere."""
_END = b"END-ISO-10303-21"
_FACE = re.compile(r"#(\d{1,12})\s*=\s*(?:ADVANCED_FACE|FACE_SURFACE)\s*\(\s*'((?:[^']|''){0,200})'")
_SHELL = re.compile(r"#(\d{1,12})\s*=\s*(?:CLOSED_SHELL|OPEN_SHELL)\s*\(\s*'(?:[^']|''){0,200}'\s*,\s*\(([^)]*)\)")
_REFERENCE = re.compile(r"#(\d{1,12})")
_NAMELESS = frozenset({"", "NONE", "FACE", "ADVANCED_FACE"})


def shells_of_step(path: Path, data: bytes, where: str, tolerance_mm: float, angle_deg: float) -> list[Shell]:
    if _END not in data[-4096:]:
        raise BadInput(
            where=where,
            expected="a whole STEP file",
            found="no END-ISO-10303-21 at its end",
            way_out="copy or export it again",
        )
    shells = shells_of_glb(_tessellated(path, where, tolerance_mm, angle_deg), where, face_each=True)
    return _with_face_names(shells, data)


def _tessellated(path: Path, where: str, tolerance_mm: float, angle_deg: float) -> bytes:
    with tempfile.TemporaryDirectory(prefix="firstshift-cad-") as folder:
        target = Path(folder) / "part.glb"
        command = [
            sys.executable, "-I", str(Path(__file__).with_name("tessellate.py")), str(path.resolve()), str(target),
            repr(tolerance_mm * MARGIN), repr(float(np.radians(angle_deg))), str(MEMORY_BYTES), str(SECONDS),
        ]  # fmt: skip
        try:
            ended = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603 – no shell
        except subprocess.TimeoutExpired:
            found = f"no end after {SECONDS // 60} minutes"
            raise BadInput(where=where, expected="triangles", found=found, way_out="export fewer parts") from None
        if ended.returncode < 0 or ended.returncode not in (0, 3):
            said = ended.stderr.decode("utf-8", "replace").strip().splitlines()
            found = f"the CAD kernel gave up ({said[-1][:120] if said else f'signal {-ended.returncode}'})"
            raise BadInput(where=where, expected="a solid", found=found, way_out="export it again as AP214 or AP242")
        if ended.returncode == 3:
            raise _empty(where)
        return target.read_bytes()


def _empty(where: str) -> BadInput:
    way_out = "export the solid, not sketches, notes or an empty assembly"
    return BadInput(where=where, expected="a solid", found="no surfaces at all", way_out=way_out)


def _with_face_names(shells: list[Shell], data: bytes) -> list[Shell]:
    """Names where the faces of the file's shells, in order, are as many as the kernel's for the different parts.

    The kernel reads each shell once, however often the part is used; a part used again repeats its names.
    """
    text = data.decode("latin-1")
    names = {int(m[1]): m[2].replace("''", "'").strip() for m in _FACE.finditer(text)}
    if all(name.upper() in _NAMELESS for name in names.values()):
        return shells
    lists = [[int(r) for r in _REFERENCE.findall(m[2])] for m in _SHELL.finditer(text)]
    told = [[names.get(number, "") for number in faces] for faces in lists]
    named = []
    for shell in shells:
        count = 0 if shell.face is None else int(shell.face.max(initial=-1)) + 1
        fitting = [faces for faces in told if len(faces) == count]
        # Two parts with the same number of faces cannot be told apart here; better no name than a wrong one.
        same = fitting and all(faces == fitting[0] for faces in fitting)
        clean = tuple("" if n.upper() in _NAMELESS else n for n in fitting[0]) if same else ()
        named.append(replace(shell, face_names=clean))
    return named
