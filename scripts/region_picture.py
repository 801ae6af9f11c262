"""Draw the region picture of the bracket for docs/cad.md:

.venv/bin/python scripts/region_picture.py
"""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

import cv2
import numpy as np

from firstshift.render.cad.reading import read_part
from firstshift.render.cad.region_picture import draw_regions
from firstshift.spec import Plan

TARGET = Path(__file__).resolve().parent.parent / "docs" / "pictures" / "regions.jpg"


def main() -> None:
    with as_file(files("firstshift.spec") / "examples" / "bracket") as folder:
        plan = Plan.load(folder / "plan.yaml")
        image = draw_regions(plan.part, read_part(plan.part, folder))
    # JPEG, because soft shading makes a PNG three times as large.
    _, data = cv2.imencode(".jpg", np.ascontiguousarray(image.pixels[:, :, ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 80])
    TARGET.write_bytes(data.tobytes())
    print(f"{TARGET.name}: {image.width} × {image.height}, {TARGET.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
