"""Pixels into bytes without loss: PNG for what PNG holds (1, 3 or 4 channels), TIFF for several lights."""

from __future__ import annotations

import io

import cv2
import numpy as np
import tifffile

from firstshift.core.errors import BadInput
from firstshift.core.image import GREY, RGB, Image
from firstshift.core.imageheaders import ALPHA
from firstshift.core.shapes import Mask


def encode_png(image: Image) -> bytes:
    """8 or 16 bits, grey or RGB with or without alpha; the same pixels always give the same bytes."""
    order = {GREY: [0], RGB: [2, 1, 0], (*RGB, ALPHA): [2, 1, 0, 3]}.get(image.channels)
    if order is None:
        raise BadInput(
            where="PNG", expected="grey, R G B or R G B alpha", found=" ".join(image.channels), way_out="use TIFF"
        )
    _, data = cv2.imencode(".png", np.ascontiguousarray(image.pixels[:, :, order]))
    return data.tobytes()


def encode_tiff(image: Image) -> bytes:
    """Any number of channels, each a page, packed with Deflate."""
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as tiff:
        for index in range(image.pixels.shape[2]):
            plane = np.ascontiguousarray(image.pixels[:, :, index])
            tiff.write(plane, photometric="minisblack", compression="zlib", metadata=None, software=False)
    return stream.getvalue()


def encode_mask(mask: Mask) -> bytes:
    """A PNG of 0 and 255."""
    return encode_png(Image.of(mask.pixels.astype(np.uint8) * 255))
