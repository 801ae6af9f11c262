"""What each piece of the tiles bench is good for: one left out at a time, photographs of `dev` only, fewer images.

    FIRSTSHIFT_BENCH_DATA=/path/to/sets make bench ONLY=tiles_left_out

Differences below the intervals say nothing; no choice is made by `test`.
"""

from __future__ import annotations

import sys

from ferrite.ways import LEFT_OUT
from tiles import Size, measured

TITLE = "Tiles: one piece left out at a time"

if __name__ == "__main__":
    sys.exit(measured(TITLE, "make bench ONLY=tiles_left_out", Size(LEFT_OUT, 480, 400, (0, 1), ("dev",))))
