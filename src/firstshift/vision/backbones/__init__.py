"""Where trunks come from: our own shapes, files of weights, and (optional) a hub."""
