"""The steps of stamping a flaw onto a prepared view; `render.stamp` chains them."""
