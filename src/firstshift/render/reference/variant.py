"""Which Mitsuba: `scalar_rgb` works everywhere; a compiled variant only after a child process has shown that it does.

Mitsuba's LLVM variants load the system's libLLVM. An old one (Mitsuba 3.9 with libLLVM 14) does not raise an error: it
aborts the process. So a variant that needs it renders a tiny scene in a child first, and a child that dies is an
answer too.
"""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from types import ModuleType

from firstshift.core.errors import Unavailable

ALWAYS = "scalar_rgb"
COMPILED = "llvm_ad_rgb"
PROOF_SECONDS = 120
_PROOF = """
import sys
import mitsuba
mitsuba.set_variant(sys.argv[1])
lamp = {"type": "sphere", "center": [0, 0, 3], "emitter": {"type": "area"}}
metal = {"type": "rectangle", "bsdf": {"type": "roughconductor", "material": "Al", "alpha": 0.2}}
view = mitsuba.ScalarTransform4f().look_at(origin=[0, -3, 3], target=[0, 0, 0], up=[0, 0, 1])
film = {"type": "hdrfilm", "width": 8, "height": 8}
sensor = {"type": "perspective", "to_world": view, "film": film}
scene = {"type": "scene", "integrator": {"type": "path", "max_depth": 3}, "a": lamp, "b": metal, "c": sensor}
image = mitsuba.TensorXf(mitsuba.render(mitsuba.load_dict(scene), spp=2))
brightest = max(image.array)
assert 0 < brightest < 1e6, brightest
sys.stdout.write("proved")
"""


def renders(variant: str, seconds: float = PROOF_SECONDS) -> bool:
    """Whether this variant draws a picture on this machine, tried in a process that may die of it."""
    command = [sys.executable, "-c", _PROOF, variant]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0 and done.stdout.endswith(b"proved")


@cache
def fastest_variant() -> str:
    return COMPILED if renders(COMPILED) else ALWAYS


def load_mitsuba(variant: str = ALWAYS) -> ModuleType:
    """Mitsuba with this variant set; its types and functions are those of the variant set last.

    Compiled variants pay for large images only: compiling a scene costs seconds, which a small one never earns back.
    """
    try:
        import mitsuba
    except ImportError as error:
        raise Unavailable(
            "the path-traced reference needs Mitsuba", way_out="pip install 'firstshift[reference]'"
        ) from error
    if variant != ALWAYS and not _is_proved(variant):
        raise Unavailable(
            where=f"Mitsuba variant {variant}",
            expected="a tiny scene rendered in a child process",
            found="none",
            way_out=f"take {ALWAYS}, or install libLLVM 16 or newer and point DRJIT_LIBLLVM_PATH at it",
        )
    if mitsuba.variant() != variant:
        mitsuba.set_variant(variant)
    return mitsuba


@cache
def _is_proved(variant: str) -> bool:
    return renders(variant)
