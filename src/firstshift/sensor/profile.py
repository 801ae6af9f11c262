"""What one camera does to light, as numbers: the profile that `expose` applies and `calibrate` writes.

    profile = usual_profile(plan.station.camera)     # from the pixel size, when nothing was measured
    profile = SensorProfile.load(folder / "profile.json")

The names follow EMVA 1288 (release 4.0): the system gain K is in DN per electron there; here `gain_e_per_dn` is 1/K,
because that is what data sheets and people say. All values in DN count in steps of the camera's own bits.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError, model_validator

from firstshift.core.errors import BadInput
from firstshift.core.wholefile import write_whole
from firstshift.sensor.profile_problems import profile_problem, read_json
from firstshift.spec.declared import Declared, Flag, Number, Positive, Sentence, Share, Whole, reject
from firstshift.spec.station import Camera

F32 = npt.NDArray[np.float32]
Method = Literal["usual", "flats and darks", "flats", "backgrounds", "given"]
GRID = (24, 32)
"""Rows and columns of an illumination grid; its outermost nodes lie on the sensor's edges."""
MAX_PROFILE_BYTES = 4_000_000
FULL_WELL_E_PER_UM2 = 900.0
"""EMVA 1288 sheets of current industrial CMOS sensors: 3.45 µm 10.5 ke, 5.86 µm 32 ke, both some 900 e for 1 µm²."""
USUAL_READ_NOISE_E = 3.0
USUAL_PRNU = 0.006
USUAL_DSNU_E = 1.5
USUAL_PSF_SIGMA_PX = 0.6
USUAL_BLACK_SHARE = 1 / 128


class Estimated(Declared):
    """One number as it was measured: 95 % interval and from how many samples."""

    name: str = Field(description="Which setting of the profile.")
    value: Number = Field(description="The estimate.")
    low: Number | None = Field(default=None, description="Lower end of the 95 % interval.")
    high: Number | None = Field(default=None, description="Upper end of the 95 % interval.")
    measured: bool = Field(description="False: the usual value was kept, or moved to a bound.")
    how: Sentence = Field(description="From what it was estimated.")


class HotPixel(Declared):
    """A pixel that is brighter than its neighbours in the dark."""

    x: Annotated[Whole, Field(ge=0, le=100_000)] = Field(description="Column on the sensor, from 0.")
    y: Annotated[Whole, Field(ge=0, le=100_000)] = Field(description="Row on the sensor, from 0.")
    extra_e: Number = Field(description="Electrons too many.")


Row3 = tuple[Number, Number, Number]
IDENTITY: tuple[Row3, Row3, Row3] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


class SensorProfile(Declared):
    """A camera with its lens and light, as an image shows them."""

    version: Literal[1] = Field(default=1, description="Version of this file format; always 1 so far.")
    colour: Literal["mono", "colour"] = Field(default="mono", description="Whether the camera sees colours.")
    bits: Literal[8, 10, 12, 14, 16] = Field(default=8, description="Bits for each pixel as the camera sends them.")
    sensor_px: tuple[Whole, Whole] | None = Field(default=None, description="Width and height that it was made for.")
    black_level_dn: Annotated[Number, Field(ge=0, le=60_000)] = Field(
        default=0.0, description="Output in the dark, in steps of the camera's bits."
    )
    gain_e_per_dn: Annotated[Positive, Field(le=1e6)] = Field(description="Electrons for one step of the output.")
    read_noise_e: Annotated[Number, Field(ge=0, le=1e5)] = Field(description="Noise of an image in the dark.")
    prnu: Annotated[Number, Field(ge=0, le=0.5)] = Field(description="Spread of sensitivity from pixel to pixel.")
    dsnu_e: Annotated[Number, Field(ge=0, le=1e5)] = Field(description="Spread of the dark level between pixels.")
    psf_sigma_px: Annotated[Number, Field(ge=0, le=30)] = Field(
        description="Blur of lens and sensor beyond the pixel's own area: standard deviation of a Gaussian."
    )
    tail_share: Annotated[Share, Field(le=0.9)] = Field(
        default=0.0, description="Share of the light that goes into a halo four times as wide (flare, dust)."
    )
    vignetting: Row3 = Field(
        default=(0.0, 0.0, 0.0),
        description="Brightness 1 + a·r² + b·r⁴ + c·r⁶, r from 0 in the middle to 1 in the corner.",
    )
    illumination: tuple[tuple[tuple[Positive, ...], ...], ...] | None = Field(
        default=None, description="Relative brightness with mean 1, a grid for the whole sensor, one or per channel."
    )
    colour_balance: Row3 = Field(default=(1.0, 1.0, 1.0), description="Brightness of R, G, B on a neutral target.")
    colour_matrix: tuple[Row3, Row3, Row3] = Field(
        default=IDENTITY, description="From the scene's RGB to the camera's."
    )
    gamma: Annotated[Number, Field(ge=0.2, le=5)] = Field(default=1.0, description="Output = light^(1/gamma).")
    chromatic_shift_px: tuple[Number, Number] = Field(
        default=(0.0, 0.0), description="How far red and blue lie outside green in the corner of the image."
    )
    mosaic: Flag = Field(default=False, description="Whether colours are interpolated from a Bayer mosaic (RGGB).")
    jpeg_quality: Annotated[Whole, Field(ge=1, le=100)] | None = Field(
        default=None, description="Quality of the JPEG that the camera sends; none when it sends pixels."
    )
    hot_pixels: Annotated[tuple[HotPixel, ...], Field(max_length=10_000)] = Field(
        default=(), description="Pixels that are brighter than their neighbours in the dark."
    )
    pattern_seed: Annotated[Whole, Field(ge=0)] = Field(default=0, description="Which fixed pattern this camera has.")
    method: Method = Field(default="given", description="How the values came about.")
    frames: Annotated[Whole, Field(ge=0)] = Field(default=0, description="From how many frames it was estimated.")
    estimates: tuple[Estimated, ...] = Field(default=(), description="Each number as it was measured.")
    warnings: tuple[Sentence, ...] = Field(default=(), description="What the frames did not carry.")

    @model_validator(mode="after")
    def _hangs_together(self) -> SensorProfile:
        if self.black_level_dn >= self.white_dn / 2:
            reject(f"a black level below half of {self.white_dn}", self.black_level_dn, "", ("black_level_dn",))
        if self.jpeg_quality is not None and self.bits > 8:
            way_out = "a JPEG has 8 bits: set bits to 8, or leave jpeg_quality out"
            reject("no JPEG from a camera of more than 8 bits", self.jpeg_quality, way_out, ("jpeg_quality",))
        if self.illumination is not None:
            shapes = {(len(plane), len(row)) for plane in self.illumination for row in plane}
            if len(shapes) != 1 or len(self.illumination) > 64 or not all(2 <= n <= 512 for n in min(shapes)):
                reject("equal grids of 2×2 to 512×512", sorted(shapes)[:3], "", ("illumination",))
        return self

    @property
    def white_dn(self) -> int:
        return (1 << self.bits) - 1

    @property
    def full_scale_e(self) -> float:
        """Electrons that the value 1.0 of a signal stands for: from the black level to white."""
        return self.gain_e_per_dn * (self.white_dn - self.black_level_dn)

    def estimate(self, name: str) -> Estimated | None:
        return next((estimate for estimate in self.estimates if estimate.name == name), None)

    def grid(self) -> F32 | None:
        """The illumination as (planes, rows, columns)."""
        return None if self.illumination is None else np.asarray(self.illumination, dtype=np.float32)

    def to_json(self) -> str:
        return json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def save(self, path: Path) -> None:
        """Whole or not at all."""
        write_whole(path, self.to_json().encode())

    @classmethod
    def of_json(cls, text: str | bytes, name: str = "profile") -> SensorProfile:
        data = read_json(text, name)
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise profile_problem(error, cls, data, name) from error

    @classmethod
    def load(cls, path: Path) -> SensorProfile:
        try:
            with path.open("rb") as file:
                data = file.read(MAX_PROFILE_BYTES + 1)
        except OSError as error:
            raise BadInput(
                where=path,
                expected="a sensor profile",
                found=error.strerror or error,
                way_out="write one with 'firstshift station calibrate', or leave station.profile out",
            ) from error
        if len(data) > MAX_PROFILE_BYTES:
            raise BadInput(where=path, expected="a sensor profile of at most 4 MB", found="a larger file")
        return cls.of_json(data, path.name)


def usual_profile(camera: Camera) -> SensorProfile:
    """What a current industrial camera with such pixels does, when this one was not measured."""
    across_um, down_um = (pitch * 1000 for pitch in camera.pitch_mm)
    full_well = min(200_000.0, FULL_WELL_E_PER_UM2 * across_um * down_um)
    white = (1 << camera.bits) - 1
    black = round(white * USUAL_BLACK_SHARE)
    return SensorProfile(
        colour=camera.colour,
        bits=camera.bits,
        sensor_px=camera.sensor_px,
        black_level_dn=float(black),
        gain_e_per_dn=full_well / (white - black),
        # The noise of the electronics grows with the charge that they have to carry.
        read_noise_e=USUAL_READ_NOISE_E * max(1.0, (full_well / 11_000) ** 0.5),
        prnu=USUAL_PRNU,
        dsnu_e=USUAL_DSNU_E,
        psf_sigma_px=USUAL_PSF_SIGMA_PX,
        tail_share=0.02,
        vignetting=(-0.08, 0.0, 0.0),
        chromatic_shift_px=(0.3, -0.3) if camera.colour == "colour" else (0.0, 0.0),
        mosaic=camera.colour == "colour",
        method="usual",
        warnings=("nothing was measured: usual values for this pixel size",),
    )
