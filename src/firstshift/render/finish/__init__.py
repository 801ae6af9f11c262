"""What machining leaves: height fields in micrometres, split at the pixel into tilted normals and roughness."""
