"""CAD files in: triangles with the CAD file's bodies and faces, checked, and the regions that are inspected."""
