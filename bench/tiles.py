"""Do rendered tiles teach a model to find real defects? A small U-Net, trained on synthetic images alone, on `mtd`.

    FIRSTSHIFT_BENCH_DATA=/path/to/sets make bench ONLY=tiles
    TILES=small … .venv/bin/python bench/tiles.py     whether it runs through: minutes, the figures mean nothing

What each piece is good for, `bench/tiles_left_out.py` asks with the same functions.

The plan of a ground ferrite tile (bench/ferrite/plan.yaml) is rendered in five ways, each trains the same small network
with three seeds, and all are tested on the same real photographs: those of `dev`, which were looked at while the plan
was improved, and those of `test`, which were not. About an hour of one core the first time; images, groups and scores
are kept in the cache folder ($XDG_CACHE_HOME/firstshift/tiles), so a run that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from ferrite.judging import Judged, Tested, by_class, figures, judged
from ferrite.photographs import Photograph, photographs
from ferrite.rendering import CACHE, HERE
from ferrite.ways import BOUND, WAYS, Way, tiles_of
from measurement import section

Scores = npt.NDArray[np.float64]
SIDES = ("dev", "test")


@dataclass(frozen=True, slots=True)
class Size:
    ways: tuple[Way, ...]
    count: int
    steps: int
    seeds: tuple[int, ...]
    sides: tuple[str, ...] = SIDES


WHOLE, SMALL = Size((*WAYS, BOUND), 640, 500, (0, 1, 2)), Size((*WAYS, BOUND), 64, 20, (0,))


@dataclass(frozen=True, slots=True)
class Job:
    folder: Path
    way: Way
    seed: int
    count: int
    steps: int


def main() -> int:
    small = os.environ.get("TILES") == "small"
    title = "Real defects found after training on rendered tiles" + (", small run: the figures mean nothing" * small)
    return measured(title, "make bench ONLY=tiles", SMALL if small else WHOLE)


def measured(title: str, command: str, size: Size) -> int:
    root = os.environ.get("FIRSTSHIFT_BENCH_DATA")
    if not root or not (Path(root) / "mtd").is_dir():
        print("bench/tiles.py: set FIRSTSHIFT_BENCH_DATA to the folder with the set `mtd`; nothing was measured")
        return 2
    folder = Path(root) / "mtd"
    taken = photographs(folder)
    shown = [photograph for photograph in taken if photograph.side != "background"]
    jobs = [Job(folder, way, seed, size.count, size.steps) for seed in size.seeds for way in size.ways]
    found: dict[str, list[Scores]] = {way.name: [] for way in size.ways}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for job, scores in zip(jobs, pool.map(scores_of, jobs), strict=True):
            found[job.way.name].append(scores)
            dev, tested = _of_side(shown, "dev")
            about = "trained on" if job.way is BOUND else f"AUROC {figures(scores[dev], tested.good)[0]:.3f}"
            print(f"tiles: {job.way.name}, seed {job.seed}: dev {about}", file=sys.stderr, flush=True)
    backgrounds = sum(photograph.side == "background" for photograph in taken)
    parts = [told(found, shown, side) for side in size.sides]
    print(
        section(
            title,
            command=command,
            n=f"{len(shown)} photographs of {len({one.tile for one in shown})} tiles, "
            f"{size.count} images of each way, {size.steps} steps, {len(size.seeds)} seeds",
            data=f"`mtd`, public; {backgrounds} photographs of other good tiles lent backgrounds and camera",
            body="\n\n".join(parts),
            note=NOTE,
        )
    )
    return 0


def scores_of(job: Job) -> Scores:
    """Of all photographs that are shown, in their order; from the cache where the same was done before."""
    from ferrite.network import marked, score, trained

    cv2.setNumThreads(1)
    taken = photographs(job.folder)
    shown = [photograph for photograph in taken if photograph.side != "background"]
    tiles = tiles_of(job.way, taken, job.count)
    code = b"".join((HERE / name).read_bytes() for name in ("network.py", "varying.py"))
    told = hashlib.sha256(code + repr((job.steps, len(shown), job.seed, job.way.photographed)).encode())
    for tile in tiles:
        told.update(tile.grey.tobytes() + tile.mask.tobytes())
    kept = CACHE / f"scores-{told.hexdigest()[:12]}.npy"
    if not kept.exists():
        model = trained(tiles, steps=job.steps, seed=job.seed, vary=job.way.photographed)
        np.save(kept, np.array([score(marked(model, photograph.half())) for photograph in shown]))
    return np.asarray(np.load(kept), np.float64)


def _of_side(shown: Sequence[Photograph], side: str) -> tuple[npt.NDArray[np.bool_], Tested]:
    here = [photograph for photograph in shown if photograph.side == side]
    tested = Tested(tuple(one.kind for one in here), np.array([one.tile for one in here]))
    return np.array([photograph.side == side for photograph in shown]), tested


def told(found: dict[str, list[Scores]], shown: Sequence[Photograph], side: str) -> str:
    here, tested = _of_side(shown, side)
    own = {name: [one[here] for one in scores] for name, scores in found.items()}
    if side == "dev":  # it was trained on them
        own.pop(BOUND.name, None)
    return f"Photographs of `{side}`, {_counted(tested)}:\n\n{_table(own, tested)}"


def _counted(tested: Tested) -> str:
    good = int(tested.good.sum())
    return f"{good} good and {len(tested.kinds) - good} defective ones of {len(set(tested.tiles.tolist()))} tiles"


def _table(found: dict[str, list[Scores]], tested: Tested) -> str:
    rows = ["| trained on | AUROC | found at 5 % false alarms | at 10 % | seeds (AUROC) |", "|---|---:|---:|---:|---:|"]
    rows += [_row(name, judged(scores, tested)) for name, scores in found.items()]
    kinds = sorted(set(tested.kinds) - {"Free"})
    rows += [
        "",
        f"| AUROC of one class | {' | '.join(kind.lower() for kind in kinds)} |",
        "|---|" + "---:|" * len(kinds),
    ]
    for name, scores in found.items():
        each = by_class(scores, tested)
        rows.append(f"| {name} | {' | '.join(f'{each[kind]:.2f}' for kind in kinds)} |")
    return "\n".join(rows)


def _row(name: str, result: Judged) -> str:
    cells = [f"{result.mean[k]:.3f} ({result.low[k]:.3f}–{result.high[k]:.3f})" for k in range(3)]
    return f"| {name} | {' | '.join(cells)} | {' '.join(f'{one:.3f}' for one in result.seeds[:, 0])} |"


NOTE = """\
No real defect was trained on, but for the row that says so. Photographs of `dev` were looked at while the plan was
improved, those of `test` were not since the halves were parted (before, scores of both chose among four plans).
Intervals: 95 %, bootstrap over tiles and seeds. The limit for false alarms is set on the good photographs tested."""

if __name__ == "__main__":
    sys.exit(main())
