"""Lights: are they where light can reach the part, and is each of them used?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from firstshift.spec.facts import StationFacts
from firstshift.spec.finding import Finding, error, note, warning
from firstshift.spec.lights import BackLight, Bar, Coaxial, DarkField, Dome, Light, Ring, Spot
from firstshift.spec.plan import Plan

GRAZING_DEG = 30.0
"""Above this angle between light and surface a mirror-like surface begins to shine into an ordinary lens's view."""


def check_lights(plan: Plan, facts: StationFacts | None) -> Iterator[Finding]:
    used = {name for channel in plan.station.channels for name in channel.lights}
    for index, light in enumerate(plan.station.lights):
        path = f"station.lights[{index}]"
        if light.name not in used:
            text = f"{light.name} is in no channel: it is never on"
            yield warning(path, text, "add it to station.channels, or remove it")
        yield from _place(plan, light, path)
        if facts is not None:
            yield from _size(facts, light, path)
    yield from _channels(plan)


def _place(plan: Plan, light: Light, path: str) -> Iterator[Finding]:
    height = plan.part.seen_size_mm[2]
    lens_mm = plan.station.working_distance_mm
    match light:
        case BackLight():
            text = f"{light.below_mm:g} mm below the upper surface of a part {height:g} mm high"
            if light.below_mm <= 0:
                yield error(f"{path}.below_mm", f"in front of the part: {text}", f"more than {height:g}")
            elif light.below_mm < height:
                yield warning(f"{path}.below_mm", f"inside the part: {text}", f"more than {height:g}")
        case Bar() | Spot():
            yield from _pointed(plan, light, path)
        case Ring() | DarkField() | Coaxial():
            top = light.height_mm + (light.width_mm / 2 if isinstance(light, DarkField) else 0.0)
            if light.height_mm <= 0:
                say = error if top <= 0 else warning
                text = f"behind the part's upper surface ({light.height_mm:g} mm): no light reaches it"
                yield say(f"{path}.height_mm", text, "heights are above the surface, positive towards the camera")
            elif light.height_mm > lens_mm and not isinstance(light, DarkField):
                text = f"{light.height_mm:g} mm up is behind the lens's front, which is at {lens_mm:g} mm"
                yield note(f"{path}.height_mm", text, "that works; it is rendered as if the lens threw no shadow")
        case Dome():
            if light.opening_mm >= light.diameter_mm:
                yield error(f"{path}.opening_mm", "the hole is as large as the dome", "a tenth to a third is usual")
            if light.height_mm + light.diameter_mm / 2 <= 0:
                yield error(f"{path}.height_mm", "the whole dome is behind the part's upper surface", "0 is usual")
            elif light.height_mm < -height:
                yield warning(f"{path}.height_mm", "the rim is behind the part", "heights are above the upper surface")
    if isinstance(light, DarkField) and light.elevation_deg > GRAZING_DEG:
        low = light.diameter_mm / 2 * math.tan(math.radians(GRAZING_DEG / 2))
        text = f"{light.elevation_deg:.0f}° above the surface is no dark field: a smooth surface shines into the lens"
        yield warning(f"{path}.height_mm", text, f"lower it to about {low:.0f} mm, or call it a ring")


def _pointed(plan: Plan, light: Bar | Spot, path: str) -> Iterator[Finding]:
    width, length, height = plan.part.seen_size_mm
    x, y, z = light.position_mm
    beside = abs(x) > width / 2 or abs(y) > length / 2
    if math.dist(light.position_mm, light.aim_mm) < 1e-6:
        yield error(f"{path}.aim_mm", "shines at itself", "aim at the part: [0, 0, 0]")
    elif z <= light.aim_mm[2]:
        where = "behind the part" if z < -height else "behind the part's upper surface" if z <= 0 else "too low"
        text = f"{where}: z is {z:g} mm, not above what it aims at ({light.aim_mm[2]:g} mm)"
        yield error(f"{path}.position_mm", text, "z is positive towards the camera; a light behind is a back_light")
    elif z <= 0 and not beside:
        text = f"behind the part's upper surface: z is {z:g} mm"
        yield warning(f"{path}.position_mm", text, "z is positive towards the camera")
    elif z < -height:
        text = f"behind the part: z is {z:g} mm and the part {height:g} mm high"
        yield warning(f"{path}.position_mm", text, "z is positive towards the camera")


def _size(facts: StationFacts, light: Light, path: str) -> Iterator[Finding]:
    width, length, _ = facts.part_size_mm
    seen = tuple(min(a, b) for a, b in zip((width, length), facts.field_of_view_mm, strict=True))
    if isinstance(light, BackLight | Coaxial) and any(a < b for a, b in zip(light.size_mm, seen, strict=True)):
        shown = f"{light.size_mm[0]:g} × {light.size_mm[1]:g} mm"
        text = f"{shown} is smaller than what is looked at ({seen[0]:.4g} × {seen[1]:.4g} mm): its edge shows"
        yield warning(f"{path}.size_mm", text, "take a larger light")
    if isinstance(light, DarkField | Dome) and light.diameter_mm < max(seen):
        text = f"{light.diameter_mm:g} mm across is narrower than what is looked at ({max(seen):.4g} mm)"
        yield warning(f"{path}.diameter_mm", text, "take a larger light: the surface outside stays dark")


def _channels(plan: Plan) -> Iterator[Finding]:
    station = plan.station
    seen: dict[frozenset[str], str] = {}
    surface = [c for c in station.channels if any(not isinstance(station.light(n), BackLight) for n in c.lights)]
    if not surface:
        text = "every channel is lit from behind: the surface is black in all of them"
        yield warning("station.channels", text, "add a light on the camera's side")
    for index, channel in enumerate(station.channels):
        lights = frozenset(channel.lights)
        path = f"station.channels[{index}].lights"
        if lights in seen:
            yield note(path, f"the same lights as {seen[lights]}", "remove one of them, or give it another exposure")
        seen.setdefault(lights, channel.name)
        if len(lights) < len(channel.lights):
            yield note(path, "a light named twice", "it is on once")
        if station.camera.colour == "colour" and not any(station.light(n).colour == "white" for n in lights):
            text = "a colour camera under coloured light sees no colour"
            yield note(path, text, "take white light, or a mono camera, which resolves more")
