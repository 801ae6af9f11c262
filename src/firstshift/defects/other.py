"""Other: a flaw that no model draws. It is labelled and learnt from real images; asking for a picture is an error.

    - type: other
      class: chatter
      looks_like: Regular fine waves across the milling marks, where the tool vibrated.
      size_mm: [0.2, 1]

Whoever draws many flaws asks `can_be_drawn` first and leaves these out; docs/defects.md shows how one becomes a type.
"""

from __future__ import annotations

from firstshift.core.errors import BadInput
from firstshift.core.imprint import Ground, Imprint
from firstshift.defects.drawn import DrawnType
from firstshift.defects.draws import Draws
from firstshift.spec.defect_types import OtherFlaw


class OtherFlawUndrawn(DrawnType[OtherFlaw]):
    model = OtherFlaw
    example = "{type: other, class: chatter, looks_like: Regular fine waves., size_mm: [0.2, 1]}"
    is_drawn = False

    def imprint(self, entry: OtherFlaw, ground: Ground, draws: Draws) -> Imprint:  # noqa: ARG002
        raise BadInput(
            where=f"defect class {entry.class_name!r}",
            expected="a type with a model",
            found="'other': no model draws it",
            way_out="leave it to real images, or add a type: docs/defects.md",
        )
