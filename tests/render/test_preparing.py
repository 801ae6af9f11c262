"""A view made ready in one call: the light that its stages give one after the other; surfaces as the plan has them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firstshift.core.mesh import Mesh
from firstshift.render.cad.reading import flat_mesh
from firstshift.render.fineness import MOST_EMITTERS, smoothest_alpha
from firstshift.render.finish.dressing import dress
from firstshift.render.gbuffer import NOTHING
from firstshift.render.lighting import LightChange, emitters_of
from firstshift.render.penumbra import softened
from firstshift.render.pose import seated
from firstshift.render.prepared import Prepared, Stamped
from firstshift.render.preparing import prepare
from firstshift.render.scene import Placed, Scene
from firstshift.render.shade import shade
from firstshift.render.substances import materials_of
from firstshift.render.surface import surfaces_of
from firstshift.render.view import Window, view_of
from firstshift.render.visibility import visibility
from firstshift.spec.examples import copy_example
from firstshift.spec.plan import Plan

WINDOW = Window(1000, 900, 24, 20)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return Plan.load(copy_example("bracket", tmp_path_factory.mktemp("plan") / "bracket"))


@pytest.fixture(scope="module")
def plate(plan: Plan) -> Mesh:
    """The bracket's box, without its pockets: no STEP file is read here."""
    return flat_mesh(plan.part.size_mm, plan.part.bodies[0].name)


def scene_of(plan: Plan, mesh: Mesh) -> Scene:
    return Scene((Placed(mesh, seated(plan.part, mesh), first_surface=0),))


def prepared_of(plan: Plan, mesh: Mesh, **asked: object) -> Prepared:
    view = view_of(plan.station, window=WINDOW)
    return prepare(view, scene_of(plan, mesh), surfaces_of(plan.part, mesh), plan.station, **asked)  # type: ignore[arg-type]


def test_it_is_its_stages_in_their_order(plan: Plan, plate: Mesh) -> None:
    prepared = prepared_of(plan, plate)
    scene, surfaces = scene_of(plan, plate), surfaces_of(plan.part, plate)
    gbuffer = scene.cast(view_of(plan.station, window=WINDOW))
    appearance = dress(gbuffer, surfaces, np.eye(3)[None])
    alpha = smoothest_alpha(appearance, gbuffer.surface != NOTHING)
    emitters = emitters_of(plan.station, smoothest_alpha=alpha, colour_channels=1, most=MOST_EMITTERS)
    visible = softened(scene, gbuffer, emitters, visibility(scene, gbuffer, emitters))
    light = shade(gbuffer, appearance, materials_of(surfaces, plan.station), emitters, visible)
    np.testing.assert_array_equal(prepared.radiance, light)
    assert prepared.layers.shape == (2, 20, 24, 1)
    assert prepared.confusion_px.shape == (20, 24)
    # Focused 2 mm below the upper face: a small even blur.
    assert 0 < prepared.confusion_px.min() <= prepared.confusion_px.max() < 3


def test_lights_that_nobody_wants_stay_dark_and_changes_count(plan: Plan, plate: Mesh) -> None:
    both = prepared_of(plan, plate)
    ring = prepared_of(plan, plate, lights=["ring"])
    np.testing.assert_array_equal(ring.layers[0], both.layers[0])
    assert both.layers[1].max() > 0
    assert not ring.layers[1].any()
    dimmed = prepared_of(plan, plate, changes={"ring": LightChange(intensity=0.5)})
    np.testing.assert_allclose(dimmed.layers[0], both.layers[0] / 2, rtol=1e-5)


def test_surfaces_come_in_the_order_of_the_mesh_from_the_middle_of_the_plan(plan: Plan, plate: Mesh) -> None:
    pin = plan.part.bodies[0].model_copy(update={"name": "pin", "material": "plastic", "colour": "#ff0000"})
    part = plan.part.model_copy(update={"bodies": (pin, *plan.part.bodies)})
    mesh = replace(plate, body_names=("bracket", "pin"), body_colours=((0.1, 0.2, 0.3), (0.5, 0.5, 0.5)))
    first, second = surfaces_of(part, mesh, finish_seed=7)
    assert (first.name, first.material, first.finish) == ("bracket", "aluminium", "milled")
    assert first.ra_um == pytest.approx(0.8), "the geometric middle of 0.4 and 1.6"
    assert first.colour == (0.1, 0.2, 0.3), "as the CAD file has it"
    assert second.colour == (1.0, 0.0, 0.0), "the plan's colour wins over the file's"
    assert (first.finish_seed, second.finish_seed) == (7, 8)
    assert first.lay_centre_mm == pytest.approx((0, 0, -6))


def test_what_is_stamped_comes_into_a_copy_of_the_layers(plan: Plan, plate: Mesh) -> None:
    layers = prepared_of(plan, plate).layers
    pixel = np.array([3, 24 + 5], np.int32)
    new = np.full((2, 2, 1), 9.0, np.float32)
    clean = layers.reshape(2, -1, 1)[:, pixel]
    flawed = Stamped(pixel, new, clean, ()).on(layers)
    assert (flawed[:, 0, 3] == 9).all()
    assert (flawed[:, 1, 5] == 9).all()
    assert (flawed != layers).sum() == 4
    assert not (layers == 9).any()
