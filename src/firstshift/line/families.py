"""Which images must not be torn apart: the same bytes, the same serial or shot, made from each other, the same part.

Each family says why, image by image, so that a person can look at the pair and agree or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from firstshift.core.errors import BadInput
from firstshift.core.progress import Progress
from firstshift.core.seed import Seed
from firstshift.likeness.grouping import group_repeats
from firstshift.likeness.groups import Link
from firstshift.line.imported import FIELDS, imported_of
from firstshift.line.signatures import grey_of, signatures_of
from firstshift.store.images import ImageRecord
from firstshift.store.workspace import Workspace

NEAR_MISSES = 10


@dataclass(frozen=True, slots=True)
class Tie:
    """Two images that belong together, and why."""

    first: str
    second: str
    why: str

    def to_json(self) -> dict[str, Any]:
        return {"first": self.first, "second": self.second, "why": self.why}


@dataclass(frozen=True, slots=True)
class Families:
    members: tuple[tuple[int, ...], ...]
    """Every image is in exactly one, most of them alone."""
    ties: tuple[Tie, ...]
    """Those that join families; a tie between images that were joined already is left out."""
    near_misses: tuple[Tie, ...]
    """The most alike pairs that were not joined."""
    alike: bool
    """All photographs look alike, so that only outstanding repeats could be told."""

    def labels(self) -> list[int]:
        """For each image the number of its family."""
        numbers = [0] * sum(map(len, self.members))
        for family in self.members:
            for member in family:
                numbers[member] = family[0]
        return numbers


def find_families(
    ws: Workspace,
    images: Sequence[ImageRecord],
    keep_together: Iterable[str],
    find_repeats: bool,
    seed: Seed,
    progress: Progress,
) -> Families:
    union = _Union(images)
    by_content: dict[str, int] = {}
    for k, image in enumerate(images):
        union.tie(by_content.setdefault(image.content, k), k, "same bytes")
    for name in keep_together:
        _tie_by_field(name, images, union)
    _tie_to_parents(images, union)
    near: list[Tie] = []
    alike = False
    if find_repeats and len(by_content) > 1:
        distinct = list(by_content.values())
        photographs = [images[k] for k in distinct]
        found = group_repeats(
            signatures_of(ws, photographs, progress), lambda k: grey_of(ws, photographs[k]), seed, progress
        )
        for link in sorted((link for group in found.groups for link in group.links), key=lambda link: -link.evidence):
            union.tie(distinct[link.first], distinct[link.second], _why(link))
        near = [union.told(distinct[n.first], distinct[n.second], _why(n)) for n in found.near_misses[:NEAR_MISSES]]
        alike = found.alike
    return Families(union.families(), tuple(union.ties), tuple(near), alike)


def shown(image: ImageRecord) -> str:
    """What a person knows the image by."""
    return image.capture.source or image.id


class _Union:
    def __init__(self, images: Sequence[ImageRecord]) -> None:
        self._images = images
        self._parent = list(range(len(images)))
        self.ties: list[Tie] = []

    def tie(self, one: int, other: int, why: str) -> None:
        first, second = sorted((self._root(one), self._root(other)))
        if first != second:
            self._parent[second] = first
            self.ties.append(self.told(one, other, why))

    def told(self, one: int, other: int, why: str) -> Tie:
        return Tie(self._images[one].id, self._images[other].id, why)

    def families(self) -> tuple[tuple[int, ...], ...]:
        found: dict[int, list[int]] = {}
        for k in range(len(self._parent)):
            found.setdefault(self._root(k), []).append(k)
        return tuple(map(tuple, found.values()))

    def _root(self, k: int) -> int:
        while self._parent[k] != k:
            self._parent[k] = self._parent[self._parent[k]]
            k = self._parent[k]
        return k


def _tie_by_field(name: str, images: Sequence[ImageRecord], union: _Union) -> None:
    first_with: dict[str, int] = {}
    known = name in FIELDS
    for k, image in enumerate(images):
        extra = imported_of(image.capture).extra
        known = known or name in extra
        value = getattr(image.capture, name) if name in FIELDS else extra.get(name)
        if value is not None:
            union.tie(first_with.setdefault(str(value), k), k, f"same {name} {value}")
    if not known and name not in DEFAULT_TOGETHER:
        raise BadInput(
            where="keep together", expected=f"a field such as {', '.join(DEFAULT_TOGETHER)}, lot", found=name
        )


DEFAULT_TOGETHER = ("serial", "shot", "pair")
"""`pair`: a template and the board that is compared with it, as boxes_txt reads them."""


def _tie_to_parents(images: Sequence[ImageRecord], union: _Union) -> None:
    """An augmented or generated image stays with the photographs it was made from."""
    at: dict[str, int] = {image.id: k for k, image in enumerate(images)}
    for k, image in enumerate(images):
        for parent in image.capture.parents:
            if parent in at:
                union.tie(at[parent], k, "made from it")


def _why(link: Link) -> str:
    seen = f"{link.landmarks} landmarks in common"
    agreed = f", {link.agreement:.0%} of the texture agrees" if link.agreement is not None else ""
    return f"{link.proof.value}: {seen}{agreed}{', mirrored' if link.mirrored else ''}"
