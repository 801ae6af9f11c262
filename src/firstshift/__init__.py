"""firstshift: from zero images to a governed visual-inspection model.

The names a script uses stand here and load what they need on first use, so that `import firstshift` stays fast:

    from firstshift import Plan, Workspace
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = ["Annotation", "FirstshiftError", "Image", "Label", "Plan", "Seed", "Workspace", "__version__"]

if TYPE_CHECKING:
    from firstshift.core.errors import FirstshiftError
    from firstshift.core.image import Image
    from firstshift.core.label import Annotation, Label
    from firstshift.core.seed import Seed
    from firstshift.spec.plan import Plan
    from firstshift.store.workspace import Workspace

_HOMES = {
    "Annotation": "firstshift.core.label",
    "FirstshiftError": "firstshift.core.errors",
    "Image": "firstshift.core.image",
    "Label": "firstshift.core.label",
    "Plan": "firstshift.spec.plan",
    "Seed": "firstshift.core.seed",
    "Workspace": "firstshift.store.workspace",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'firstshift' has no attribute {name!r}; it has {', '.join(sorted(_HOMES))}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
