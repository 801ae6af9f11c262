"""The formulas of `shade_slowly` on a torch device, in float32.

shade(gbuffer, appearance, materials, emitters, device="cuda")

Samples are shaded in pieces, so that memory beside the samples and the result does not grow with them: `MOST_BYTES`,
and on a GPU that much of its own. What torch and CUDA themselves need comes on top.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from firstshift.core.errors import Unavailable
from firstshift.render.appearance import Emitters, Materials
from firstshift.render.devices import check_device
from firstshift.render.gbuffer import F32
from firstshift.render.shade_inputs import Samples
from firstshift.render.shade_slowly import MATERIAL_VALUES, SAMPLE_VALUES, emitters_by_light, samples_at_once, shade_all

MOST_BYTES = {"cpu": 64 * 2**20, "cuda": 2**30}
"""Of intermediate values at one time. A processor is quickest where they stay in its cache, a GPU with many at once."""


def torch_device(name: str) -> Any:
    """Raises Unavailable where torch or the GPU is missing."""
    check_device(name)
    try:
        import torch
    except ImportError:
        raise Unavailable(
            where=f"--device {name}",
            expected="PyTorch",
            found="it is not installed",
            way_out="pip install 'firstshift[gpu]'; cpu and numpy need nothing more",
        ) from None
    device = torch.device(name.removeprefix("torch:"))
    count = torch.cuda.device_count() if device.type == "cuda" and torch.cuda.is_available() else 0
    if device.type == "cuda" and (device.index or 0) >= count:
        raise Unavailable(
            where=f"--device {name}",
            expected="a CUDA GPU that PyTorch can use",
            found=f"{count} of them, counted from cuda:0" if count else "none",
            way_out="nvidia-smi shows what is there; without --device the processor shades",
        )
    return device


def shade_in_torch(
    samples: Samples,
    materials: Materials,
    emitters: Emitters,
    visible: Any,
    device: str,
    most_bytes: int | None = None,
) -> F32:
    """(L, N, C). `most_bytes`: another bound than MOST_BYTES."""
    place = torch_device(device)
    import torch

    def there(values: Any) -> Any:
        return torch.from_numpy(np.ascontiguousarray(values)).to(place)

    lights, channels = emitters.colour.shape
    out = np.zeros((lights, len(samples), channels), dtype=np.float32)
    lit = np.flatnonzero(samples.material >= 0)
    step = samples_at_once(emitters, most_bytes or MOST_BYTES.get(place.type, MOST_BYTES["cpu"]), value_bytes=4)
    table = {name: there(getattr(materials, name).astype(np.float32)) for name in MATERIAL_VALUES}
    with torch.no_grad():
        for start in range(0, len(lit), step):
            which = lit[start : start + step]
            seen = None if visible is None else visible[which]
            values = {name: there(getattr(samples, name)[which].astype(np.float32)) for name in SAMPLE_VALUES}
            values["material"] = there(samples.material[which].astype(np.int64))
            by_light = [
                {name: value if value is None else there(value) for name, value in light.items()}
                for light in emitters_by_light(emitters, seen, np.float32)
            ]
            for light, radiance in enumerate(shade_all(values, table, by_light)):
                out[light, which] = radiance.cpu().numpy()
    return out
