"""How well answers fit the truth. Arrays in, numbers out; every one with an interval over parts, not over images."""
