"""How fine a flaw is drawn: cells of at most a third of a pixel and a fifth of the flaw's narrowest size.

A camera averages over a pixel what the grid resolves; a third leaves room for a turned grid. Wide flaws are capped at
`AREA_CELLS`: they are smooth at that scale, and drawing them stays in the range of milliseconds. Long thin ones may
have up to `core.imprint.MAX_CELLS` because hardly any of their cells is touched.
"""

from __future__ import annotations

from firstshift.core.imprint import MAX_CELLS, Ground, Patch

AREA_CELLS = 160_000
SOFT_CELLS = 80_000
"""For stains and the like: nothing on them is sharper than a hundredth of their size."""
MARGIN_CELLS = 3


def grid_over(
    ground: Ground,
    length_mm: float,
    width_mm: float,
    *,
    narrowest_mm: float,
    most: int = AREA_CELLS,
    oblong: float = 1.0,
) -> Patch:
    """A patch over length × width and a margin; cells up to `oblong` times as long as wide, not over pixel/3."""
    across = min(ground.pixel_mm / 3, narrowest_mm / 5)
    along = min(ground.pixel_mm / 3, across * oblong)
    cells = (length_mm / along) * (width_mm / across)
    coarser = max(1.0, (cells / min(most, MAX_CELLS * 0.97)) ** 0.5)
    along, across = along * coarser, across * coarser
    margin = 2 * MARGIN_CELLS
    return Patch.covering(length_mm + margin * along, width_mm + margin * across, along, across)
