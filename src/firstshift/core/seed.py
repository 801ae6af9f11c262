"""Randomness comes in as a `Seed`. The same seed gives the same bytes on any number of workers.

seed = Seed(7)
seed.child("scratch", 3).generator().normal()   # does not depend on what was drawn elsewhere
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Seed:
    value: int

    def __post_init__(self) -> None:
        if not 0 <= self.value < 2**128:
            raise ValueError(f"a seed is a whole number from 0 to 2**128 - 1, not {self.value}")

    def child(self, *path: str | int) -> Seed:
        """A seed of its own for a named part of the work; independent of order and of worker count."""
        text = "/".join([str(self.value), *(f"{type(p).__name__}:{p}" for p in path)])
        return Seed(int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big"))

    def generator(self) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64(self.value))

    def uniform(self, *path: str | int) -> float:
        """One number in [0, 1) without building a generator: the draw named by `path`."""
        return (self.child(*path).value >> 75) / 2**53
