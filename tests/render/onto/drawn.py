"""Rendered «photographs» of a flat part under one side light, with hidden light direction, gloss and exposure."""

from __future__ import annotations

import numpy as np

from firstshift.core.image import Image
from firstshift.core.imprint import Ground, Imprint, Patch, Stuff
from firstshift.core.seed import Seed
from firstshift.render.gbuffer import F32
from firstshift.render.landing import Landing
from firstshift.render.onto.preparing import light_of, prepare_registered
from firstshift.render.onto.registering import Registered, plane_under, register_plane
from firstshift.render.prepared import Prepared
from firstshift.render.surface import Surface
from firstshift.sensor.expose import expose
from firstshift.sensor.profile import SensorProfile
from firstshift.spec.station import Bar, Camera, Channel, Perspective, Station

PROFILE = SensorProfile(gain_e_per_dn=40, read_noise_e=8, prnu=0.005, dsnu_e=2, psf_sigma_px=0.6)
ROUGHEST_UM, SMOOTHEST_UM = 6.0, 0.6


def side_lit() -> Station:
    return Station(
        name="side",
        camera=Camera(sensor_px=(200, 160), pixel_um=5.0),
        lens=Perspective(kind="perspective", focal_mm=16, f_number=8),
        working_distance_mm=216,
        lights=(Bar(kind="bar", name="bar", length_mm=60, width_mm=10, position_mm=(90.0, 0.0, 70.0)),),
        channels=(Channel(name="side", lights=("bar",)),),
    )


def cast_surface(shine: float, _lay: float | None = None, finish_seed: int = 7) -> tuple[Surface, ...]:
    ra = float(np.exp(np.log(ROUGHEST_UM) + np.log(SMOOTHEST_UM / ROUGHEST_UM) * shine))
    return (Surface("part", "aluminium", "blasted", ra, "none", 0.0, (0.0, 0.0, 0.0), shine, None, finish_seed),)


def photographed(azimuth_deg: float, shine: float, seed: int) -> tuple[Image, Registered]:
    """As the camera would take it, and where the part lies in it."""
    registered = register_plane(side_lit(), (200, 160))
    surfaces = cast_surface(shine, finish_seed=1000 + seed)
    ready = prepare_registered(
        registered, plane_under(registered, "part"), surfaces, colour_channels=1, azimuth_deg=azimuth_deg, textured=True
    )
    light = light_of(ready, ("bar",))
    scaled: F32 = light * np.float32(0.45 / float(np.median(light)))
    return expose(scaled, PROFILE, seed=Seed(seed)), registered


def a_flaw(prepared: Prepared, kind: str) -> tuple[Landing, Imprint]:
    """In the middle of the view, drawn along x: a groove with lips, a dent, a dark spot, or dust that covers."""
    place = int(np.argmin((prepared.gbuffer.position_mm[:, :2] ** 2).sum(axis=1)))
    position = prepared.gbuffer.position_mm[place].astype(np.float64)
    ground = Ground(pixel_mm=0.06, material="aluminium", is_metal=True, ra_um=1.0)
    landing = Landing(
        position, np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), np.array([0, 0, 1.0]), 0, "",
        (0.0, 0.0, 0.0), 0.0, ground,
    )  # fmt: skip
    patch = Patch.covering(3.0, 3.0, 0.02, 0.02)
    u, v = np.meshgrid(patch.u_mm, patch.v_mm)
    away = np.hypot(u, v)
    inside = np.clip(1 - (away / 1.2) ** 2, 0, 1).astype(np.float32)
    if kind == "dent":
        return landing, Imprint(patch, away < 1.2, height_mm=(-0.12 * inside**2).astype(np.float32))
    if kind == "groove":
        taper = np.clip((1.3 - np.abs(u)) / 0.3, 0, 1)
        depth = (-0.03 * np.exp(-((v / 0.12) ** 2)) * taper).astype(np.float32)
        return landing, Imprint(patch, (np.abs(v) < 0.2) & (np.abs(u) < 1.3), height_mm=depth)
    if kind == "spot":
        tint = np.repeat((1 - 0.5 * np.sqrt(inside))[:, :, None], 3, axis=2).astype(np.float32)
        return landing, Imprint(patch, away < 1.2, tint=tint)
    cover = (away < 1.0).astype(np.float32)
    dust = Stuff("dust", albedo=(0.4, 0.4, 0.4), roughness=0.9)
    return landing, Imprint(patch, away < 1.0, stuff=dust, cover=cover, hides_finish=cover)
