"""A small plan in good order, for tests to change one thing in, and its lights, which other plans share."""

from __future__ import annotations

from firstshift.spec import Plan

RING_AND_LOW = """\
  working_distance_mm: 250
  lights:
    - {kind: ring, name: ring, diameter_mm: 100, height_mm: 100}
    - {kind: dark_field, name: low, diameter_mm: 100, height_mm: 10}
  channels:
    - {name: bright, lights: [ring]}
    - {name: dark, lights: [low]}
"""
SMALL = (
    """\
# a comment before everything
format: 1
name: small   # behind a value
part:
  name: plate
  size_mm: [60, 40, 5]
  bodies:
    - name: plate
      material: aluminium
      finish: {kind: milled, ra_um: [0.8, 1.6]}
  regions:
    - {name: top, facing: {direction: [0, 0, 1]}}

# the station
station:
  name: cell
  camera: {sensor_px: [2448, 2048], pixel_um: 3.45}
  lens: {kind: perspective, focal_mm: 25, f_number: 8}
"""
    + RING_AND_LOW
    + """\
defects:
  - type: scratch
    class: scratch
    length_mm: [2, 5]
    width_mm: [0.1, 0.2]   # fine
    depth_um: [1, 30]
    regions: [top]
  - type: dent
    class: dent
    size_mm: [0.3, 2]
    depth_um: [10, 100]
# the end
"""
)


def small_plan(*changes: tuple[str, str]) -> Plan:
    return Plan.from_text(small_text(*changes), "plan.yaml")


def small_text(*changes: tuple[str, str]) -> str:
    return changed_text(SMALL, *changes)


def changed_text(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in text, f"the plan has no {old!r}"
        text = text.replace(old, new, 1)
    return text
