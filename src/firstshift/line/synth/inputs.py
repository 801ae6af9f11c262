"""What an image is made from besides its recipe: the plan and every file that the plan or the person names.

A CAD file that was replaced under its old name makes other images; its content belongs to the run's name and to each
image's record, so that neither a run goes on with another part nor an image is painted again from one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from firstshift.core.hashing import record_hash
from firstshift.spec.plan import Plan


def hash_with_files(plan: Plan, folder: Path, defect_files: Sequence[Path] = ()) -> str:
    """A file that is not there counts as empty: what needs it says so in its own words."""
    named = [plan.part.cad, *(entry.heat_map for entry in plan.defects)]
    paths = [folder / name for name in dict.fromkeys(named) if name] + list(defect_files)
    return record_hash({"plan": plan.content_hash(), "files": [_digest(path) for path in paths]})


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
