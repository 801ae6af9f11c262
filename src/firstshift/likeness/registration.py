"""Does one photograph lie on the other? Landmarks that look alike *and* agree on one shift, turn and scale.

Every pair of landmarks that look alike proposes a move (a landmark has a place, a size and a direction, so one pair is
enough); the move with which most other pairs agree is refined and its agreeing landmarks are the evidence. All
proposals are tried, so nothing is drawn at random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.likeness.landmarks import Floats

Indices = npt.NDArray[np.intp]

LEAST_LIKENESS = 0.8
"""Of two descriptions, as the product of unit vectors; photographs of one spot are mostly above 0.9."""
SCALES = (0.25, 4.0)
NEAR_PX = 4.0
"""How far a landmark may lie from where the move puts it, in the 320-pixel image."""

_ROUGHLY_PX = 4 * NEAR_PX
_TURN = 0.35
_SCALE_STEP = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """Landmark `here[k]` of one image lies on `there[k]` of the other under z ↦ turn·z + shift (complex pixels)."""

    here: Indices
    there: Indices
    turn: complex
    shift: complex

    def __len__(self) -> int:
        return len(self.here)


NOTHING = Registration(np.zeros(0, np.intp), np.zeros(0, np.intp), 1 + 0j, 0j)


def register(places: Floats, units: Floats, other_places: Floats, other_units: Floats) -> Registration:
    """`places` as in `Landmarks`, `units` their unit descriptions."""
    if not len(places) or not len(other_places):
        return NOTHING
    here, there = mutual_neighbours(units @ other_units.T)
    if len(here) < 2:
        return NOTHING
    return _agree(here, there, places[here], other_places[there])


def mutual_neighbours(likeness: Floats) -> tuple[Indices, Indices]:
    """Pairs in which each is the other's nearest, and near."""
    best = likeness.argmax(axis=1)
    back = likeness.argmax(axis=0)
    here = np.flatnonzero(back[best] == np.arange(len(best)))
    here = here[likeness[here, best[here]] > LEAST_LIKENESS]
    return here, best[here]


def _agree(here: Indices, there: Indices, one: Floats, other: Floats) -> Registration:
    z, w = _complex(one), _complex(other)
    scale = other[:, 2] / np.maximum(one[:, 2], 1e-3)
    angle = np.deg2rad(other[:, 3] - one[:, 3])
    turn = scale * np.exp(1j * angle)
    shift = w - turn * z
    proposed = (scale > SCALES[0]) & (scale < SCALES[1])
    # agreement[p, k]: does pair k agree with the move that pair p proposes?
    agreement = np.abs(turn[:, None] * z[None] + (shift[:, None] - w[None])) < _ROUGHLY_PX
    agreement &= np.abs(_wrap(angle[:, None] - angle[None])) < _TURN
    agreement &= np.abs(np.log(scale[:, None] / scale[None])) < _SCALE_STEP
    votes = agreement.sum(axis=1) * proposed
    chosen = agreement[int(np.argmax(votes))]
    if votes.max() < 2:
        return NOTHING
    move = _fit(z[chosen], w[chosen])
    for _ in range(4):
        if move is None:
            return NOTHING
        a, b = move
        chosen = (np.abs(a * z + b - w) < NEAR_PX) & (np.abs(_wrap(angle - np.angle(a))) < _TURN)
        move = _fit(z[chosen], w[chosen])
    if move is None or not SCALES[0] < abs(move[0]) < SCALES[1]:
        return NOTHING
    return Registration(here[chosen], there[chosen], move[0], move[1])


def _fit(z: npt.NDArray[np.complex128], w: npt.NDArray[np.complex128]) -> tuple[complex, complex] | None:
    """Least squares of w = a·z + b."""
    if len(z) < 2:
        return None
    from_mean, to_mean = z.mean(), w.mean()
    spread = float((np.abs(z - from_mean) ** 2).sum())
    if spread < 1e-6:
        return None
    a = complex((np.conj(z - from_mean) * (w - to_mean)).sum() / spread)
    return (a, complex(to_mean - a * from_mean)) if abs(a) > 1e-3 else None


def _complex(places: Floats) -> npt.NDArray[np.complex128]:
    return places[:, 0].astype(np.float64) + 1j * places[:, 1]


def _wrap(angle: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi)
