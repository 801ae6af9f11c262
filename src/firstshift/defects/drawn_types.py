"""The types of flaw that can be drawn without anybody's further files, in the order of the plan's catalogue."""

from __future__ import annotations

from firstshift.defects.crack import CrackFlaw
from firstshift.defects.dent import DentFlaw
from firstshift.defects.drawn import DrawnTypes
from firstshift.defects.pitting import PittingFlaw
from firstshift.defects.porosity import PorosityFlaw
from firstshift.defects.scratch import ScratchFlaw

DRAWN_TYPES = DrawnTypes((ScratchFlaw(), DentFlaw(), PorosityFlaw(), PittingFlaw(), CrackFlaw()))
