"""Can this mesh be inspected, and is it the part of the plan?"""

from __future__ import annotations

from firstshift.core.mesh import Mesh
from firstshift.spec.part import Part


def refuse_unusable(part: Part, mesh: Mesh) -> None:
    return None
