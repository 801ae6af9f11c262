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
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ferrite.ends import with_ends
from ferrite.judging import Judged, Tested, by_class, judged
from ferrite.photographs import Photograph, calibrated, photographs
from ferrite.rendering import CACHE, HERE, Tile, Wanted, rendered
from firstshift.sensor.profile import SensorProfile
from measurement import section

SEEDS = (0, 1, 2)
COUNT = 640
STEPS = 300
Scores = npt.NDArray[np.float64]


def main() -> int:
    root = os.environ.get("FIRSTSHIFT_BENCH_DATA")
    if not root or not (Path(root) / "mtd").is_dir():
        print("bench/tiles.py: set FIRSTSHIFT_BENCH_DATA to the folder with the set `mtd`; nothing was measured")
        return 2
    taken = photographs(Path(root) / "mtd")
    shown = [photograph for photograph in taken if photograph.tested]
    tested = Tested(tuple(one.kind for one in shown), np.array([one.tile for one in shown]))
    found = {
        name: [np.array(one) for one in scores_of(name, tiles, shown)]
        for name, tiles in ways([photograph for photograph in taken if not photograph.tested]).items()
    }
    told(found, tested, taken)
    return 0


def ways(backgrounds: list[Photograph]) -> dict[str, Callable[[], list[Tile]]]:
    """Each way to make the images that train; all have as many."""
    from ferrite.onto import put_onto

    def cad(name: str, varied: bool = True, profile: SensorProfile | None = None) -> list[Tile]:
        tiles = rendered(Wanted(name, COUNT, varied, profile))
        return [with_ends(tile, k) for k, tile in enumerate(tiles)]

    return {
        "CAD": lambda: cad("cad"),
        "CAD, no randomisation": lambda: cad("plain", varied=False),
        "CAD, calibrated camera": lambda: cad("calibrated", profile=calibrated(backgrounds)),
        "onto good photographs": lambda: put_onto(backgrounds, COUNT),
        "half CAD, half onto": lambda: [*cad("cad")[::2], *put_onto(backgrounds, COUNT)[::2]],
    }


def scores_of(name: str, tiles: Callable[[], list[Tile]], shown: Sequence[Photograph]) -> list[Scores]:
    """One row of scores for each seed."""
    made = tiles()
    told = hashlib.sha256((HERE / "network.py").read_bytes() + repr((STEPS, len(shown))).encode())
    for tile in made:
        told.update(tile.grey.tobytes())
        told.update(tile.mask.tobytes())
    kept = [CACHE / f"scores-{told.hexdigest()[:12]}-{seed}.npy" for seed in SEEDS]
    left = [(path, seed) for path, seed in zip(kept, SEEDS, strict=True) if not path.exists()]
    if left:
        files = [photograph.file for photograph in shown]
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            for path, _ in pool.map(_train_and_score, [(path, made, files, seed) for path, seed in left]):
                print(f"tiles: {name}: {path.name}", file=sys.stderr, flush=True)
    return [np.load(path) for path in kept]


def _train_and_score(asked: tuple[Path, list[Tile], list[Path], int]) -> tuple[Path, int]:
    import cv2

    from ferrite.network import marked, score, trained

    path, tiles, files, seed = asked
    cv2.setNumThreads(1)
    model = trained(tiles, steps=STEPS, seed=seed)
    halves = (Photograph(file, "", 0, True).half() for file in files)
    np.save(path, np.array([score(marked(model, half)) for half in halves]))
    return path, seed


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
