"""What planes and fixtures are made of: substance, finish, the colours that shops have, and the pattern on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstshift.render.surface import Surface
from firstshift.spec.part import FinishKind, Lay

Rgb = tuple[float, float, float]
GREYS: tuple[Rgb, ...] = ((0.02, 0.02, 0.02), (0.06, 0.06, 0.065), (0.18, 0.18, 0.18), (0.40, 0.40, 0.39))
COLOURS: tuple[Rgb, ...] = (
    (0.02, 0.10, 0.05), (0.02, 0.06, 0.20), (0.30, 0.05, 0.03), (0.45, 0.25, 0.02), (0.05, 0.16, 0.18),
    (0.30, 0.32, 0.28), (0.55, 0.55, 0.50),
)  # fmt: skip
WHITES: tuple[Rgb, ...] = ((0.70, 0.70, 0.68), (0.62, 0.60, 0.53), (0.80, 0.80, 0.80))

PAINTS = GREYS + COLOURS + WHITES
BOARDS: tuple[Rgb, ...] = ((0.36, 0.24, 0.13), (0.30, 0.21, 0.12), (0.45, 0.30, 0.16))
WOODS: tuple[Rgb, ...] = ((0.42, 0.26, 0.13), (0.55, 0.40, 0.24), (0.20, 0.10, 0.05))
STONES: tuple[Rgb, ...] = ((0.06, 0.06, 0.065), (0.18, 0.18, 0.18), (0.10, 0.07, 0.06))


@dataclass(frozen=True, slots=True)
class Stuff:
    """One kind of plane."""

    patterns: tuple[str, ...]
    material: str
    finish: FinishKind
    ra_um: tuple[float, float]
    gloss: tuple[float, float] = (0.0, 0.3)
    colours: tuple[Rgb, ...] = ()
    """Empty: the substance's own."""
    lay: Lay = "none"


PLANES: dict[str, Stuff] = {
    "conveyor belt": Stuff(("belt",), "rubber", "moulded", (1.0, 3.0), (0.0, 0.5), GREYS + COLOURS),
    "rubber mat": Stuff(("mat",), "rubber", "moulded", (1.0, 3.0), (0.0, 0.4), GREYS[:3] + COLOURS[:3]),
    "plastic plate": Stuff(("plain", "breadboard"), "plastic", "moulded", (0.5, 2.0), (0.1, 0.6), WHITES + GREYS),
    "milled plastic": Stuff(("plain",), "plastic", "milled", (0.8, 3.0), (0.1, 0.5), WHITES + GREYS, "crossed"),
    "brushed plate": Stuff(("plain", "breadboard"), "stainless_steel", "brushed", (0.3, 0.9), lay="straight"),
    "ground plate": Stuff(("plain",), "steel", "ground", (0.4, 1.2), lay="straight"),
    "milled plate": Stuff(("plain", "breadboard"), "aluminium", "milled", (0.8, 3.0), lay="crossed"),
    "anodised plate": Stuff(("plain", "breadboard"), "plastic", "blasted", (0.8, 2.0), (0.2, 0.6), GREYS[:3] + COLOURS),
    "painted steel": Stuff(("speckled", "plain"), "steel", "painted", (0.1, 0.8), (0.2, 0.8), PAINTS),
    "perforated plate": Stuff(("perforated",), "stainless_steel", "rolled", (0.3, 1.0), lay="straight"),
    "paper": Stuff(("paper",), "paper", "moulded", (2.0, 5.0), (0.0, 0.1), WHITES),
    "cardboard": Stuff(("paper",), "paper", "moulded", (3.0, 6.0), (0.0, 0.1), BOARDS),
    "foam": Stuff(("foam",), "fabric", "moulded", (3.0, 6.0), (0.0, 0.1), GREYS + COLOURS),
    "cloth": Stuff(("cloth",), "fabric", "moulded", (3.0, 6.0), (0.0, 0.1), GREYS + COLOURS + WHITES),
    "wood": Stuff(("wood",), "wood", "moulded", (2.0, 5.0), (0.0, 0.5), WOODS),
    "granite": Stuff(("granite",), "ceramic", "polished", (0.05, 0.4), (0.1, 0.6), STONES),
    "cutting mat": Stuff(("cutting_mat",), "plastic", "moulded", (1.0, 2.5), (0.0, 0.3), COLOURS[:2] + GREYS[:3]),
}  # fmt: skip

FIXTURES: dict[str, tuple[Stuff, ...]] = {
    "pins": (
        Stuff((), "steel", "ground", (0.2, 0.6), lay="straight"),
        Stuff((), "brass", "turned", (0.4, 1.6), lay="straight"),
    ),
    "blocks": (
        Stuff((), "aluminium", "milled", (0.8, 2.5), lay="straight"),
        Stuff((), "plastic", "milled", (0.8, 2.5), (0.1, 0.5), WHITES + GREYS, "straight"),
        Stuff((), "steel", "ground", (0.3, 1.0), lay="straight"),
        Stuff((), "plastic", "blasted", (0.8, 2.0), (0.2, 0.6), GREYS[:3] + COLOURS),
    ),
    "screws": (
        Stuff((), "zinc", "blasted", (0.8, 2.0)),
        Stuff((), "plastic", "blasted", (0.8, 1.6), (0.2, 0.5), GREYS[:2]),
    ),
    "sockets": (Stuff((), "rubber", "blasted", (1.0, 2.0), (0.0, 0.0), ((0.008, 0.008, 0.008),)),),
}


def plane_surface(draw: np.random.Generator) -> Surface:
    name = list(PLANES)[int(draw.integers(len(PLANES)))]
    stuff = PLANES[name]
    pattern = stuff.patterns[int(draw.integers(len(stuff.patterns)))]
    return _surface(f"background: {name}", stuff, draw, (0.0, 0.0, 0.0), pattern)


def fixture_surface(name: str, draw: np.random.Generator) -> Surface:
    choice = FIXTURES[name]
    return _surface(f"fixture: {name}", choice[int(draw.integers(len(choice)))], draw, (0.0, 0.0, 0.0), None)


def _surface(
    name: str, stuff: Stuff, draw: np.random.Generator, centre: tuple[float, float, float], pattern: str | None
) -> Surface:
    return Surface(
        name=name,
        material=stuff.material,
        finish=stuff.finish,
        ra_um=float(np.exp(draw.uniform(*np.log(stuff.ra_um)))),
        lay=stuff.lay,
        lay_deg=float(draw.choice([0.0, 90.0])),
        lay_centre_mm=centre,
        gloss=float(draw.uniform(*stuff.gloss)),
        colour=_shade(stuff.colours, draw),
        finish_seed=int(draw.integers(2**31)),
        is_part=False,
        pattern=pattern,
        pattern_seed=int(draw.integers(2**31)),
    )


def _shade(colours: tuple[Rgb, ...], draw: np.random.Generator) -> Rgb | None:
    """One of the colours, a little lighter or darker and off in hue."""
    if not colours:
        return None
    base = np.array(colours[int(draw.integers(len(colours)))])
    r, g, b = np.clip(base * np.exp(draw.normal(0, 0.25)) * np.exp(draw.normal(0, 0.08, 3)), 0.005, 0.9).tolist()
    return (r, g, b)
