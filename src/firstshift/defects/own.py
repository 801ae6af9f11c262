"""An imprint from a person's own type of flaw: what goes wrong in it is said as a mistake in that type, not in ours."""

from __future__ import annotations

import numpy as np

from firstshift.core.errors import BadInput, FirstshiftError
from firstshift.core.imprint import Ground, Imprint
from firstshift.defects.drawn import DrawnType
from firstshift.defects.draws import Draws, refuse_reserved
from firstshift.spec.catalogue import Defect

LAYERS = ("height_mm", "smoothness", "torn", "occlusion", "cover", "film", "hides_finish")


def imprint_of_a_persons_own(drawn: DrawnType[Defect], entry: Defect, ground: Ground, draws: Draws) -> Imprint:
    where = f"defect type {drawn.name!r}: imprint"
    try:
        imprint = drawn.imprint(entry, ground, draws)
    except FirstshiftError:
        raise
    except Exception as error:  # whatever a person's file raises is a mistake in that file
        raise BadInput(where=where, expected="an Imprint", found=f"{type(error).__name__}: {error}") from error
    if not isinstance(imprint, Imprint):
        raise BadInput(where=where, expected="an Imprint", found=type(imprint).__name__)
    refuse_reserved(imprint.parameters, f"{where}.parameters")
    shape = imprint.patch.shape
    layers = {"mask": imprint.mask, "tint": imprint.tint} | {name: getattr(imprint, name) for name in LAYERS}
    for name, layer in layers.items():
        if layer is None:
            continue
        if layer.shape != (shape if name != "tint" else (*shape, 3)):
            raise BadInput(where=f"{where}.{name}", expected=f"the patch's {shape[0]} × {shape[1]}", found=layer.shape)
        if not np.isfinite(layer).all():
            raise BadInput(where=f"{where}.{name}", expected="finite numbers", found="NaN or infinity")
    return imprint
