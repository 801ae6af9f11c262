"""The shader against integrals over true area lights, against Mitsuba's reflection functions, and its twins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from firstshift.core.errors import BadInput, Unavailable
from firstshift.render.appearance import Appearance, Emitters, Materials
from firstshift.render.gbuffer import GBuffer
from firstshift.render.lighting import emitters_of, radiance_of
from firstshift.render.shade import shade
from firstshift.render.shade_slowly import disc_share
from firstshift.render.substances import materials_of
from firstshift.render.tiles import Tiles, tiles_of
from firstshift.spec.lights import Light
from tests.render.bench_parts import (
    BACK_LIGHT,
    COAXIAL,
    DOME,
    FROM_ABOVE,
    RING,
    SPOT,
    fresnel_of,
    integrated,
    plane,
    sphere,
    station_with,
    surface_of,
)

STEEL = complex(2.95, 2.93)
ALONE = station_with(SPOT)


def lamp(*positions_mm: tuple[float, float, float], area_mm2: float = 1e-4) -> Emitters:
    """Small round lamps of radiance 1 that look at the origin."""
    place = np.array(positions_mm, dtype=np.float32)
    count = len(place)
    return Emitters(
        light=np.zeros(count, np.int16),
        position_mm=place,
        direction=-place / np.linalg.norm(place, axis=1, keepdims=True),
        area_mm2=np.full(count, area_mm2, np.float32),
        across_mm=np.full(count, 2 * np.sqrt(area_mm2 / np.pi), np.float32),
        cone_cos=np.full(count, -1, np.float32),
        colour=np.ones((1, 1), np.float32),
        tint_mix=np.full((1, 1, 3), 1 / 3, np.float32),
        names=("lamp",),
    )


def everywhere(count: int = 20_000) -> Emitters:
    """Light from all sides: a half sphere of lamps with the radiance 1 (Fibonacci's spiral)."""
    turn = np.arange(count) * np.pi * (3 - np.sqrt(5))
    up = (np.arange(count) + 0.5) / count
    side = np.sqrt(1 - up**2)
    place = np.stack([side * np.cos(turn), side * np.sin(turn), up], axis=1) * 1000
    return lamp(*map(tuple, place), area_mm2=2 * np.pi * 1000**2 / count)


def metal_table(index: complex) -> Materials:
    table = materials_of([surface_of("steel")], ALONE)
    return replace(
        table, eta=np.full((1, 1, 1), index.real, np.float32), kappa=np.full((1, 1, 1), index.imag, np.float32)
    )


def looking(directions: np.ndarray[Any, Any], alpha: tuple[float, float]) -> tuple[GBuffer, Appearance]:
    """One sample at the origin for each direction of view."""
    gbuffer, appearance = plane(side=1, alpha=alpha)
    which = np.zeros(len(directions), np.int64)
    gbuffer = replace(
        gbuffer.taken(which), view=directions.astype(np.float32), position_mm=np.zeros((len(which), 3), np.float32)
    )
    return gbuffer, appearance.taken(which)


def directions(count: int, seed: int, lowest: float = 0.1) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    up, turn = rng.uniform(lowest, 1, count), rng.uniform(0, 2 * np.pi, count)
    side = np.sqrt(1 - up**2)
    return np.stack([side * np.cos(turn), side * np.sin(turn), up], axis=1)


@pytest.mark.parametrize("light", FROM_ABOVE, ids=lambda light: light.kind)
@pytest.mark.parametrize("shape", [plane, sphere])
def test_metal_under_area_lights(light: Light, shape: Any) -> None:
    """Median relative error where it is not dark, over three roughnesses and one that has a lay."""
    errors = []
    for alpha in (0.1, 0.2, 0.4, (0.1, 0.3)):
        station = station_with(light)
        gbuffer, appearance = shape(side=14, alpha=alpha)
        smoothest = float(np.min(alpha))
        emitters = emitters_of(station, smoothest_alpha=smoothest, colour_channels=1)
        found = shade(gbuffer, appearance, metal_table(STEEL), emitters)[0, :, 0]
        cone = np.cos(np.radians(15)) if light.kind == "spot" else -1.0
        truth = integrated(gbuffer, appearance, tiles_of(light, 60 * smoothest**0.5 / 6), STEEL, cone) * radiance_of(
            light
        )
        bright = truth > 0.05 * truth.max()
        errors.append(np.abs(found / np.where(bright, truth, 1) - 1)[bright])
    assert np.median(np.concatenate(errors)) < 0.03
    assert max(np.median(one) for one in errors) < 0.07


def test_metal_that_grazes_a_back_light() -> None:
    """The hardest case: the lamp's image is squeezed into the silhouette."""
    station = station_with(BACK_LIGHT)
    gbuffer, appearance = sphere(side=20, alpha=0.1)
    found = shade(gbuffer, appearance, metal_table(STEEL), emitters_of(station, smoothest_alpha=0.1, colour_channels=1))
    truth = integrated(gbuffer, appearance, tiles_of(BACK_LIGHT, 0.8), STEEL)
    bright = truth > 0.05 * truth.max()
    assert bright.sum() >= 20
    assert np.median(np.abs(found[0, :, 0] / np.where(bright, truth, 1) - 1)[bright]) < 0.1


def test_numba_agrees_with_its_twin() -> None:
    gbuffer, appearance, materials, emitters, visible = everything("colour")
    for seen in (None, visible):
        fast = shade(gbuffer, appearance, materials, emitters, seen)
        slow = shade(gbuffer, appearance, materials, emitters, seen, device="numpy")
        assert np.isfinite(fast).all()
        floor = 1e-3 * slow.max(axis=(1, 2), keepdims=True)
        assert (np.abs(fast - slow) / np.maximum(slow, floor)).max() < 1e-4


def test_torch_agrees_with_its_twin() -> None:
    gbuffer, appearance, materials, emitters, visible = everything("mono")
    there = shade(gbuffer, appearance, materials, emitters, visible, device="torch:cpu")
    slow = shade(gbuffer, appearance, materials, emitters, visible, device="numpy")
    floor = 1e-3 * slow.max(axis=(1, 2), keepdims=True)
    assert (np.abs(there - slow) / np.maximum(slow, floor)).max() < 1e-3


def test_without_a_gpu_cuda_is_unavailable() -> None:
    import torch

    if torch.cuda.is_available():
        device = "cuda:99" if torch.cuda.device_count() < 99 else "nonsense"
        with pytest.raises((Unavailable, BadInput, RuntimeError)):
            shade(*everything("mono")[:4], device=device)
        return
    with pytest.raises(Unavailable, match="expected a CUDA GPU"):
        shade(*everything("mono")[:4], device="cuda")
    with pytest.raises(BadInput, match="expected cpu, numpy, torch:cpu, cuda"):
        shade(*everything("mono")[:4], device="toaster")


def everything(colour: str) -> tuple[GBuffer, Appearance, Materials, Emitters, np.ndarray[Any, Any]]:
    """All lights on a sphere of mixed substances, tints, films and shadows."""
    rng = np.random.default_rng(5)
    station = station_with(*FROM_ABOVE, BACK_LIGHT, colour=colour)
    emitters = emitters_of(station, smoothest_alpha=0.15, colour_channels=3 if colour == "colour" else 1)
    surfaces = [surface_of("brass"), surface_of("plastic"), surface_of("ferrite"), surface_of("steel", "painted")]
    gbuffer, appearance = sphere(side=30)
    count = len(appearance)
    on = appearance.material >= 0
    appearance = replace(
        appearance,
        material=np.where(on, rng.integers(0, len(surfaces), count), -1).astype(np.int16),
        alpha=rng.uniform(0.01, 0.6, (count, 2)).astype(np.float32),
        tint=rng.uniform(0.3, 1, (count, 3)).astype(np.float32),
        occlusion=rng.uniform(0, 0.5, count).astype(np.float32),
        film=np.where(rng.random(count) < 0.2, rng.random(count), 0).astype(np.float32),
    )
    visible = (rng.integers(0, 3, (count, len(emitters))) * 127).astype(np.uint8)
    return gbuffer, appearance, materials_of(surfaces, station), emitters, visible


def test_reciprocity() -> None:
    """What a goes to b as goes from b to a, divided by the cosine of the light."""
    eyes, lamps = directions(40, seed=1), directions(40, seed=2)
    table = metal_table(STEEL)
    for eye, lit in zip(eyes, lamps, strict=True):
        values = []
        for view, light in ((eye, lit), (lit, eye)):
            gbuffer, appearance = looking(view[None], (0.1, 0.3))
            values.append(shade(gbuffer, appearance, table, lamp(tuple(light * 100))).item() / light[2])
        assert values[0] == pytest.approx(values[1], rel=2e-3)


@pytest.mark.parametrize("alpha", [0.1, 0.3, 0.6])
def test_no_surface_gives_more_than_it_gets(alpha: float) -> None:
    eyes = directions(25, seed=4)
    gbuffer, appearance = looking(eyes, (alpha, alpha))
    sky = everywhere()
    mirror = shade(gbuffer, appearance, metal_table(complex(0.001, 50)), sky)[0, :, 0]
    assert mirror.max() < 1.01
    if alpha == 0.1:
        assert mirror[eyes[:, 2] > 0.4].min() > 0.95
    white = materials_of([surface_of("plastic", gloss=1.0, colour=(1, 1, 1))], ALONE)
    assert shade(gbuffer, appearance, white, sky).max() < 1.02
    matt = replace(white, gloss=np.zeros(1, np.float32))
    assert shade(gbuffer, appearance, matt, sky)[0, :, 0] == pytest.approx(1, abs=2e-3), "nothing is lost in Lambert"


def test_a_smooth_lossless_plastic_loses_nothing() -> None:
    eyes = directions(25, seed=6, lowest=0.3)
    gbuffer, appearance = looking(eyes, (0.02, 0.02))
    white = materials_of([surface_of("plastic", gloss=1.0, colour=(1, 1, 1))], ALONE)
    assert shade(gbuffer, appearance, white, everywhere())[0, :, 0] == pytest.approx(1, abs=0.025)


def test_no_glint_outshines_its_lamp() -> None:
    """At silhouettes too, where cosines run towards zero."""
    for alpha in (0.006, 0.05, 0.3):
        for light in (DOME, RING, BACK_LIGHT):
            station = station_with(light)
            gbuffer, appearance = sphere(side=64, alpha=alpha)
            emitters = emitters_of(station, smoothest_alpha=alpha, colour_channels=1)
            assert shade(gbuffer, appearance, metal_table(STEEL), emitters).max() <= emitters.colour.max()


def test_a_mirror_shows_the_lamp_as_bright_as_it_is() -> None:
    """A smooth metal facing a large field: radiance of the field times Fresnel. Tiles far coarser than the roughness
    lose a little and leave a faint pattern."""
    gbuffer, appearance = plane(side=12, half_mm=6, alpha=0.01)
    field = tiles_of(COAXIAL, 6.0)
    found = shade(gbuffer, appearance, metal_table(STEEL), emitters_from(field))
    mirrored = found / fresnel_of(np.ones(1), STEEL)
    assert 0.88 < mirrored.mean() < 1.01
    assert mirrored.std() < 0.08


def emitters_from(tiles: Tiles) -> Emitters:
    few = lamp(*map(tuple, tiles.position_mm))
    return replace(
        few,
        direction=tiles.direction.astype(np.float32),
        area_mm2=tiles.area_mm2.astype(np.float32),
        half_mm=tiles.half_mm.astype(np.float32),
    )


def test_the_closed_form_of_a_disc() -> None:
    """q against a sum over the disc."""
    side = np.linspace(-1, 1, 801)
    x, y = np.meshgrid(side, side)
    for distance, radius in ((0.0, 0.5), (1.0, 0.7), (3.0, 0.2), (0.5, 2.0)):
        inside = x**2 + y**2 <= 1
        p = 1 / (np.pi * (1 + (distance + radius * x) ** 2 + (radius * y) ** 2) ** 2)
        total = (p * inside).sum() * (radius * (side[1] - side[0])) ** 2
        assert disc_share(np.array(distance**2), np.array(radius**2)) == pytest.approx(total, rel=5e-3)


def test_reflection_functions_are_mitsubas() -> None:
    """Sample by sample: roughconductor exactly, roughplastic as far as its transmittance was fitted."""
    import mitsuba

    mitsuba.set_variant("scalar_rgb")
    eyes, lamps = directions(60, seed=11), directions(60, seed=12)
    metal = metal_table(STEEL)
    plastic = materials_of([surface_of("plastic", gloss=1.0, colour=(0.4,) * 3)], ALONE)
    wanted = (
        (metal, (0.1, 0.3), {
            "type": "roughconductor", "distribution": "ggx", "alpha_u": 0.1, "alpha_v": 0.3,
            "eta": {"type": "rgb", "value": [STEEL.real] * 3}, "k": {"type": "rgb", "value": [STEEL.imag] * 3},
        }, 1e-3),
        (plastic, (0.2, 0.2), {
            "type": "roughplastic", "distribution": "ggx", "alpha": 0.2, "int_ior": 1.5, "ext_ior": 1.0,
            "diffuse_reflectance": {"type": "rgb", "value": [0.4] * 3},
        }, 0.03),
    )  # fmt: skip
    for table, alpha, description, tolerance in wanted:
        reflection = mitsuba.load_dict(description)
        gbuffer, appearance = looking(eyes, alpha)
        errors = []
        for index, light in enumerate(lamps):
            one = np.array([index])
            found = shade(gbuffer.taken(one), appearance.taken(one), table, lamp(tuple(light * 100))).item() * 1e8
            hit = mitsuba.SurfaceInteraction3f()
            hit.wi = mitsuba.Vector3f(*eyes[index].tolist())
            truth = float(reflection.eval(mitsuba.BSDFContext(), hit, mitsuba.Vector3f(*light.tolist()))[1])
            errors.append(abs(found / truth - 1))
        assert np.median(errors) < tolerance / 3
        assert np.quantile(errors, 0.95) < tolerance


def test_lay_stretches_the_highlight_across_itself() -> None:
    """Fine marks along x are rough across, so the highlight of a lamp is long in y."""
    gbuffer, appearance = plane(side=41, half_mm=40, alpha=(0.05, 0.3))
    appearance = replace(appearance, tangent=np.tile(np.array([1, 0, 0], np.float32), (len(appearance), 1)))
    image = gbuffer.gathered(shade(gbuffer, appearance, metal_table(STEEL), lamp((0, 0, 120), area_mm2=50))[0])[:, :, 0]
    bright = image > image.max() / 2
    assert bright.any(axis=1).sum() > 3 * bright.any(axis=0).sum()


def test_shadow_occlusion_tint_and_film() -> None:
    station = station_with(SPOT)
    emitters = emitters_of(station, smoothest_alpha=0.2, colour_channels=1)
    materials = materials_of([surface_of("paper"), surface_of("aluminium")], station)
    gbuffer, appearance = plane(side=6, alpha=0.3)
    clean = shade(gbuffer, appearance, materials, emitters)
    count = len(appearance)
    half = np.full((count, len(emitters)), 51, np.uint8)
    assert shade(gbuffer, appearance, materials, emitters, half) == pytest.approx(clean / 5, rel=1e-4)
    assert not shade(gbuffer, appearance, materials, emitters, half * 0).any()
    kept_out = replace(appearance, occlusion=np.full(count, 0.25, np.float32))
    assert shade(gbuffer, kept_out, materials, emitters) == pytest.approx(clean * 0.75, rel=1e-4)
    metal = replace(appearance, material=np.ones(count, np.int16))
    stained = replace(metal, tint=np.full((count, 3), 0.5, np.float32))
    bright = shade(gbuffer, metal, materials, emitters)
    assert shade(gbuffer, stained, materials, emitters) == pytest.approx(bright / 2, rel=1e-4)
    nothing = replace(appearance, material=np.full(count, -1, np.int16))
    assert not shade(gbuffer, nothing, materials, emitters).any()


def test_oil_mirrors_and_dims() -> None:
    """Away from the mirror direction oily paper is a little darker; in it a lamp shines back."""
    gbuffer, appearance = plane(side=41, half_mm=60, alpha=0.5)
    station = station_with(SPOT)
    materials = materials_of([surface_of("paper", gloss=0.0)], station)
    emitters = lamp((0.0, 0.0, 280.0), area_mm2=400.0)
    oily = replace(appearance, film=np.ones(len(appearance), np.float32))
    dry, wet = (shade(gbuffer, look, materials, emitters)[0, :, 0] for look in (appearance, oily))
    share = (wet / dry).reshape(41, 41)
    assert share[20, 20] > 1.5
    assert 0.85 < share[0, 0] < 0.99


def test_what_does_not_fit_together() -> None:
    gbuffer, appearance, materials, emitters, visible = everything("mono")
    with pytest.raises(BadInput, match="expected appearance of 900 samples"):
        shade(gbuffer, appearance.taken(np.arange(5)), materials, emitters)
    with pytest.raises(BadInput, match="visibility of 900"):
        shade(gbuffer, appearance, materials, emitters, visible[:, :3])
    with pytest.raises(BadInput, match="expected materials below 1"):
        shade(gbuffer, appearance, materials_of([surface_of("brass")], station_with(*FROM_ABOVE, BACK_LIGHT)), emitters)
    with pytest.raises(BadInput, match="expected materials for 7 lights"):
        shade(gbuffer, appearance, materials_of([surface_of("brass")], station_with(RING)), emitters)
