"""How finely lamps are cut into emitters for an image: as its smooth surfaces need, within what time allows.

Between emitters a highlight is filled by their width; finer cuts cost time and change little (docs/fidelity.md).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.render.appearance import Appearance

MOST_EMITTERS = 96
"""Of one light."""
SMOOTHEST_ALPHA = 0.06
SMOOTH_PERCENTILE = 5.0
"""Emitters are cut for the smooth part of the surface; a few glints of finer texture need no more."""
SMOOTH_SAMPLES = 10_000
"""More would not move a percentile that only decides how finely lights are cut."""


def smoothest_alpha(appearance: Appearance, on_part: npt.NDArray[np.bool_]) -> float:
    """The roughness that the emitters of a view are cut for."""
    step = max(1, len(on_part) // SMOOTH_SAMPLES)
    alpha = appearance.alpha[::step][on_part[::step]].min(axis=1, initial=1.0)
    return max(SMOOTHEST_ALPHA, float(np.percentile(alpha, SMOOTH_PERCENTILE)) if alpha.size else 0.1)
