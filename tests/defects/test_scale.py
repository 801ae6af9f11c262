"""Millimetres are millimetres: what is measured on the height field is what the record says."""

from __future__ import annotations

import numpy as np
import pytest

from firstshift.core.imprint import Imprint
from firstshift.core.seed import Seed
from firstshift.defects.absorption import LUMINANCE
from firstshift.defects.crack import CrackFlaw
from firstshift.defects.dent import DentFlaw
from firstshift.defects.discolouration import DiscolourationFlaw
from firstshift.defects.draw import draw_flaw
from firstshift.defects.drawn_types import DRAWN_TYPES
from firstshift.defects.inclusion import InclusionFlaw
from firstshift.defects.pitting import PittingFlaw
from firstshift.defects.porosity import PorosityFlaw
from firstshift.defects.scratch import ScratchFlaw
from tests.defects.entries import entry_of, ground

SEEDS = range(6)


def deepest_um(imprint: Imprint) -> float:
    assert imprint.height_mm is not None
    return -1000 * float(imprint.height_mm.min())


def diameter_mm(imprint: Imprint, inside: np.ndarray) -> float:
    return float(2 * np.sqrt(inside.sum() * imprint.patch.along_mm * imprint.patch.across_mm / np.pi))


@pytest.mark.parametrize("drawn", [ScratchFlaw(), DentFlaw(), PorosityFlaw(), PittingFlaw(), CrackFlaw()])
def test_depth(drawn: object) -> None:
    assert isinstance(drawn, tuple(type(t) for t in DRAWN_TYPES.types))
    for seed in SEEDS:
        imprint = draw_flaw(entry_of(drawn), ground(0.01), 1 + seed % 5, Seed(seed))
        assert deepest_um(imprint) == pytest.approx(imprint.parameters["depth_um"], rel=0.08)


def test_a_scratch_is_as_long_and_as_wide_as_recorded() -> None:
    entry = entry_of(ScratchFlaw(), lines=[1, 1], lips=[0, 0])
    for seed in SEEDS:
        imprint = draw_flaw(entry, ground(0.01), 1 + seed % 5, Seed(seed))
        patch, groove = imprint.patch, imprint.height_mm < 0
        columns = np.flatnonzero(groove.any(axis=0))
        # The way along the groove: from column to column along the middle of what is cut.
        middle = (groove[:, columns] * patch.v_mm[:, None]).sum(axis=0) / groove[:, columns].sum(axis=0)
        smooth = np.convolve(middle, np.ones(15) / 15, mode="valid")
        way = float(np.hypot(patch.along_mm, np.diff(smooth)).sum()) + 14 * patch.along_mm
        span = (columns[-1] - columns[0]) * patch.along_mm
        assert max(way, span) == pytest.approx(imprint.parameters["length_mm"], rel=0.1)
        slope = np.gradient(middle, patch.u_mm[columns])
        width = groove[:, columns].sum(axis=0) * patch.across_mm / np.hypot(1, np.clip(slope, -1, 1))
        assert np.quantile(width, 0.99) == pytest.approx(imprint.parameters["width_mm"], rel=0.2)


def test_lips_stand_as_high_as_recorded() -> None:
    for seed in SEEDS:
        imprint = draw_flaw(entry_of(ScratchFlaw(), lips=[0.2, 0.4]), ground(0.01), 3, Seed(seed))
        expected = imprint.parameters["lips"] * imprint.parameters["depth_um"]
        assert 0.5 * expected <= 1000 * float(imprint.height_mm.max()) <= 1.02 * expected


def test_a_dent_has_the_area_of_its_diameter_and_the_rim_of_its_record() -> None:
    for seed in SEEDS:
        imprint = draw_flaw(entry_of(DentFlaw(), rim=[0.1, 0.3]), ground(0.02), 1 + seed % 5, Seed(seed))
        inside = imprint.height_mm < -1e-3 * imprint.parameters["depth_um"] * 1e-3
        assert diameter_mm(imprint, inside) == pytest.approx(imprint.parameters["size_mm"], rel=0.1)
        high = imprint.parameters["rim"] * imprint.parameters["depth_um"]
        assert 0.5 * high <= 1000 * float(imprint.height_mm.max()) <= 1.05 * high


def test_one_pore_and_one_pit_have_the_area_of_their_diameter() -> None:
    for drawn, many in ((PorosityFlaw(), "pores"), (PittingFlaw(), "pits")):
        for seed in SEEDS:
            imprint = draw_flaw(entry_of(drawn, **{many: [1, 1]}), ground(0.01), 1 + seed % 5, Seed(seed))
            inside = imprint.height_mm < -0.01 * imprint.parameters["depth_um"] * 1e-3
            assert diameter_mm(imprint, inside) == pytest.approx(imprint.parameters["size_mm"], rel=0.3)


def test_a_crack_is_as_long_as_recorded() -> None:
    for seed in SEEDS:
        entry = entry_of(CrackFlaw(), branches=[0, 0])
        imprint = draw_flaw(entry, ground(0.01), 1 + seed % 5, Seed(seed))
        gap = imprint.mask
        span = float(np.ptp(imprint.patch.u_mm[gap.any(axis=0)]))
        length, width = imprint.parameters["length_mm"], imprint.parameters["width_mm"]
        # It wanders: from end to end it is shorter than along its way, but no tangle.
        assert 0.55 * length <= span <= length + width
        area = gap.sum() * imprint.patch.along_mm * imprint.patch.across_mm
        assert 0.15 * width < area / length < width


def test_contrast_is_what_the_luminance_changes_by() -> None:
    for cause in ("oxide", "burn", "stain"):
        for seed in SEEDS:
            imprint = draw_flaw(entry_of(DiscolourationFlaw(), cause=cause), ground(), 3, Seed(seed))
            change = float(np.abs(imprint.tint @ LUMINANCE - 1).max())
            assert change == pytest.approx(imprint.parameters["contrast"], rel=0.15)
    for seed in SEEDS:
        imprint = draw_flaw(entry_of(InclusionFlaw()), ground(material="plastic"), 3, Seed(seed))
        inner = (
            imprint.tint[imprint.cover > 0.9]
            if imprint.cover is not None
            else imprint.tint[imprint.hides_finish > 0.59]
        )
        assert abs(1 - float(np.mean(inner))) == pytest.approx(imprint.parameters["contrast"], rel=0.15)


def test_solids_are_as_large_as_recorded() -> None:
    by_name = {drawn.name: drawn for drawn in DRAWN_TYPES.types}
    for seed in SEEDS:
        burr = draw_flaw(entry_of(by_name["burr"]), ground(), 3, Seed(seed))
        (u, v, n) = burr.solids[0].mesh.vertices_mm.T
        edge = np.interp(u, ground().edge.u_mm, ground().edge.offset_mm)
        assert np.hypot(v - edge, n).max() == pytest.approx(burr.parameters["height_mm"], rel=0.1)
        assert np.ptp(u) == pytest.approx(burr.parameters["length_mm"], rel=0.01)
        chip = draw_flaw(entry_of(by_name["chipped_edge"]), ground(), 3, Seed(seed))
        (u, v, n) = chip.solids[0].mesh.vertices_mm.T
        edge = np.interp(u, ground().edge.u_mm, ground().edge.offset_mm)
        cut = n < -1e-6
        assert -(v - edge)[cut].min() == pytest.approx(chip.parameters["width_mm"], rel=0.1)
        assert -n[cut & (np.abs(v - edge) < 0.03 * chip.parameters["width_mm"])].min() * 1000 == pytest.approx(
            chip.parameters["depth_um"], rel=0.1
        )
        thread = entry_of(by_name["missing_feature"], feature="hole", size_mm=[1, 2])
        plug = draw_flaw(thread, ground(opening_mm=5.0), 5, Seed(seed))
        assert np.hypot(*plug.solids[0].mesh.vertices_mm.T[:2]).max() == pytest.approx(2.5, rel=0.01)
        assert plug.parameters["size_mm"] == 5.0
