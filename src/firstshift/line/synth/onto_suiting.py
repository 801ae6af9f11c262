"""Whether flaws can be put onto a photograph, as far as its size and its channels tell: before it is recorded."""

from __future__ import annotations

from collections.abc import Sequence

from firstshift.core.errors import BadInput
from firstshift.render.onto.carrying import LIGHTS

SMALLEST_PX = 32
"""As of a rendered image; on less there is neither light nor texture to go by."""


def check_suits(channels: Sequence[str], width: int, height: int, name: str) -> None:
    """Raises BadInput for a photograph that does not do."""
    lights, wanted = [one for one in channels if one in LIGHTS], "a grey or a colour photograph"
    if not lights:
        raise BadInput(
            where=name, expected=wanted, found=" ".join(channels), way_out="export one light channel at a time"
        )
    if len(lights) == 1 and len(channels) > 1:
        raise BadInput(where=name, expected=wanted, found=" with ".join(channels), way_out="save it without alpha")
    if min(width, height) < SMALLEST_PX:
        raise BadInput(
            where=name, expected=f"a photograph of {SMALLEST_PX} × {SMALLEST_PX} pixels or more",
            found=f"{width} × {height}", way_out="cut out more of the surface around it",
        )  # fmt: skip
