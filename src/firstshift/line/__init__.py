"""Use cases: the only room that knows images, formats and likeness together."""
