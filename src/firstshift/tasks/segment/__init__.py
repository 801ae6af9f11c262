"""Which class each pixel is of; thin structures are kept."""
