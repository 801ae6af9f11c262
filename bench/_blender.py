"""Blender's Cycles as a peer: `bpy` from PyPI in an environment of its own, outside the repository.

GPL; no part of the product and no dependency: it is started as a program, on a file.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

VERSION = "5.0.1"
PYTHON = "3.11"
"""The one that this version of bpy has wheels for."""
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "firstshift" / "peers"
JOB = Path(__file__).resolve().parent / "_blender_job.py"
LIBRARIES = ("libxrender1", "libxxf86vm1", "libxfixes3", "libxi6", "libxkbcommon0", "libsm6", "libgl1")
"""What it links against on Debian, though it opens no window."""


class NotHere(Exception):
    """Why there is no Cycles to measure."""


def installed() -> Path:
    """Python of the environment with bpy; made at the first call. Raises NotHere."""
    place = CACHE / f"blender-{VERSION}"
    python = place / "bin" / "python"
    if not python.exists():
        source = sys.executable if sys.version_info[:2] == (3, 11) else shutil.which(f"python{PYTHON}")
        if source is None:
            raise NotHere(f"bpy {VERSION} needs Python {PYTHON}")
        subprocess.run([source, "-m", "venv", place], check=True, capture_output=True)
    if _imports(python):
        return python
    fetched = subprocess.run(
        [python, "-m", "pip", "install", "-q", f"bpy=={VERSION}"], capture_output=True, check=False
    )
    if fetched.returncode != 0:
        raise NotHere(f"bpy {VERSION} could not be installed from the package index")
    if not _imports(python):
        if os.geteuid() == 0 and shutil.which("apt-get"):
            subprocess.run(["apt-get", "install", "-y", "-q", *LIBRARIES], capture_output=True, check=False)
        if not _imports(python):
            raise NotHere(f"bpy does not start; on Debian it needs {' '.join(LIBRARIES)}")
    return python


def _imports(python: Path) -> bool:
    return subprocess.run([python, "-c", "import bpy"], capture_output=True, check=False, timeout=300).returncode == 0


def cycles(python: Path, job: dict[str, Any], folder: Path, picture: Path) -> list[tuple[float, float]]:
    """Seconds for each image: by the clock, and of processor time."""
    file = folder / "job.npz"
    np.savez(file, **job)
    done = subprocess.run([python, JOB, file, picture], capture_output=True, text=True, check=False, timeout=3600)
    if done.returncode != 0:
        raise NotHere(f"Cycles ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
    said = json.loads(done.stdout.strip().splitlines()[-1])
    return list(zip(said["seconds"], said["cpu"], strict=True))
