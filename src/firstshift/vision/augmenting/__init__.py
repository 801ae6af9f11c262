"""How the same part looks on another day in a factory: one file for each kind of change (L3)."""
