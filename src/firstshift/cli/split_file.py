"""A split as a file between two commands: `dataset split --out split.json`, a look at it, `dataset snapshot --split`.

{"firstshift_split": 1, "sides": {"img_…": "train", …}, "split": {how it was made}, …}
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firstshift.core.errors import BadInput, NotFound

if TYPE_CHECKING:
    from firstshift.line.splitting import SplitPlan

MAX_BYTES = 1_000_000_000
_WAY_OUT = "make one with `firstshift dataset split --out`"


@dataclass(frozen=True, slots=True)
class SplitFile:
    sides: dict[str, str]
    selection: dict[str, Any]
    """How the split was made, for the snapshot to remember."""


def split_as_json(plan: SplitPlan) -> dict[str, Any]:
    return {
        "firstshift_split": 1,
        **plan.to_json(),
        "groups_found": [group.to_json() for group in plan.groups],
        "images_left_out": {reason: list(ids) for reason, ids in plan.left_out.items()},
        "sides": plan.sides,
    }


def read_split(path: Path) -> SplitFile:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise NotFound("no such file", where=path, way_out=_WAY_OUT) from error
    except OSError as error:
        raise BadInput(where=path, expected="a file that can be read", found=error.strerror) from error
    if len(data) > MAX_BYTES:
        raise BadInput(where=path, expected=f"at most {MAX_BYTES:,} bytes", found="more")
    try:
        plain = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadInput(where=path, expected="a split in JSON", found="something else", way_out=_WAY_OUT) from error
    if not isinstance(plain, dict) or plain.get("firstshift_split") != 1:
        raise BadInput(where=path, expected="a split, version 1", found="something else", way_out=_WAY_OUT)
    sides, made = plain.get("sides"), plain.get("split", {})
    if not isinstance(sides, dict) or not all(isinstance(side, str) for side in sides.values()):
        raise BadInput(where=f"{path}: sides", expected="an image and its side on each line", found="something else")
    return SplitFile(sides, {"split": made})
