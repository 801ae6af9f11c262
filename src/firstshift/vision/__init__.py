"""What a model sees: backbones behind one interface, what they are given, and what is kept of their answers."""
