"""Images before parts: from a plan to labelled images in the workspace."""
