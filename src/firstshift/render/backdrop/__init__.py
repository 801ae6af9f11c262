"""Backgrounds and fixtures, drawn: what lies under and around the part."""
