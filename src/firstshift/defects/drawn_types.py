"""The types of flaw that can be drawn without anybody's further files, in the order of the plan's catalogue."""

from __future__ import annotations

from firstshift.defects.burr import BurrFlaw
from firstshift.defects.chipped_edge import ChippedEdgeFlaw
from firstshift.defects.contamination import ContaminationFlaw
from firstshift.defects.crack import CrackFlaw
from firstshift.defects.dent import DentFlaw
from firstshift.defects.discolouration import DiscolourationFlaw
from firstshift.defects.drawn import DrawnTypes
from firstshift.defects.inclusion import InclusionFlaw
from firstshift.defects.missing_feature import MissingFeatureFlaw
from firstshift.defects.other import OtherFlawUndrawn
from firstshift.defects.pitting import PittingFlaw
from firstshift.defects.porosity import PorosityFlaw
from firstshift.defects.scratch import ScratchFlaw

DRAWN_TYPES = DrawnTypes(
    (
        ScratchFlaw(), DentFlaw(), PorosityFlaw(), PittingFlaw(), CrackFlaw(), DiscolourationFlaw(),
        ContaminationFlaw(), InclusionFlaw(), BurrFlaw(), ChippedEdgeFlaw(), MissingFeatureFlaw(), OtherFlawUndrawn(),
    )
)  # fmt: skip
