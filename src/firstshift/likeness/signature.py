"""What is remembered of an image so that its repeats can be found: a perceptual hash, a small levelled view, landmarks.

About 15 kB at most; the pixels are not needed again. `to_bytes` is versioned: a signature of an older kind is refused
by name, and the caller computes it again.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput
from firstshift.likeness.landmarks import LENGTH, MOST, Landmarks, find_landmarks
from firstshift.likeness.perceptual_hash import Grey, check_grey, perceptual_hash

VIEW_PX = 24
VERSION = 1

_MAGIC = b"FSLK"
_HEADER = struct.Struct("<4sBxHQ16sHH")
_SUBPIXEL = 16.0
_DEGREES = 65536.0 / 360.0


@dataclass(frozen=True, slots=True, eq=False)
class Signature:
    perceptual_hash: int
    digest: bytes
    """Of the pixels themselves: equal pixels are a repeat without further questions."""
    width_px: int
    height_px: int
    """Of the image in which the landmarks were found."""
    view: npt.NDArray[np.int8]
    """24 × 24 pixels, levelled."""
    landmarks: Landmarks

    def to_bytes(self) -> bytes:
        places = np.empty((len(self.landmarks), 4), dtype="<u2")
        places[:, :3] = np.clip(np.round(self.landmarks.places[:, :3] * _SUBPIXEL), 0, 65535)
        places[:, 3] = np.round(self.landmarks.places[:, 3] * _DEGREES).astype(np.int64) % 65536
        pairs = self.landmarks.descriptions
        packed = (pairs[:, ::2] << 4) | pairs[:, 1::2]
        header = _HEADER.pack(
            _MAGIC, VERSION, len(places), self.perceptual_hash, self.digest, self.width_px, self.height_px
        )
        return b"".join((header, self.view.tobytes(), places.tobytes(), packed.tobytes()))

    @classmethod
    def from_bytes(cls, data: bytes) -> Signature:
        if len(data) < _HEADER.size or data[:4] != _MAGIC:
            raise BadInput(
                where="signature", expected="bytes written by Signature.to_bytes", found=f"{len(data)} bytes"
            )
        _, version, count, hashed, digest, width, height = _HEADER.unpack_from(data)
        if version != VERSION:
            raise BadInput(
                where="signature",
                expected=f"version {VERSION}",
                found=version,
                way_out="compute it again from the image",
            )
        length = _HEADER.size + VIEW_PX**2 + count * (8 + LENGTH // 2)
        if count > MOST or len(data) != length:
            raise BadInput(where="signature", expected=f"{length} bytes", found=f"{len(data)} bytes")
        at = _HEADER.size
        view = np.frombuffer(data, np.int8, VIEW_PX**2, at).reshape(VIEW_PX, VIEW_PX)
        at += VIEW_PX**2
        places = np.frombuffer(data, "<u2", count * 4, at).reshape(count, 4).astype(np.float32)
        packed = np.frombuffer(data, np.uint8, count * LENGTH // 2, at + count * 8).reshape(count, LENGTH // 2)
        places /= np.array([_SUBPIXEL, _SUBPIXEL, _SUBPIXEL, _DEGREES], np.float32)
        descriptions = np.stack((packed >> 4, packed & 15), axis=2).reshape(count, LENGTH)
        return cls(hashed, digest, width, height, view, Landmarks(places, descriptions))


def signature(grey: Grey) -> Signature:
    """Of the whole photograph, not of a thumbnail: fine texture is what tells one part from another like it.

    `grey` is (height, width) float32 in 0…1 (`Image.grey()`). About 20 ms.
    """
    grey = check_grey(grey)
    landmarks, level = find_landmarks(grey)
    size = (VIEW_PX, VIEW_PX)
    view = cv2.resize(level, size, interpolation=cv2.INTER_AREA if min(level.shape) >= VIEW_PX else cv2.INTER_LINEAR)
    shape = struct.pack("<II", *grey.shape)
    return Signature(
        perceptual_hash=perceptual_hash(grey),
        digest=hashlib.sha256(shape + np.ascontiguousarray(grey).tobytes()).digest()[:16],
        width_px=level.shape[1],
        height_px=level.shape[0],
        view=np.clip(np.round(view * 32), -127, 127).astype(np.int8),
        landmarks=landmarks,
    )
