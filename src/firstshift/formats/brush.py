"""Label Studio's brush masks: a bit stream of run lengths over the four bytes of every pixel of an RGBA picture.

    32 bits   how many bytes there are
    5 bits    word size − 1
    4 × 4 bits   widths of run lengths − 1
    then blocks: 1 bit (a run?), 2 bits (which width), the length − 1, and one word for a run or a word for each byte

A mask is the alpha byte. (Layout as in Label Studio's published converter, `brush.py`.)
"""

from __future__ import annotations

import numpy as np

from firstshift.core.errors import BadInput
from firstshift.core.shapes import Mask

_WIDTHS = (3, 4, 8, 16)
_WORD = 8


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._left = len(data) * 8
        self._data = data
        self._at = 0

    def take(self, count: int) -> int:
        """From the few bytes concerned: shifting the whole stream for every word would be quadratic."""
        end = self._at + count
        if end > self._left:
            raise BadInput(where="brush mask", expected="a whole bit stream", found="one cut short")
        first, last = self._at // 8, (end + 7) // 8
        chunk = int.from_bytes(self._data[first:last], "big")
        self._at = end
        return chunk >> (last * 8 - end) & ((1 << count) - 1)


def decode_brush(rle: bytes, width: int, height: int) -> Mask:
    bits = _Bits(rle)
    size, word = bits.take(32), bits.take(5) + 1
    widths = [bits.take(4) + 1 for _ in range(4)]
    if size != 4 * width * height:
        raise BadInput(where="brush mask", expected=f"{4 * width * height:,} bytes as the image", found=f"{size:,}")
    values = np.zeros(size, np.uint8)
    at = 0
    while at < size:
        is_run = bits.take(1)
        end = at + 1 + bits.take(widths[bits.take(2)])
        if end > size:
            raise BadInput(where="brush mask", expected=f"{size:,} bytes", found="a run past the end")
        if is_run:
            values[at:end] = bits.take(word) & 0xFF
        else:
            values[at:end] = [bits.take(word) & 0xFF for _ in range(end - at)]
        at = end
    return Mask(np.asarray(values.reshape(height, width, 4)[:, :, 3] > 127))


def encode_brush(mask: Mask) -> list[int]:
    flat = np.repeat(mask.pixels.reshape(-1), 4)
    changes = np.concatenate(([0], np.flatnonzero(flat[1:] != flat[:-1]) + 1, [flat.size]))
    parts = [f"{flat.size:032b}", f"{_WORD - 1:05b}", *(f"{w - 1:04b}" for w in _WIDTHS)]
    for start, end in zip(changes[:-1].tolist(), changes[1:].tolist(), strict=True):
        word = f"{255 if flat[start] else 0:08b}"
        while start < end:
            length = min(end - start, 1 << _WIDTHS[-1])
            which = next(i for i, w in enumerate(_WIDTHS) if length <= 1 << w)
            parts.append(f"1{which:02b}{length - 1:0{_WIDTHS[which]}b}{word}")
            start += length
    stream = "".join(parts)
    stream += "0" * (-len(stream) % 8)
    return list(int(stream, 2).to_bytes(len(stream) // 8, "big"))
