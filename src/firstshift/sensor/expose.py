"""From rendered light to the image that this camera would send.

    image = expose(signal, profile, confusion_px=view.confusion_px(distance), motion_px=(0.8, 0), seed=Seed(7))

In the order of physics: lateral colour, defocus, movement, point spread; vignetting and illumination; shot noise, fixed
pattern, read noise, black level, quantisation, gamma; a colour camera's mosaic; JPEG. The signal is light as a share
of what saturates the sensor, already averaged over each pixel's area (as a renderer with antialiased edges gives it).

A line camera (`by_line`) has one row of pixels, and its image's rows are moments: what belongs to a pixel of the sensor
runs down the whole image, falloff goes by the column alone, and movement is what the part does during one line.

Cameras of more than 8 bits come out as `uint16` with their own bits in the upper places, as a GenICam `Mono12` image is
usually saved: white is 65,535 minus the empty places, and any viewer shows it rightly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput
from firstshift.core.image import RGB, Image
from firstshift.core.seed import Seed
from firstshift.sensor.blur import defocus, scale_about, smear, smear_lines, spread
from firstshift.sensor.fields import Window, brightness_field
from firstshift.sensor.mosaic import demosaiced, sampled
from firstshift.sensor.noise import develop, normal_table
from firstshift.sensor.profile import SensorProfile

F32 = npt.NDArray[np.float32]
U16 = npt.NDArray[np.uint16]
_WORD = (1 << 64) - 1


def expose(
    signal: F32,
    profile: SensorProfile,
    *,
    confusion_px: F32 | None = None,
    motion_px: tuple[float, float] = (0.0, 0.0),
    noise_factor: float = 1.0,
    exposure_factor: float = 1.0,
    window: Window | None = None,
    seed: Seed,
    channels: tuple[str, ...] | None = None,
    illuminated: bool = True,
    by_line: bool = False,
) -> Image:
    """`signal` is (H, W, C) or (H, W). A colour camera has C = 3 (R G B); for a mono camera each channel is an exposure
    of its own. `window` says where on the sensor this is. `illuminated=False` leaves the measured illumination out,
    for a signal whose light was rendered with its own falloff already. `by_line`: by a line camera; `motion_px` is then
    (0, lines that the part moves during one)."""
    blurred = behind_the_lens(
        signal, profile, confusion_px=confusion_px, motion_px=motion_px, window=window, by_line=by_line
    )
    count, (height, width) = len(blurred), blurred[0].shape
    where = window or (0, 0, width, height)
    fields = [
        brightness_field(profile, (height, width), where, channel, illuminated, by_line)
        for channel in _fields(profile, count)
    ]
    factors = np.array([exposure_factor, noise_factor], dtype=np.float32)
    if profile.colour == "colour":
        numbers = _colour_exposure(blurred, fields, profile, factors, where, seed, by_line)
    else:
        numbers = np.empty((height, width, count), dtype=np.uint16)
        for channel, light in enumerate(blurred):
            field = fields[min(channel, len(fields) - 1)]
            own = seed.child(channel)
            numbers[:, :, channel] = exposed_plane(light, field, profile, factors, where, own, 0, by_line)
    return Image.of(_packed(numbers, profile), channels)


def behind_the_lens(
    signal: F32,
    profile: SensorProfile,
    *,
    confusion_px: F32 | None = None,
    motion_px: tuple[float, float] = (0.0, 0.0),
    window: Window | None = None,
    by_line: bool = False,
) -> list[F32]:
    """One plane (H, W) for each channel: the light as it falls onto the sensor, before pixels count it."""
    planes = _planes_of(signal, profile)
    height, width, count = (int(n) for n in planes.shape)
    where = window or (0, 0, width, height)
    _check_window(where, width, height)
    return [
        _through_the_lens(planes[:, :, channel], channel, profile, confusion_px, motion_px, where, by_line)
        for channel in range(count)
    ]


def _planes_of(signal: F32, profile: SensorProfile) -> F32:
    planes = np.asarray(signal, dtype=np.float32)
    planes = planes[:, :, None] if planes.ndim == 2 else planes
    if planes.ndim != 3 or 0 in planes.shape:
        raise BadInput(where="signal", expected="height × width × channels", found=planes.shape)
    if profile.colour == "colour":
        if planes.shape[2] != 3:
            raise BadInput(
                where="signal",
                expected="3 channels, R G B, for a colour camera",
                found=planes.shape[2],
                way_out="take a profile of a mono camera, or render in colour",
            )
        mixing = np.array(profile.colour_matrix, dtype=np.float32) * np.array(profile.colour_balance)[:, None]
        if not np.array_equal(mixing, np.eye(3)):
            planes = np.maximum(planes @ mixing.T.astype(np.float32), 0)
    return planes


def _check_window(window: Window, width: int, height: int) -> None:
    x, y, full_width, full_height = window
    if x < 0 or y < 0 or x + width > full_width or y + height > full_height:
        raise BadInput(
            where="window", expected=f"{width}×{height} pixels inside {full_width}×{full_height}", found=f"at {x}, {y}"
        )


def _through_the_lens(
    plane: F32,
    channel: int,
    profile: SensorProfile,
    confusion_px: F32 | None,
    motion: tuple[float, float],
    at: Window,
    by_line: bool,
) -> F32:
    light = np.ascontiguousarray(plane)
    if profile.colour == "colour" and channel != 1:
        light = scale_about(light, profile.chromatic_shift_px[0 if channel == 0 else 1], at, by_line)
    if confusion_px is not None:
        light = defocus(light, confusion_px)
    moved = smear_lines(light, abs(motion[1])) if by_line else smear(light, motion)
    return spread(moved, profile.psf_sigma_px, profile.tail_share)


def _fields(profile: SensorProfile, count: int) -> Sequence[int]:
    planes = 1 if profile.illumination is None else len(profile.illumination)
    if planes not in (1, count):
        raise BadInput(where="signal", expected=f"{planes} channels as in the profile's illumination", found=count)
    return range(planes)


def exposed_plane(
    light: F32,
    field: F32,
    profile: SensorProfile,
    factors: F32,
    window: Window,
    seed: Seed,
    sites: int,
    by_line: bool = False,
) -> U16:
    """One plane in DN. `sites` tells the fixed patterns of several colours at one place apart."""
    pattern = Seed(profile.pattern_seed).child("pattern", sites)
    keys = np.array([pattern.value & _WORD, seed.value & _WORD], dtype=np.uint64)
    camera = np.array(
        [
            profile.full_scale_e, profile.gain_e_per_dn, profile.black_level_dn, profile.read_noise_e,
            profile.prnu, profile.dsnu_e, profile.white_dn, profile.gamma,
        ],
        dtype=np.float32,
    )  # fmt: skip
    place = np.array(window[:2], dtype=np.int64)
    out = np.empty(light.shape, dtype=np.uint16)
    develop(light, field, normal_table(), keys, place, camera, factors, out, by_line)
    _add_hot(out, profile, window, by_line)
    return out


def _add_hot(out: U16, profile: SensorProfile, window: Window, by_line: bool) -> None:
    """Of a line camera every line shows the same hot pixel; frames of it name that one once for each line."""
    found = [(hot.x, 0 if by_line else hot.y, hot.extra_e) for hot in profile.hot_pixels]
    for (x, y), extra_e in {(x, y): extra_e for x, y, extra_e in sorted(found)}.items():
        column, row = x - window[0], y - window[1]
        if 0 <= column < out.shape[1] and (by_line or 0 <= row < out.shape[0]):
            rows = slice(None) if by_line else slice(row, row + 1)
            extra = extra_e / profile.gain_e_per_dn
            out[rows, column] = np.clip(out[rows, column] + extra, 0, profile.white_dn).astype(np.uint16)


def _colour_exposure(
    lights: list[F32], fields: list[F32], profile: SensorProfile, factors: F32, window: Window, seed: Seed,
    by_line: bool,
) -> U16:  # fmt: skip
    lit = [light * fields[min(channel, len(fields) - 1)] for channel, light in enumerate(lights)]
    flat = np.ones(lit[0].shape, dtype=np.float32)
    if not profile.mosaic or by_line:  # a line camera has a line for each colour
        planes = [
            exposed_plane(p, flat, profile, factors, window, seed.child(c), c, by_line) for c, p in enumerate(lit)
        ]
        return np.stack(planes, axis=2)
    raw = sampled(np.stack(lit, axis=2), window[0], window[1])
    # The camera interpolates what its pixels counted, and bends the curve afterwards.
    straight = profile.model_copy(update={"gamma": 1.0})
    counted = exposed_plane(raw, flat, straight, factors, window, seed.child("mosaic"), 0).astype(np.float32)
    colours: F32 = np.clip(demosaiced(counted, window[0], window[1]), 0, profile.white_dn)
    if profile.gamma != 1:
        white = np.float32(profile.white_dn)
        colours = white * (colours / white) ** np.float32(1 / profile.gamma)
    return (colours + np.float32(0.5)).astype(np.uint16)


def _packed(numbers: U16, profile: SensorProfile) -> npt.NDArray[np.uint8] | U16:
    if profile.bits > 8:
        return np.asarray(numbers << np.uint16(16 - profile.bits))
    pixels = numbers.astype(np.uint8)
    if profile.jpeg_quality is not None:
        pixels = np.stack([through_jpeg(p, profile.jpeg_quality) for p in _jpeg_pictures(pixels)], axis=-1)
        pixels = pixels.reshape(numbers.shape)
    return pixels


def _jpeg_pictures(pixels: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.uint8]]:
    count = pixels.shape[2]
    return [pixels] if count == len(RGB) else [pixels[:, :, channel] for channel in range(count)]


def through_jpeg(picture: npt.NDArray[np.uint8], quality: int) -> npt.NDArray[np.uint8]:
    """Written as a JPEG and read again: (H, W), or (H, W, 3) in R G B."""
    coloured = picture.ndim == 3
    stored = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if coloured else np.ascontiguousarray(picture)
    _, data = cv2.imencode(".jpg", stored, [cv2.IMWRITE_JPEG_QUALITY, quality])
    back: Any = cv2.imdecode(data, cv2.IMREAD_COLOR if coloured else cv2.IMREAD_GRAYSCALE)
    return np.asarray(cv2.cvtColor(back, cv2.COLOR_BGR2RGB) if coloured else back, dtype=np.uint8)
