"""The demo: a plan, a workspace, photographs, evidence that verifies. All of it is left in demo-workspace/."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "demo-workspace"
FIRSTSHIFT = Path(sys.executable).parent / "firstshift"


def main() -> None:
    began = time.monotonic()
    shutil.rmtree(FOLDER, ignore_errors=True)
    tell("A workspace for a milled bracket, with its plan and CAD file")
    FOLDER.mkdir()
    run("new", "line-3", "--example", "bracket")
    tell("Can this camera see these defects?")
    run("plan", "show", "line-3")
    tell("Photographs come in")
    draw_photographs(FOLDER / "photos")
    run("import", "photos", "-w", "line-3")
    run("images", "list", "-w", "line-3", "--limit", "5")
    tell("Does the evidence hold?")
    run("audit", "verify", "-w", "line-3")
    tell(f"Done in {time.monotonic() - began:.0f} s; look around in {FOLDER.relative_to(ROOT)}/")


def tell(what: str) -> None:
    print(f"\n— {what}", flush=True)


def run(*words: str) -> None:
    print(f"$ firstshift {' '.join(words)}", flush=True)
    subprocess.run([FIRSTSHIFT, *words], check=True, cwd=FOLDER)


def draw_photographs(folder: Path) -> None:
    noise = np.random.default_rng(7)
    for name, count in {"good": 8, "scratch": 4}.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            photo = noise.normal(128, 8, (480, 640)).clip(0, 255).astype(np.uint8)
            if name == "scratch":
                cv2.line(photo, (80, 100 + 60 * number), (520, 160 + 50 * number), 220, 2)
            cv2.imwrite(str(folder / name / f"part-{number:02}.png"), photo)


if __name__ == "__main__":
    main()
