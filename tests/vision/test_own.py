"""Our own trunks: shapes, sizes, repeatable weights, freezing, other numbers of channels."""

from __future__ import annotations

import pytest
import torch

from firstshift.bundle.preparation import Preparation
from firstshift.core.errors import BadInput
from firstshift.vision.backbone import with_channels
from firstshift.vision.backbones.own import SHAPES, OwnBackbone, own
from firstshift.vision.preparing import Prepared


@pytest.mark.parametrize(("name", "most"), [("nano", 1_000_000), ("small", 4_000_000), ("base", 26_000_000)])
def test_features_come_at_every_scale(name: str, most: int) -> None:
    trunk = own(name, channels=2).eval()
    assert trunk.parameters_count <= most
    with torch.inference_mode():
        features = trunk(torch.zeros(2, 2, 64, 96))
    assert [tuple(one.shape) for one in features] == [
        (2, width, 64 // stride, 96 // stride) for width, stride in zip(trunk.widths, trunk.strides, strict=True)
    ]
    assert trunk.strides == (2, 4, 8, 16, 32)


def test_a_seed_gives_the_same_weights_and_takes_none_of_anybodys_random_numbers() -> None:
    torch.manual_seed(3)
    first = torch.rand(1)
    torch.manual_seed(3)
    trunk = own("nano", seed=7)
    assert torch.rand(1) == first
    assert own("nano", seed=7).fingerprint == trunk.fingerprint
    assert own("nano", seed=8).fingerprint != trunk.fingerprint
    with torch.no_grad():
        next(iter(trunk.deeper[2].parameters())).view(-1)[0] += 1e-6
    assert own("nano", seed=7).fingerprint != trunk.fingerprint


def test_what_is_frozen_learns_nothing_and_keeps_its_statistics() -> None:
    torch.manual_seed(0)
    trunk = own("nano")
    trunk.freeze(0.8)
    before = {name: one.clone() for name, one in trunk.state_dict().items()}
    trunk.train()
    steps = torch.optim.SGD([one for one in trunk.parameters() if one.requires_grad], lr=0.1)
    trunk(torch.rand(4, 1, 64, 64))[-1].sum().backward()
    steps.step()
    changed = {name.rsplit(".", 1)[0] for name, one in trunk.state_dict().items() if not torch.equal(one, before[name])}
    thawed = sum(one.numel() for one in trunk.parameters() if one.requires_grad) / trunk.parameters_count
    assert changed
    assert all(name.startswith("deeper.3") for name in changed)  # the last stage, and nothing before it
    assert 0.2 <= thawed < 0.4
    assert sum(one.numel() for unit in trunk.units for one in unit.parameters()) == trunk.parameters_count
    trunk.freeze(1)
    assert not any(one.requires_grad for one in trunk.parameters())
    trunk.freeze(0)
    assert all(one.requires_grad for one in trunk.parameters())
    assert all(module.training for module in trunk.modules())


def test_other_numbers_of_channels_answer_a_grey_image_alike() -> None:
    weight = torch.randn(5, 3, 3, 3)
    grey = torch.rand(1, 1, 12, 12)
    wanted = torch.nn.functional.conv2d(grey.expand(1, 3, 12, 12), weight)
    for channels in (1, 2, 3, 6):
        found = torch.nn.functional.conv2d(grey.expand(1, channels, 12, 12), with_channels(weight, channels))
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(BadInput, match="nano, small, base"):
        own("nana")
    with pytest.raises(BadInput, match="1 to 64"):
        own("nano", channels=0)
    with pytest.raises(BadInput, match="multiples of 32"):
        own("nano")(torch.zeros(1, 1, 64, 65))
    with pytest.raises(ValueError, match="share"):
        own("nano").freeze(1.5)


def test_an_exported_graph_prepares_by_itself_and_answers_alike() -> None:
    """White, mean and deviation lie in the graph: it takes the numbers of the file."""
    preparation = Preparation(("ring", "dark"), 16, (0.4, 0.1), (0.2, 0.05))
    numbers = torch.randint(0, 65_536, (2, 2, 32, 32), generator=torch.Generator().manual_seed(1)).float()
    shares = numbers.double() / 65_535
    mean, deviation = (torch.tensor(one).double().reshape(1, 2, 1, 1) for one in ([0.4, 0.1], [0.2, 0.05]))
    torch.testing.assert_close(
        Prepared(preparation)(numbers).double(), (shares - mean) / deviation, rtol=1e-5, atol=1e-5
    )
    trunk = OwnBackbone("nano", SHAPES["nano"], 2).eval()
    graph = torch.nn.Sequential(Prepared(preparation), trunk).eval()
    exported = torch.export.export(graph, (numbers,)).module()
    with torch.inference_mode():
        for found, wanted in zip(exported(numbers), graph(numbers), strict=True):
            torch.testing.assert_close(found, wanted)
