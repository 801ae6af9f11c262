"""Many small flaws in one cluster: how large each is and where it lies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def sizes_below(
    generator: np.random.Generator, largest: float, count: int, spread: float, smallest: float
) -> npt.NDArray[np.float64]:
    """(count,): the largest first, the others lognormal about half of it, none below `smallest` × largest."""
    others = largest * np.clip(0.42 * np.exp(spread * generator.standard_normal(count - 1)), smallest, 0.95)
    return np.concatenate(([largest], others))


def in_a_cluster(
    generator: np.random.Generator, sizes_mm: npt.NDArray[np.float64], cluster_mm: float
) -> npt.NDArray[np.float64]:
    """(count, 2): a middle for each, crowding towards the cluster's middle, all within `cluster_mm`; one alone is at 0.

    The cluster is a little long and ragged, and some places are taken beside an earlier one: flaws come in families.
    """
    if len(sizes_mm) == 1:
        return np.zeros((1, 2))
    stretch = generator.uniform(0.45, 1.0)
    turn = generator.uniform(0, np.pi)
    cos, sin = np.cos(turn), np.sin(turn)
    places: list[tuple[float, float]] = []
    for size in sizes_mm:
        room = max(0.0, (cluster_mm - size) / 2)
        if places and generator.random() < 0.35:
            near = places[int(generator.integers(len(places)))]
            step, way = cluster_mm * generator.gamma(2.0, 0.035), generator.uniform(0, 2 * np.pi)
            u, v = near[0] + step * np.cos(way), near[1] + step * np.sin(way)
        else:
            out, way = room * generator.beta(1.3, 1.6), generator.uniform(0, 2 * np.pi)
            along, across = out * np.cos(way), out * np.sin(way) * stretch
            u, v = along * cos - across * sin, along * sin + across * cos
        back = min(1.0, room / max(1e-12, float(np.hypot(u, v))))
        places.append((float(u * back), float(v * back)))
    return np.array(places)
