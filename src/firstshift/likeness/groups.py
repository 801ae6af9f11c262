"""Groups of photographs of one part, with the evidence a person can look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from firstshift.likeness.forest import Forest

CROWD = 3
"""From this size on, two groups are not joined by one weak link alone."""
WEAK = 1.5
"""Times the limit, below which a link by landmarks is weak."""


class Proof(StrEnum):
    EQUAL = "equal pixels"
    TEXTURE = "same fine texture"
    LANDMARKS = "same landmarks"


@dataclass(frozen=True, slots=True)
class Link:
    """Two photographs and why they are thought to show the same part."""

    first: int
    second: int
    proof: Proof
    confidence: float
    """`LANDMARKS`: 1 − the number of pairs this strong expected by chance in the whole set. `TEXTURE`: the share of the
    overlap that agrees. `EQUAL`: 1."""
    evidence: float
    """Landmarks in common, each counted by its rarity."""
    landmarks: int
    agreement: float | None = None
    """Share of the overlap in which the fine texture agrees; None where it was not needed."""
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    members: tuple[int, ...]
    """Two or more, ascending."""
    links: tuple[Link, ...]
    confidence: float
    """Of the weakest link that the group needs to hold together."""


@dataclass(frozen=True, slots=True)
class Groups:
    images: int
    groups: tuple[Group, ...]
    """By their first member. Photographs without a repeat are in none."""
    near_misses: tuple[Link, ...]
    """The strongest pairs that were *not* joined, strongest first."""
    evidence_limit: float
    """Evidence from which on a pair is joined by landmarks alone."""
    alike: bool
    """All images look alike (one product, one pose): only outstanding pairs were joined; better to give serials."""

    def labels(self) -> list[int]:
        """A number for each photograph; equal numbers, same part. The number is that of the group's first member."""
        labels = list(range(self.images))
        for group in self.groups:
            for member in group.members:
                labels[member] = group.members[0]
        return labels


def join(images: int, links: Sequence[Link], limit: float) -> tuple[Group, ...]:
    """Connected photographs, strongest links first.

    One false link would chain two parts together. So where two groups of `CROWD` or more meet, a single weak link is
    not enough: another pair across must be linked as well.
    """
    forest = Forest(images)
    needed: list[Link] = []
    doubtful: list[Link] = []
    for link in sorted(links, key=lambda link: (-_strength(link), link.first, link.second)):
        if _is_weak(link, limit) and min(forest.size(link.first), forest.size(link.second)) >= CROWD:
            doubtful.append(link)
        elif forest.unite(link.first, link.second):
            needed.append(link)
    needed += _bridges(forest, doubtful)
    return _collect(images, forest, links, needed)


def _bridges(forest: Forest, doubtful: Sequence[Link]) -> list[Link]:
    """Weak links between crowds, where two of them say the same."""
    between: dict[tuple[int, int], list[Link]] = {}
    for link in doubtful:
        one, other = sorted((forest.root(link.first), forest.root(link.second)))
        between.setdefault((one, other), []).append(link)
    crossed = [links[0] for links in between.values() if len(links) >= 2]
    return [link for link in crossed if forest.unite(link.first, link.second)]


def _collect(images: int, forest: Forest, links: Sequence[Link], needed: Sequence[Link]) -> tuple[Group, ...]:
    members: dict[int, list[int]] = {}
    inside: dict[int, list[Link]] = {}
    weakest: dict[int, float] = {}
    for image in range(images):
        members.setdefault(forest.root(image), []).append(image)
    for link in links:
        if forest.together(link.first, link.second):
            inside.setdefault(forest.root(link.first), []).append(link)
    for link in needed:
        root = forest.root(link.first)
        weakest[root] = min(weakest.get(root, 1.0), link.confidence)
    return tuple(
        Group(tuple(found), tuple(sorted(inside[root], key=lambda k: (k.first, k.second))), weakest[root])
        for root, found in members.items()
        if len(found) > 1
    )


def _strength(link: Link) -> float:
    return float("inf") if link.proof is Proof.EQUAL else link.evidence


def _is_weak(link: Link, limit: float) -> bool:
    return link.proof is Proof.LANDMARKS and link.evidence < WEAK * limit
