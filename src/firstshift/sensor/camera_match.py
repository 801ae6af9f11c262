"""Whether a profile is of the plan's camera: the same sensor, read out in the same way.

Illumination and hot pixels belong to places on the sensor, blur and noise to its pixels. Cut out or binned, it is
another camera to the image, and nothing in the picture would say so.
"""

from __future__ import annotations

from firstshift.core.errors import BadInput
from firstshift.sensor.profile import SensorProfile
from firstshift.spec.station import Station

MOST_BINNED = 8
AGAIN = "calibrate again with frames as the camera sends them now, `firstshift station calibrate FRAMES --plan PLAN`"


def check_made_for(station: Station, profile: SensorProfile, name: str) -> None:
    """Refuses a profile of another camera. One that does not say its size is taken; of a line camera only the width
    counts, since the number of lines is set anew for every part."""
    camera = station.camera
    if profile.colour != camera.colour:
        raise BadInput(
            where=f"{name}: colour", expected=f"{camera.colour} as station.camera.colour", found=profile.colour,
            way_out=f"correct the plan, or {AGAIN}",
        )  # fmt: skip
    if profile.sensor_px is None:
        return
    wanted, made_for = camera.sensor_px, profile.sensor_px
    if made_for == wanted or (station.line_scan is not None and made_for[0] == wanted[0]):
        return
    raise BadInput(
        where=f"{name}: sensor_px", expected=f"{_size(wanted)} as station.camera.sensor_px", found=_size(made_for),
        way_out=_way_out(made_for, wanted),
    )  # fmt: skip


def _way_out(made_for: tuple[int, int], wanted: tuple[int, int]) -> str:
    for one, other, says in ((made_for, wanted, "the plan's image is that"), (wanted, made_for, "that is the plan's")):
        for times in range(2, MOST_BINNED + 1):
            if all(big // times == small for big, small in zip(one, other, strict=True)):
                return f"{says} binned {times} × {times}: set the same binning in both, or {AGAIN}"
    if made_for == wanted[::-1]:
        return f"width comes first: turn sensor_px of the plan round if the camera is mounted so, or {AGAIN}"
    if all(big >= small for big, small in zip(made_for, wanted, strict=True)):
        return f"the plan's image may be a crop of that (region of interest): {AGAIN}"
    if all(big >= small for big, small in zip(wanted, made_for, strict=True)):
        return f"the frames may have been a crop of the plan's image (region of interest): {AGAIN}"
    return f"another camera's profile? {AGAIN}"


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]} × {size[1]} pixels"
