"""Tiles for training made from good photographs: flaws of the same plan put onto backgrounds by `line.synth.onto`."""

from __future__ import annotations

import hashlib
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from ferrite.photographs import Photograph
from ferrite.rendering import (
    CACHE,
    HERE,
    NOT_DEFECTS,
    OWN_TYPES,
    PLAN,
    SHARES,
    VERSION,
    Tile,
    load,
    plan_of,
    save,
    tile_of,
)
from firstshift.core.decode import decode_image
from firstshift.core.label import Verdict
from firstshift.line.synth.onto_order import OntoOrder, OntoSettings, OntoUnit
from firstshift.line.synth.onto_order import Photograph as Given
from firstshift.line.synth.order import Order
from firstshift.line.synth.settings import GOOD, SynthSettings
from firstshift.spec.plan import Plan

PIECES = 16
Share = tuple[tuple[Path, ...], tuple[tuple[str, int, int], ...]]
"""Photographs; and of each image its class, its number and which photograph."""


def put_onto(backgrounds: list[Photograph], count: int, seed: int = 1) -> list[Tile]:
    """Good photographs as they are are the good ones; flaws go onto all of them in turn."""
    names = "".join(photograph.file.name for photograph in backgrounds)
    told = f"{PLAN.read_text()}{OWN_TYPES.read_text()}{names}{count}{seed}{VERSION} clean"
    kept = CACHE / f"onto-{hashlib.sha256(told.encode()).hexdigest()[:12]}.npz"
    if not kept.exists():
        shares = _shares(backgrounds, count, np.random.default_rng(seed))
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            flawed = [tile for some in pool.map(_piece, shares) for tile in some]
        halves = [photograph.half() for photograph in backgrounds[:: max(1, len(backgrounds) // (count // 3))]]
        save(kept, [*flawed, *(Tile(half, np.zeros(half.shape, bool), GOOD) for half in halves)])
    return load(kept)


def flat_plan() -> Plan:
    """A photograph is taken for a plane: what changes the outline cannot be put onto it, and edges have no place."""
    plan = plan_of((32, 30))
    for k, entry in enumerate(plan.defects):
        if entry.place == "edge":
            plan = plan.with_value(f"defects[{k}].place", "surface")
    return plan


def _shares(backgrounds: list[Photograph], count: int, generator: np.random.Generator) -> list[Share]:
    order = generator.permutation(len(backgrounds))
    asked = [kind for kind, share in SHARES.items() if kind != GOOD for _ in range(round(share * count))]
    mixed = generator.permutation(asked)
    numbered = [(kind, number, int(order[number % len(order)])) for number, kind in enumerate(mixed)]
    pieces = [numbered[k::PIECES] for k in range(PIECES)]
    shares = []
    for piece in pieces:
        used = sorted({k for _, _, k in piece})
        files = tuple(backgrounds[k].file for k in used)
        shares.append((files, tuple((str(kind), number, used.index(k)) for kind, number, k in piece)))
    return shares


def _piece(share: Share) -> list[Tile]:
    cv2.setNumThreads(1)
    files, asked = share
    order = Order.of(flat_plan(), HERE, SynthSettings(), (OWN_TYPES,))
    settings = OntoSettings(method="plane", per_photo=1, mm_per_pixel=0.1, whole=True, skip_problems=True)
    painter = OntoOrder.of(order, settings).painter()
    tiles = []
    for k, file in enumerate(files):
        wanted = tuple((kind, number) for kind, number, which in asked if which == k)
        unit = OntoUnit(Given(file.name, file.name, file.read_bytes()), wanted)
        clean = decode_image(file.read_bytes(), file.name).pixels[:, :, 0].astype(np.uint8)
        for image in painter.paint_unit(unit).images:
            kind = str(image.capture.provenance["kind"])
            label = image.label.label if image.label else None
            if label is not None and (label.verdict is not Verdict.UNSURE or kind in NOT_DEFECTS):
                assert isinstance(image.data, bytes)
                painted = decode_image(image.data, file.name).pixels[:, :, 0].astype(np.uint8)
                tiles.append(tile_of(painted, label, kind, clean if clean.shape == painted.shape else None))
    return tiles
