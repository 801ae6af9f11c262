"""A camera of twelve bits that neither blurs nor has a pattern of its own, and even light for it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.sensor.profile import SensorProfile


def profile(**changes: object) -> SensorProfile:
    plain: dict[str, object] = {
        "bits": 12, "gain_e_per_dn": 2.5, "black_level_dn": 64.0, "read_noise_e": 6.0, "prnu": 0.0, "dsnu_e": 0.0,
        "psf_sigma_px": 0.0,
    }  # fmt: skip
    return SensorProfile.model_validate(plain | changes)


def even(share: float, height: int = 256, width: int = 256) -> npt.NDArray[np.float32]:
    return np.full((height, width), share, dtype=np.float32)
