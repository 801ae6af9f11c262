"""A child process that turns a STEP file into triangles, so that a file which makes the CAD kernel crash, run for ever
or eat all memory ends this process and not the program:

    python -I tessellate.py IN.step OUT.glb TOLERANCE_MM ANGLE_RAD MEMORY_BYTES SECONDS

Imports nothing of firstshift. Exit code 0: OUT is written; 3: the file holds nothing that can be read.
"""

from __future__ import annotations

import sys
from pathlib import Path

UNREADABLE = 3
LARGEST_RESULT = 4_000_000_000


def main(source: str, target: str, tolerance_mm: str, angle_rad: str, memory: str, seconds: str) -> int:
    _limit(int(memory), int(seconds))
    import cascadio

    cascadio.step_to_glb(
        source,
        target,
        tol_linear=float(tolerance_mm),
        tol_angular=float(angle_rad),
        tol_relative=False,
        # A primitive for each face. The alternative, include_brep, numbers faces too, but with merged primitives and a
        # painted face it attaches the numbers to the wrong mesh (cascadio 0.1.1).
        merge_primitives=False,
        use_parallel=False,
        include_brep=False,
    )
    path = Path(target)
    return 0 if path.is_file() and path.stat().st_size > 0 else UNREADABLE


def _limit(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # pragma: no cover – Windows has no such limits; the parent's time limit remains
        return
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, LARGEST_RESULT),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, hard))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
