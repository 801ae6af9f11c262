"""Which changes an image gets this time: drawn from a seed, the same on any worker.

    augmented = Augmentation({"pose": 1.0, "noise": 0.5}).of(sample, seed.child("epoch", 3, image))

A plan or a run file names changes and how strong they are; what it does not name does not happen. `USUAL` is what a
station shows that is looked after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from firstshift.core.errors import BadInput
from firstshift.core.seed import Seed
from firstshift.vision.augmenting.compression import compression
from firstshift.vision.augmenting.dirt import dust, oil
from firstshift.vision.augmenting.light import bulb_ageing, light_gradient
from firstshift.vision.augmenting.optics import blur, noise
from firstshift.vision.augmenting.pose import flipped, pose
from firstshift.vision.augmenting.sample import Change, Sample

CHANGES: Mapping[str, Change] = MappingProxyType(
    {
        "flip": flipped,
        "pose": pose,
        "light gradient": light_gradient,
        "bulb ageing": bulb_ageing,
        "oil": oil,
        "dust": dust,
        "blur": blur,
        "noise": noise,
        "compression": compression,
    }
)
"""In the order in which they happen on the way from the part to the file."""
USUAL: Mapping[str, float] = MappingProxyType(
    {
        "pose": 1.0,
        "light gradient": 0.6,
        "bulb ageing": 0.6,
        "oil": 0.4,
        "dust": 0.4,
        "blur": 0.5,
        "noise": 0.5,
        "compression": 0.3,
    }
)
STRONGEST = 3.0


@dataclass(frozen=True, slots=True)
class Augmentation:
    strengths: Mapping[str, float] = field(default_factory=lambda: dict(USUAL))
    """0 … 3 for each change by its name; 1 is a bad day."""
    share: float = 0.5
    """Of the images that get a change, each change on its own."""

    def __post_init__(self) -> None:
        unknown = [name for name in self.strengths if name not in CHANGES]
        if unknown:
            raise BadInput(where="augmentation", expected=f"one of {', '.join(CHANGES)}", found=", ".join(unknown))
        if not all(0 <= strength <= STRONGEST for strength in self.strengths.values()):
            raise BadInput(
                where="augmentation", expected=f"strengths of 0 to {STRONGEST:g}", found=dict(self.strengths)
            )
        if not 0 <= self.share <= 1:
            raise BadInput(where="augmentation", expected="a share of 0 to 1", found=self.share)

    def of(self, sample: Sample, seed: Seed) -> Sample:
        for name, change in CHANGES.items():
            own = seed.child(name)
            if self.strengths.get(name, 0) > 0 and own.uniform("happens") < self.share:
                sample = change(sample, own, self.strengths[name])
        return sample
