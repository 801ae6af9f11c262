"""How well are repeats found on real photographs? One block of figures for each public set.

    FIRSTSHIFT_BENCH_DATA=/path/to/sets make bench ONLY=likeness
    FIRSTSHIFT_BENCH_DATA=/path/to/sets python bench/likeness.py mtd bottle aliens crackforest expiry xsdd deeppcb

One core of its own: about a minute each for `mtd` and `xsdd`, some minutes for `deeppcb`. Expected on `mtd`: 215
groups, 198 of them of six photographs with each of the six exposures once; adjusted Rand index 0.90 against the
capture protocol. Against `parts.csv` about 0.6: that list parts photographs of one tile and joins photographs of
different ones (docs/near-duplicates.md).

File names are used here, to judge; the groups are found without them.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from math import comb
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.likeness import Groups, group_repeats, leak_count, leaks_of, perceptual_hash, signature
from measurement import section

Grey = npt.NDArray[np.float32]
Labels = Sequence[int | str]

PATTERNS = {
    "mtd": ("mtd/MT_*/*.jpg",),
    "bottle": ("bottle/train/*/*.*", "bottle/test/*/*.*"),
    "aliens": ("aliens/*/*.*",),
    "crackforest": ("crackforest/image/*",),
    "expiry": ("expiry/dataset/*",),
    "xsdd": ("xsdd/*/*",),
    "deeppcb": ("deeppcb/*/*.png",),
}
BOOTSTRAPS = 400


def main(chosen: Sequence[str]) -> int:
    root = os.environ.get("FIRSTSHIFT_BENCH_DATA")
    if not root:
        print("bench/likeness.py: set FIRSTSHIFT_BENCH_DATA to the folder of public data sets; nothing was measured")
        return 2
    unknown = set(chosen) - set(PATTERNS)
    if unknown:
        print(f"bench/likeness.py: expected sets among {', '.join(PATTERNS)}, found {', '.join(sorted(unknown))}")
        return 2
    cv2.setNumThreads(1)
    told = io.StringIO()
    photographs = 0
    for name in chosen or PATTERNS:
        files = sorted(f for pattern in PATTERNS[name] for f in Path(root).glob(pattern))
        photographs += len(files)
        with contextlib.redirect_stdout(told):
            if files:
                measure(name, files, Path(root))
            else:
                print(f"\n{name}: no files under {root}; left out")
    print(
        section(
            "Repeats found on real photographs",
            command="make bench ONLY=likeness",
            n=f"{photographs:,} photographs",
            data="public sets, see the page on near-duplicates; none of them is part of the package",
            body=f"```text\n{told.getvalue().strip()}\n```",
        )
    )
    return 0


def measure(name: str, files: Sequence[Path], root: Path) -> None:
    small = [np.asarray(cv2.resize(read_grey(f), (96, 96)), np.float32) for f in files[:200]]
    hashing = time.perf_counter()
    for grey in small:
        perceptual_hash(grey)
    hash_ms = (time.perf_counter() - hashing) / len(small) * 1e3
    began = time.perf_counter()
    signatures = [signature(read_grey(f)) for f in files]
    signed = time.perf_counter()
    groups = group_repeats(signatures, lambda k: read_grey(files[k]))
    grouped = time.perf_counter()
    labels = groups.labels()
    sizes = Counter(Counter(labels).values())
    signature_ms = (signed - began) / len(files) * 1e3
    print(f"\n{name}: {len(files)} photographs")
    print(f"  perceptual hash {hash_ms:.2f} ms, signature {signature_ms:.1f} ms with reading,", end=" ")
    print(f"grouping {grouped - signed:.1f} s")
    print(f"  {len(groups.groups)} groups; photographs in a group: count {dict(sorted(sizes.items()))}")
    print(f"  all alike: {groups.alike}; evidence limit {groups.evidence_limit:.1f}; {proofs(groups)}")
    tests = round(len(files) * 0.2)
    print(f"  a random 80/20 split by image leaks {leak_count(labels, 0.2):.0f} of {tests} test images")
    if name == "mtd":
        judge_tiles(files, labels, root)
    if name == "deeppcb":
        board = [f.stem.rsplit("_", 1)[0] for f in files]
        together = Counter((b, k) for b, k in zip(board, labels, strict=True))
        print(f"  template and test together: {sum(n == 2 for n in together.values())} of {len(set(board))} pairs")


def judge_tiles(files: Sequence[Path], labels: Sequence[int], root: Path) -> None:
    with (root / "mtd" / "parts.csv").open(newline="") as handle:
        rows = {row["file"]: row for row in csv.DictReader(handle)}
    listed = [rows[f.relative_to(root / "mtd").as_posix()] for f in files]
    parts = [row["part"] for row in listed]
    report("parts.csv", parts, labels)
    runs = capture_runs(files)
    report("capture protocol (runs of exposures 1…6, by number)", runs, labels)
    print(f"  for comparison, parts.csv against the capture protocol: {adjusted_rand(runs, parts):.3f}")
    exposures: dict[int, list[str]] = defaultdict(list)
    for f, label in zip(files, labels, strict=True):
        exposures[label].append(f.stem[3])
    six = [e for e in exposures.values() if len(e) == 6]
    print(f"  groups of six with every exposure once: {sum(len(set(e)) == 6 for e in six)} of {len(six)}")
    side = ["test" if row["fold"] == "2" else "train" for row in listed]
    leaks, tests = leaks_of(labels, side), side.count("test")
    print(f"  the folds of parts.csv (0–1 train, 2 tests) leak {leaks} of {tests} test images")


def capture_runs(files: Sequence[Path]) -> list[int]:
    """The station counted its photographs and stepped through the exposures: a run ends where the exposure falls or
    the count jumps. Two tiles photographed in turn are not told apart, and a tile photographed twice makes two runs."""
    taken = sorted(
        (int(m[2]), int(m[1]), k) for k, f in enumerate(files) if (m := re.match(r"exp(\d)_num_(\d+)", f.stem))
    )
    runs = [0] * len(files)
    run, last_number, last_exposure = 0, -1000, 9
    for number, exposure, k in taken:
        if number - last_number > 120 or exposure <= last_exposure:
            run += 1
        runs[k], last_number, last_exposure = run, number, exposure
    return runs


def report(truth_name: str, truth: Labels, found: Labels) -> None:
    precision, recall = pairwise(truth, found)
    low, high = bootstrap(truth, found)
    index = adjusted_rand(truth, found)
    print(f"  against {truth_name}: adjusted Rand index {index:.3f} (95 % {low:.3f}–{high:.3f},", end=" ")
    print(f"{len(set(truth))} parts), pairwise precision {precision:.3f}, recall {recall:.3f}")


def adjusted_rand(truth: Labels, found: Labels) -> float:
    """Hubert and Arabie 1985."""
    both = sum(comb(n, 2) for n in Counter(zip(truth, found, strict=True)).values())
    one = sum(comb(n, 2) for n in Counter(truth).values())
    other = sum(comb(n, 2) for n in Counter(found).values())
    expected = one * other / comb(len(truth), 2)
    most = (one + other) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def pairwise(truth: Labels, found: Labels) -> tuple[float, float]:
    both = sum(comb(n, 2) for n in Counter(zip(truth, found, strict=True)).values())
    joined = sum(comb(n, 2) for n in Counter(found).values())
    wanted = sum(comb(n, 2) for n in Counter(truth).values())
    return both / max(joined, 1), both / max(wanted, 1)


def bootstrap(truth: Labels, found: Labels) -> tuple[float, float]:
    """Blocks of photographs drawn with putting back. A block is a part with all parts that were joined to it, so that
    no error is cut in two; a block drawn twice counts as two."""
    blocks = blocks_of(truth, found)
    rng = np.random.default_rng(0)
    marks = []
    for _ in range(BOOTSTRAPS):
        drawn = [(n, k) for n, b in enumerate(rng.integers(0, len(blocks), len(blocks))) for k in blocks[b]]
        marks.append(adjusted_rand([f"{n}/{truth[k]}" for n, k in drawn], [f"{n}/{found[k]}" for n, k in drawn]))
    low, high = np.quantile(marks, [0.025, 0.975])
    return float(low), float(high)


def blocks_of(truth: Labels, found: Labels) -> list[list[int]]:
    owner: dict[str, int] = {}
    block = list(range(len(truth)))
    for k, names in enumerate(zip(truth, found, strict=True)):
        for kind, name in zip("tf", names, strict=True):
            old, new = block[k], block[owner.setdefault(f"{kind}{name}", k)]
            if old != new:
                block = [new if b == old else b for b in block]
    members: dict[int, list[int]] = defaultdict(list)
    for k, b in enumerate(block):
        members[b].append(k)
    return list(members.values())


def proofs(groups: Groups) -> str:
    counts = Counter(link.proof.value for group in groups.groups for link in group.links)
    return ", ".join(f"{count} pairs by {proof}" for proof, count in sorted(counts.items())) or "no pairs"


def read_grey(file: Path) -> Grey:
    image = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise SystemExit(f"{file}: expected an image that OpenCV reads")
    return np.asarray(image / np.float32(255), dtype=np.float32)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
