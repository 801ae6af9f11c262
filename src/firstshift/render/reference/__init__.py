"""The path tracer that the fast shader is held to: a prepared view as a Mitsuba scene (extra `reference`)."""
