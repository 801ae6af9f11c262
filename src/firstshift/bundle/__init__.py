"""One deployable: what runs on the line and all that a decision needs. Pure numpy: a runtime reads it without torch."""
