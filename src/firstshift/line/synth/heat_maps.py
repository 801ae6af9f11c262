"""The heat map that a plan names: a grey picture of the part as the camera sees it, white where flaws come most."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from firstshift.core.decode import decode_image
from firstshift.core.imagefile import read_image_file


def read_heat_map(folder: Path, name: str) -> npt.NDArray[np.float32]:
    path = folder / name
    data = read_image_file(
        path, path, expected="the heat map that the plan names",
        way_out="save a grey picture of the part as the camera sees it there",
    )  # fmt: skip
    return decode_image(data, path.name).grey()
