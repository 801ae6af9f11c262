"""Flaws onto photographs: where the part lies in one, how it is lit, and the change that a flaw makes there (M11)."""
