"""What is asked for: how many images, of which kind, how large. Together with the plan it names a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from firstshift.core.errors import BadInput
from firstshift.core.hashing import record_hash
from firstshift.render.devices import check_device
from firstshift.spec.plan import Plan
from firstshift.spec.problems import nearest

Framing = Literal["window", "whole"]
GOOD = "good"
MAX_IMAGES = 10_000_000
RECIPE_VERSION = 4
"""Rises whenever the same recipe would give another image."""

_BOUNDS = (
    ("good", "--good", 0, MAX_IMAGES),
    ("per_defect", "--per-defect", 0, MAX_IMAGES),
    ("size_px", "--size", 32, 8192),
)
"""Settings by the names of their options: that is where a person writes them."""


@dataclass(frozen=True, slots=True)
class SynthSettings:
    good: int = 0
    """Good parts."""
    per_defect: int = 0
    """Defective parts of each class."""
    seed: int = 0
    size_px: int = 512
    """Longer side of an image."""
    framing: Framing = "window"
    """`window` cuts windows at the camera's own scale; `whole` shrinks the whole image."""
    channels: tuple[str, ...] = ()
    """Light channels by name; empty: all of them."""
    classes: tuple[str, ...] = ()
    """Classes by name; empty: all that can be drawn."""
    bits: Literal[8, 16] = 8
    varied: bool = True
    """False: no randomisation beyond what parts and flaws bring themselves; for comparison."""
    device: str = "cpu"
    """What shades (`render.devices`)."""
    renderer: str = ""
    """Names the renderer in a run that was begun beside one of another renderer; usually empty."""

    def __post_init__(self) -> None:
        for name, option, least, most in _BOUNDS:
            value = getattr(self, name)
            if not least <= value <= most:
                raise BadInput(where=option, expected=f"{least:,} to {most:,}", found=f"{value:,}")
        if self.bits not in (8, 16):
            raise BadInput(where="--bits", expected="8 or 16", found=self.bits)
        check_device(self.device)
        if not 0 <= self.seed < 2**63:
            raise BadInput(where="--seed", expected="a whole number from 0 to 2^63", found=self.seed)

    def check_against(self, plan: Plan) -> None:
        known = [channel.name for channel in plan.station.channels]
        for name in self.channels:
            if name not in known:
                raise _none_of("--channel", known, name)
        for name in self.classes:
            if name not in plan.class_names:
                raise _none_of("--class", plan.class_names, name)

    def run_name(self, plan_hash: str, profile_hash: str | None, channels: tuple[str, ...]) -> str:
        """The same for the same images, however many of them: asking for more goes on where it stopped.

        Channels belong to it: whether a flaw is tried in another place depends on all in which it could show.
        """
        asked: dict[str, Any] = asdict(self) | {"channels": list(channels)}
        for count in ("good", "per_defect", "classes", "device", *(() if self.renderer else ("renderer",))):
            del asked[count]
        return record_hash({"plan": plan_hash, "profile": profile_hash, "recipe": RECIPE_VERSION, **asked})[:12]


def _none_of(option: str, known: Sequence[str], found: str) -> BadInput:
    return BadInput(where=option, expected=f"one of {', '.join(known)}", found=found, way_out=nearest(found, known))
