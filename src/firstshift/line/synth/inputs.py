"""What an image is made from besides its recipe: the plan and every file that the plan or the person names.

A CAD file that was replaced under its old name makes other images; its content belongs to the run's name and to each
image's record, so that neither a run goes on with another part nor an image is painted again from one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from firstshift.core.hashing import record_hash
from firstshift.sensor.profile import SensorProfile
from firstshift.spec.plan import Plan

CAD, HEAT_MAP = "cad", "heat map"


def hash_with_files(plan: Plan, folder: Path, defect_files: Sequence[Path] = ()) -> str:
    """A file that is not there counts as empty: what needs it says so in its own words."""
    paths = [folder / name for name in named_files(plan)] + list(defect_files)
    return hash_of(plan, [file_digest(path) for path in paths])


def named_files(plan: Plan) -> dict[str, str]:
    """Files beside the plan that decide what images look like, and what each is."""
    cad = {plan.part.cad: CAD} if plan.part.cad else {}
    return cad | {entry.heat_map: HEAT_MAP for entry in plan.defects if entry.heat_map}


def hash_of(plan: Plan, digests: Sequence[str]) -> str:
    """`digests`: of the named files in their order, then of a person's own types of flaw."""
    return record_hash({"plan": plan.content_hash(), "files": list(digests)})


def hash_of_profile(profile: SensorProfile) -> str:
    return record_hash(profile.model_dump(mode="json"))


def file_digest(path: Path) -> str:
    """SHA-256; empty where there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
