"""Do rendered tiles teach a model to find real defects? A small U-Net, trained on synthetic images alone, on `mtd`.

    FIRSTSHIFT_BENCH_DATA=/path/to/sets make bench ONLY=tiles

The plan of a ground ferrite tile (bench/ferrite/plan.yaml) is rendered in five ways, each trains the same small network
with three seeds, and all are tested on the same real photographs. About an hour of one core the first time; images,
groups and scores are kept in the cache folder ($XDG_CACHE_HOME/firstshift/tiles), so a run that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from ferrite.ends import with_ends
from ferrite.judging import Judged, Tested, by_class, figures, judged
from ferrite.onto import put_onto
from ferrite.photographs import Photograph, calibrated, photographs
from ferrite.rendering import CACHE, HERE, Tile, Wanted, rendered
from firstshift.sensor.profile import SensorProfile
from measurement import section

SEEDS = (0, 1, 2)
COUNT = 640
STEPS = 500
Scores = npt.NDArray[np.float64]
CAD, PLAIN, CALIBRATED = "CAD", "CAD, no randomisation", "CAD, calibrated camera"
ONTO, MIXED = "onto good photographs", "half CAD, half onto"
WAYS = (CAD, ONTO, PLAIN, CALIBRATED, MIXED)


def main() -> int:
    root = os.environ.get("FIRSTSHIFT_BENCH_DATA")
    if not root or not (Path(root) / "mtd").is_dir():
        print("bench/tiles.py: set FIRSTSHIFT_BENCH_DATA to the folder with the set `mtd`; nothing was measured")
        return 2
    folder = Path(root) / "mtd"
    taken = photographs(folder)
    shown = [photograph for photograph in taken if photograph.tested]
    tested = Tested(tuple(one.kind for one in shown), np.array([one.tile for one in shown]))
    jobs = [(folder, way, seed) for seed in SEEDS for way in WAYS]
    found: dict[str, list[Scores]] = {way: [] for way in WAYS}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for (_, way, seed), scores in zip(jobs, pool.map(scores_of, jobs), strict=True):
            found[way].append(scores)
            print(
                f"tiles: {way}, seed {seed}: AUROC {figures(scores, tested.good)[0]:.3f}", file=sys.stderr, flush=True
            )
    told(found, tested, taken)
    return 0


def tiles_of(way: str, backgrounds: list[Photograph]) -> list[Tile]:
    """What trains: as many images whichever way they are made."""

    def cad(name: str, varied: bool = True, profile: SensorProfile | None = None) -> list[Tile]:
        tiles = rendered(Wanted(name, COUNT, varied, profile))
        return [with_ends(tile, k) for k, tile in enumerate(tiles)]

    match way:
        case "onto good photographs":
            return put_onto(backgrounds, COUNT)
        case "half CAD, half onto":
            return [*cad("cad")[::2], *put_onto(backgrounds, COUNT)[::2]]
        case "CAD, calibrated camera":
            return cad("calibrated", profile=calibrated(backgrounds))
        case "CAD, no randomisation":
            return cad("plain", varied=False)
        case _:
            return cad("cad")


def scores_of(job: tuple[Path, str, int]) -> Scores:
    """Of all photographs that are tested, in their order; from the cache where the same was done before."""
    from ferrite.network import marked, score, trained

    folder, way, seed = job
    cv2.setNumThreads(1)
    taken = photographs(folder)
    shown = [photograph for photograph in taken if photograph.tested]
    tiles = tiles_of(way, [photograph for photograph in taken if not photograph.tested])
    told = hashlib.sha256((HERE / "network.py").read_bytes() + repr((STEPS, len(shown), seed)).encode())
    for tile in tiles:
        told.update(tile.grey.tobytes() + tile.mask.tobytes())
    kept = CACHE / f"scores-{told.hexdigest()[:12]}.npy"
    if not kept.exists():
        model = trained(tiles, steps=STEPS, seed=seed)
        np.save(kept, np.array([score(marked(model, photograph.half())) for photograph in shown]))
    return np.asarray(np.load(kept), np.float64)


def told(found: dict[str, list[Scores]], tested: Tested, taken: Sequence[Photograph]) -> None:
    results = {name: judged(scores, tested) for name, scores in found.items()}
    rows = ["| trained on | AUROC | found at 5 % false alarms | at 10 % | seeds (AUROC) |", "|---|---:|---:|---:|---:|"]
    rows += [_row(name, result) for name, result in results.items()]
    kinds = sorted(set(tested.kinds) - {"Free"})
    classes = ["", f"| found at 5 % | {' | '.join(kind.lower() for kind in kinds)} |", "|---|" + "---:|" * len(kinds)]
    for name, scores in found.items():
        each = by_class(scores, tested)
        classes.append(f"| {name} | {' | '.join(f'{each[kind]:.2f}' for kind in kinds)} |")
    good = int(tested.good.sum())
    tiles = len(set(tested.tiles.tolist()))
    backgrounds = sum(not photograph.tested for photograph in taken)
    print(
        section(
            "Real defects found after training on rendered tiles",
            command="make bench ONLY=tiles",
            n=f"{good} good and {len(tested.kinds) - good} defective photographs of {tiles} tiles tested, "
            f"{COUNT} images of each way, {STEPS} steps, {len(SEEDS)} seeds",
            data=f"`mtd`, public; {backgrounds} photographs of other good tiles lent backgrounds and camera",
            body="\n".join([*rows, *classes]),
            note=NOTE,
        )
    )


def _row(name: str, result: Judged) -> str:
    cells = [f"{result.mean[k]:.3f} ({result.low[k]:.3f}–{result.high[k]:.3f})" for k in range(3)]
    return f"| {name} | {' | '.join(cells)} | {' '.join(f'{one:.3f}' for one in result.seeds[:, 0])} |"


NOTE = """\
No real defect was trained on. Intervals: 95 %, bootstrap over tiles and seeds. The limit for false alarms is set on the
good photographs that are tested."""

if __name__ == "__main__":
    sys.exit(main())
