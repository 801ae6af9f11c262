"""Units: a conversion and its way back, and angles that mean the same direction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstshift.core.units import Degrees, Micrometres, mm_to_um, um_to_mm, wrap_degrees


@given(st.floats(-1e6, 1e6))
def test_there_and_back(length_um: float) -> None:
    assert mm_to_um(um_to_mm(Micrometres(length_um))) == pytest.approx(length_um)


@pytest.mark.parametrize(("angle", "same"), [(0, 0), (360, 0), (-90, 270), (725, 5)])
def test_angles_wrap(angle: float, same: float) -> None:
    assert wrap_degrees(Degrees(angle)) == same
