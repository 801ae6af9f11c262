"""Files of weights: what is read is what was written, or it is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from firstshift.core.errors import BadInput
from firstshift.vision.backbones.own import own
from firstshift.vision.weights import load_weights, save_weights


def test_weights_come_back_with_their_card(tmp_path: Path) -> None:
    trunk, path = own("nano", channels=3, seed=5), tmp_path / "nano.safetensors"
    assert save_weights(path, trunk, {"data": "rendered", "seed": 5}) == trunk.fingerprint
    again, card = load_weights(path)
    assert (again.fingerprint, card) == (trunk.fingerprint, {"data": "rendered", "seed": 5})
    assert (again.name, again.channels, again.licence) == ("nano", 3, "Apache-2.0")
    seen = torch.rand(1, 1, 32, 32)
    one, _ = load_weights(path, channels=1)
    with torch.inference_mode():
        for mine, theirs in zip(one.eval()(seen), trunk.eval()(seen.expand(1, 3, 32, 32)), strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)


def test_half_precision_halves_the_file_and_is_known_by_its_own_fingerprint(tmp_path: Path) -> None:
    trunk = own("nano", seed=5)
    save_weights(tmp_path / "whole", trunk)
    fingerprint = save_weights(tmp_path / "half", trunk, half=True)
    assert (tmp_path / "half").stat().st_size < 0.55 * (tmp_path / "whole").stat().st_size
    again, _ = load_weights(tmp_path / "half")
    assert again.fingerprint == fingerprint != trunk.fingerprint
    assert all(one.dtype == torch.float32 for one in again.parameters())


def test_damage_and_strangers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "nano.safetensors"
    save_weights(path, own("nano"))
    data = path.read_bytes()
    (tmp_path / "cut").write_bytes(data[: len(data) // 2])
    (tmp_path / "text").write_text("weights")
    changed = bytearray(data)
    changed[-5] ^= 0x40  # one bit of one weight
    (tmp_path / "changed").write_bytes(changed)
    save_file(load_file(path), tmp_path / "stranger")
    save_file({"stem.0.0.weight": torch.zeros(3)}, tmp_path / "other", metadata=_metadata(path))
    for name, told in (
        ("cut", "safetensors"), ("text", "safetensors"), ("missing", "safetensors"), ("changed", "once more"),
        ("stranger", "firstshift weights 1"), ("other", "fit the trunk"),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=told) as caught:
            load_weights(tmp_path / name)
        assert "\n" not in caught.value.message
    assert load_weights(path)[1] == {}


@pytest.mark.parametrize(
    "shape", ['{"name": "x", "channels": 1, "widths": [99999, 2], "blocks": [1], "squeeze": 1}', "[]", "{}", "nan"]
)
def test_a_shape_that_no_trunk_has_is_refused_before_it_is_built(tmp_path: Path, shape: str) -> None:
    path = tmp_path / "nano.safetensors"
    save_weights(path, own("nano"))
    save_file(load_file(path), tmp_path / "odd", metadata=_metadata(path) | {"shape": shape})
    with pytest.raises(BadInput, match="fit the trunk"):
        load_weights(tmp_path / "odd")


def _metadata(path: Path) -> dict[str, str]:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        return dict(file.metadata())
