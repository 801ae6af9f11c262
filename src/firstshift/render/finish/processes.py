"""Which function makes which finish. A new process is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable

from firstshift.render.finish.blasted import blasted
from firstshift.render.finish.brushed import brushed
from firstshift.render.finish.cast import cast
from firstshift.render.finish.ground import ground
from firstshift.render.finish.layer import Finish
from firstshift.render.finish.milled import milled
from firstshift.render.finish.moulded import moulded
from firstshift.render.finish.painted import painted
from firstshift.render.finish.polished import polished
from firstshift.render.finish.rolled import rolled
from firstshift.render.finish.turned import turned
from firstshift.spec.part import FinishKind, Lay

PROCESSES: dict[FinishKind, Callable[[float, Lay, int], Finish]] = {
    "turned": turned,
    "milled": milled,
    "brushed": brushed,
    "ground": ground,
    "cast": cast,
    "blasted": blasted,
    "polished": polished,
    "moulded": moulded,
    "painted": painted,
    "rolled": rolled,
}


def finish_of(kind: FinishKind, ra_um: float, lay: Lay, seed: int) -> Finish:
    return PROCESSES[kind](ra_um, lay, seed)
