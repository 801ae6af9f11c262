"""Contamination: something lies on the part that does not belong to it.

    - type: contamination
      class: fibre
      cause: fibre                # oil, dust, fibre, chip or fingerprint
      size_mm: [0.02, 0.06]       # width of a fibre or chip, diameter of the largest grain, else of the whole
      length_mm: [1, 10]          # of fibres and chips, unrolled; left out, 15 to 60 (fibre) or 3 to 10 (chip) widths

- `oil`: pools with a smooth, clear surface of their own: they mirror lamps, bend light at their rims, drown the finish.
- `dust`: grains of a few sizes, strewn in clusters, with their shadows.
- `fibre`: a thin round thread, curled, twisted, lifted off here and there: lit on one side, its shadow on the other.
- `chip`: a curled sliver of swarf, bright on one side, torn along one border; a body of its own.
- `fingerprint`: ridges 0.45 mm apart that end and fork, printed in sweat: matt, a little dark, broken into droplets.
"""

from __future__ import annotations

from firstshift.core.imprint import Ground, Imprint
from firstshift.defects.contamination_marks import fingerprint, oil
from firstshift.defects.contamination_things import chip, dust, fibre
from firstshift.defects.drawn import DrawnType
from firstshift.defects.draws import Draws
from firstshift.spec.declared import Range
from firstshift.spec.defect_types import Contamination


class ContaminationFlaw(DrawnType[Contamination]):
    model = Contamination
    example = "{type: contamination, class: fibre, cause: fibre, size_mm: [0.02, 0.06], length_mm: [1, 8]}"

    def imprint(self, entry: Contamination, ground: Ground, draws: Draws) -> Imprint:
        draws.recorded["cause"] = entry.cause
        size = draws.graded("size_mm", entry.size_mm)
        if entry.cause in ("oil", "dust", "fingerprint"):
            return {"oil": oil, "dust": dust, "fingerprint": fingerprint}[entry.cause](ground, draws, size)
        widths = (15, 60) if entry.cause == "fibre" else (3, 10)
        length = draws.graded("length_mm", entry.length_mm or Range(widths[0] * size, widths[1] * size))
        length = max(length, 1.5 * size)
        draws.recorded["length_mm"] = length
        return fibre(ground, draws, size, length) if entry.cause == "fibre" else chip(ground, draws, size, length)
