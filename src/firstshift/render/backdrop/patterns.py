"""Which pattern has which name, and how it becomes coats and relief for a surface."""

from __future__ import annotations

from functools import lru_cache

from firstshift.core.seed import Seed
from firstshift.render.backdrop.dirt import dirt
from firstshift.render.backdrop.grown import foam, granite, paper, speckled, wood
from firstshift.render.backdrop.pattern import Maker, Pattern, coat_of, relief_layer
from firstshift.render.backdrop.plates import breadboard, cutting_mat, perforated, plain
from firstshift.render.backdrop.woven import belt, cloth, mat

MAKERS: dict[str, Maker] = {
    "belt": belt,
    "mat": mat,
    "cloth": cloth,
    "wood": wood,
    "granite": granite,
    "paper": paper,
    "foam": foam,
    "speckled": speckled,
    "plain": plain,
    "perforated": perforated,
    "breadboard": breadboard,
    "cutting_mat": cutting_mat,
}


@lru_cache(maxsize=8)
def pattern_of(name: str, seed: int) -> Pattern:
    """Small enough to be made for each image: two tiles of 256 texels a side."""
    draw = Seed(seed).child("pattern", name).generator()
    tile = MAKERS[name](draw)
    turn = float(draw.uniform(-180, 180))
    return Pattern((coat_of(tile), coat_of(dirt(draw), turn)), relief_layer(tile))
