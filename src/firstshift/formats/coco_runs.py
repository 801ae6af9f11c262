"""COCO's packed run lengths: each count in 6-bit characters from '0' on, five bits of value and one for "more follows".

From the third count on, the difference to the count two before is written, as neighbouring columns are alike.
(Format of the COCO API's `counts` strings, Lin et al. 2014.)
"""

from __future__ import annotations

from firstshift.core.errors import BadInput

MAX_PIXELS = 150_000_000


def unpack_counts(text: str, pixels: int) -> tuple[int, ...]:
    """The counts of a mask of `pixels` pixels; anything that adds up to more is refused while it is read."""
    counts: list[int] = []
    total = value = shift = 0
    for char in text:
        digit = ord(char) - 48
        if not 0 <= digit < 64 or shift > 60:
            raise BadInput(where="mask", expected="COCO run lengths", found=f"the character {char!r}")
        value |= (digit & 0x1F) << shift
        shift += 5
        if digit & 0x20:
            continue
        if digit & 0x10:
            value -= 1 << shift
        if len(counts) > 2:
            value += counts[-2]
        total += value
        if value < 0 or total > pixels:
            raise BadInput(where="mask", expected=f"run lengths that add up to {pixels:,}", found=f"{total:,} or more")
        counts.append(value)
        value = shift = 0
    if shift or total != pixels:
        raise BadInput(where="mask", expected=f"run lengths that add up to {pixels:,}", found=f"{total:,}")
    return tuple(counts)


def pack_counts(counts: tuple[int, ...]) -> str:
    chars: list[str] = []
    for index, count in enumerate(counts):
        value = count - counts[index - 2] if index > 2 else count
        while True:
            digit = value & 0x1F
            value >>= 5
            more = value != (-1 if digit & 0x10 else 0)
            chars.append(chr(48 + digit + (0x20 if more else 0)))
            if not more:
                break
    return "".join(chars)
