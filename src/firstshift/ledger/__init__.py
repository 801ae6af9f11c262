"""Append-only, hash-chained, signed events. Stores a tag and JSON and knows no domain class."""
