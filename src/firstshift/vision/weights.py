"""Files of weights: safetensors, which hold no code, with what is needed to build the trunk again and to trust it.

    save_weights(Path("source.safetensors"), trunk, card={"data": …, "seed": 7})
    trunk, card = load_weights(Path("source.safetensors"), channels=2)

A file says which trunk it is of, under which licence it may be used, and the trunk's fingerprint; a file whose weights
are not those of its fingerprint is refused. Half precision is for files only: what is loaded is float32.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from firstshift.core.errors import BadInput
from firstshift.core.wholefile import write_whole
from firstshift.vision.backbone import Backbone, with_channels
from firstshift.vision.backbones.own import OwnBackbone, Shape

FORMAT = "firstshift weights 1"
MOST_BYTES = 2**31
MOST_PARAMETERS = 400_000_000
_FIRST = "stem.0.0.weight"


def save_weights(path: Path, trunk: Backbone, card: dict[str, Any] | None = None, *, half: bool = False) -> str:
    """Whole or not at all; returns the fingerprint of what a reader gets: in half precision it is not the trunk's."""
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in trunk.state_dict().items()}
    if half:
        state = {name: one.half() if one.is_floating_point() else one for name, one in state.items()}
    kept = _as_loaded(trunk.shape_told, state)
    told = {
        "format": FORMAT,
        "shape": json.dumps(trunk.shape_told, sort_keys=True),
        "licence": trunk.licence,
        "fingerprint": kept.fingerprint,
        "card": json.dumps(card or {}, sort_keys=True, allow_nan=False),
    }
    write_whole(path, save(state, told))
    return kept.fingerprint


def load_weights(path: Path, channels: int | None = None) -> tuple[OwnBackbone, dict[str, Any]]:
    """The trunk, in float32, and the card that lies with it. `channels`: for images with another number of them."""
    told, state = _read(path)
    if told.get("format") != FORMAT:
        raise BadInput(where=path, expected=FORMAT, found=told.get("format", "no word of it"))
    try:
        trunk = _as_loaded(json.loads(told["shape"]), state)
        trunk.licence = told["licence"]
        card = dict(json.loads(told["card"]))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise BadInput(
            where=path, expected="weights that fit the trunk they name", found=f"{error}".splitlines()[0][:160]
        ) from error
    if trunk.fingerprint != told.get("fingerprint"):
        raise BadInput(
            where=path, expected=f"weights with the fingerprint {told.get('fingerprint')}", found=trunk.fingerprint,
            way_out="the file was changed or damaged; take it from where it came from once more",
        )  # fmt: skip
    if channels is None or channels == trunk.channels:
        return trunk, card
    return _for_channels(trunk, channels), card


def _read(path: Path) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise BadInput(where=path, expected=f"a file of at most {MOST_BYTES:,} bytes", found=f"{size:,}")
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {}), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise BadInput(
            where=path, expected="a file of weights (safetensors)", found=f"{error}".splitlines()[0][:160]
        ) from error


def _as_loaded(told: dict[str, Any], state: dict[str, torch.Tensor]) -> OwnBackbone:
    shape = Shape(tuple(map(int, told["widths"])), tuple(map(int, told["blocks"])), int(told["squeeze"]))
    if sum(one.numel() for one in state.values()) > MOST_PARAMETERS or not 1 < len(shape.widths) < 8:
        raise ValueError("a trunk larger than any that is known here")
    if max(shape.widths) > 8192 or max(shape.blocks) > 64 or min(*shape.widths, *shape.blocks, shape.squeeze) < 1:
        raise ValueError("widths and blocks that no trunk has")
    with torch.device("meta"):
        trunk = OwnBackbone(str(told["name"]), shape, int(told["channels"]))
    whole = {name: one.float() if one.is_floating_point() else one for name, one in state.items()}
    trunk.load_state_dict(whole, strict=True, assign=True)
    return trunk


def _for_channels(trunk: OwnBackbone, channels: int) -> OwnBackbone:
    if not 1 <= channels <= 64:
        raise BadInput(where="backbone", expected="1 to 64 channels", found=channels)
    state = dict(trunk.state_dict())
    state[_FIRST] = with_channels(state[_FIRST], channels)
    changed = _as_loaded({**trunk.shape_told, "channels": channels}, state)
    changed.licence = trunk.licence
    return changed
