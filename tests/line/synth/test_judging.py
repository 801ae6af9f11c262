"""What labels say is seen is on the image: over all types of flaw, the example parts and their channels."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from firstshift.core.image import Image
from firstshift.core.label import NOT_VISIBLE, Annotation, Verdict
from firstshift.core.outline import mask_of
from firstshift.core.seed import Seed
from firstshift.defects.draw import draw_flaw
from firstshift.defects.drawn_types import DRAWN_TYPES
from firstshift.line.synth.drawing import draw_pose, draw_recipe
from firstshift.line.synth.judging import Judge
from firstshift.line.synth.lit import Box, Lit
from firstshift.line.synth.painting import Landed, Painted, Painter
from firstshift.line.synth.placing import NoPlace
from firstshift.line.synth.recipe import Recipe
from firstshift.line.synth.stage import Ready, Stage
from firstshift.render.stamp import stamp
from firstshift.sensor.profile import usual_profile
from firstshift.spec.examples import copy_example
from tests.line.synth.conftest import small_order

PARTS = ("bracket", "cap", "fitting", "strip")
YARDSTICK_DN = 25


def with_every_type(part: str, folder: Path) -> Path:
    """The example with each type's own example for its catalogue."""
    copy_example(part, folder)
    yaml = YAML(typ="safe")
    plan: dict[str, Any] = yaml.load((folder / "plan.yaml").read_text(encoding="utf-8"))
    plan["defects"] = [{**yaml.load(one.example), "class": one.name} for one in DRAWN_TYPES.types]
    plan.pop("synthetic", None)
    with (folder / "plan.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(plan, file)
    return folder


def levels(image: Image) -> np.ndarray:
    return image.pixels.astype(np.int64).reshape(image.height, image.width, -1)


def inside(one: Annotation, image: Image) -> np.ndarray:
    assert one.shape is not None
    return mask_of(one.shape, image.width, image.height).pixels


def with_and_without(painter: Painter, kind: str, number: int) -> list[tuple[Painted, Painted]]:
    ready = painter.ready_for(kind, number)
    recipe = draw_recipe(painter.stage, ready.pose, kind, number)
    # Whatever the first place shows: no search for a better one.
    recipe = replace(recipe, flaws=tuple(replace(flaw, attempt=1) for flaw in recipe.flaws[:1]))
    clean = painter.paint(replace(recipe, flaws=()), ready)
    return list(zip(painter.paint(recipe, ready), clean, strict=True))


@pytest.mark.parametrize("part", PARTS)
def test_a_positive_is_saved_otherwise_inside_its_mask(part: str, tmp_path: Path) -> None:
    """And what is said not to be visible is not plain to see there."""
    stage = Stage(small_order(with_every_type(part, tmp_path / part), per_defect=1, size_px=96))
    painter, met = Painter(stage), Counter[str]()
    for kind in stage.drawn.classes:
        try:
            pairs = with_and_without(painter, kind, 0)
        except NoPlace:
            continue
        for flawed, clean in pairs:
            (one,) = flawed.label.annotations
            seen = one.attributes["visibility"]
            met[seen] += 1
            assert (flawed.label.verdict is Verdict.DEFECT) == (seen != NOT_VISIBLE)
            for name in ("contrast", "contrast_to_noise"):
                assert isinstance(one.attributes[name], float)
            change = np.abs(levels(flawed.image) - levels(clean.image)).max(axis=2)
            where = f"{part}, {kind}, {flawed.channel}, {seen}, d {one.attributes['contrast_to_noise']}"
            if seen != NOT_VISIBLE:
                assert change[inside(one, flawed.image)].max() > 0, where
            elif one.shape is not None:
                strong = (change[inside(one, flawed.image)] > YARDSTICK_DN).sum()
                assert strong <= 3, f"{where}: {strong} pixels differ by more than {YARDSTICK_DN}"
    assert met["visible"] >= 8


def test_flaws_of_a_dark_field_are_not_hidden_by_the_chamfer_beside_them(tmp_path: Path) -> None:
    """The fitting's chamfers shine in the dark field, far whiter than white; its faces are dark and even."""
    copy_example("fitting", tmp_path / "fitting")
    stage = Stage(small_order(tmp_path / "fitting", per_defect=1, size_px=160, channels=("dark",), seed=77))
    painter, hidden = Painter(stage), []
    for kind in stage.drawn.classes:
        for number in (0, 25):
            try:
                ((flawed, clean),) = with_and_without(painter, kind, number)
            except NoPlace:
                continue
            (one,) = flawed.label.annotations
            if one.attributes["visibility"] == NOT_VISIBLE and one.shape is not None:
                change = np.abs(levels(flawed.image) - levels(clean.image)).max(axis=2)
                hidden.append(int((change[inside(one, flawed.image)] > YARDSTICK_DN).sum()))
    assert max(hidden, default=0) <= 3


def still_stage(folder: Path, **asked: Any) -> Stage:
    """A camera whose pixels are all alike and silent: what it saves is the light, rounded."""
    order = small_order(folder, per_defect=1, **asked)
    camera = order.plan().station.camera
    quiet = {"prnu": 0.0, "dsnu_e": 0.0, "mosaic": False}
    return Stage(replace(order, profile=usual_profile(camera).model_copy(update=quiet)))


def silent(recipe: Recipe) -> Recipe:
    return replace(recipe, noise=0.0)


@pytest.mark.parametrize(("part", "kind"), [("fitting", "nick"), ("cap", "")], ids=["out of focus", "in colour"])
def test_the_light_that_is_judged_is_the_light_that_is_saved(part: str, kind: str, tmp_path: Path) -> None:
    copy_example(part, tmp_path / part)
    stage = still_stage(tmp_path / part, size_px=160)
    kind = kind or stage.drawn.classes[0]
    painter = Painter(stage)
    ready = painter.ready_for(kind, 0)
    recipe = silent(draw_recipe(stage, ready.pose, kind, 0))
    landed = painter._land_all(ready, recipe.flaws[:1])
    stamped = stamp(ready.prepared, [(one.landing, one.imprint) for one in landed], ready.bodies)
    for painted in painter.paint(replace(recipe, flaws=(replace(recipe.flaws[0], attempt=1),)), ready):
        assert painted.image.pixels.max() > 0
    for channel in stage.channels:
        judge = Judge(stage, ready, recipe, channel)
        lit = Lit.of(stamped, stage.gains(recipe, channel))
        box = Box.around(*np.divmod(stamped.pixel, judge.width), 8, judge.height, judge.width)
        numbers = judge._numbers(judge._light(lit, box))
        saved = levels(exposed(stage, ready, recipe, channel, lit))[box.cut]
        assert np.abs(numbers - saved).max() <= 0.51 + 1e-3 * 255
        assert np.abs(numbers - saved).mean() < 0.3


def exposed(stage: Stage, ready: Ready, recipe: Recipe, channel: str, lit: Lit) -> Image:
    from firstshift.line.synth.lit import blurred_light, sharp_light

    blurred = stage.defocuses_lamps
    light = (blurred_light if blurred else sharp_light)(ready, lit)
    return stage.expose(light, ready, recipe, channel, blurred=blurred)


def test_the_contrast_of_a_label_is_the_one_on_the_image(bracket: Path) -> None:
    """A stain is drawn with a contrast of its own; the light decides which one it gets."""
    stage = still_stage(bracket, size_px=160)
    painter = Painter(stage)
    black = stage.sensor.black_level_dn
    checked = 0
    for number in (0, 4, 8):
        ready = painter.ready_for("stain", number)
        recipe = silent(draw_recipe(stage, ready.pose, "stain", number))
        recipe = replace(recipe, flaws=recipe.flaws[:1])
        clean = painter.paint(replace(recipe, flaws=()), ready)
        for flawed, before in zip(painter.paint(recipe, ready), clean, strict=True):
            (one,) = flawed.label.annotations
            assert 0.05 <= one.attributes["drawn_contrast"] <= 1
            if one.shape is None or one.attributes["visibility"] == NOT_VISIBLE:
                continue
            mask = inside(one, flawed.image)
            was, now = (levels(image)[mask].astype(float) - black for image in (before.image, flawed.image))
            assert one.attributes["contrast"] == pytest.approx((now - was).sum() / was.sum(), rel=0.25, abs=0.02)
            checked += 1
    assert checked >= 3


def test_a_flaw_under_another_is_judged_by_what_it_adds(bracket: Path) -> None:
    """A faint stain stays one when a dent lies on it."""
    stage = Stage(small_order(bracket, per_defect=1, size_px=160, channels=("bright",)))
    painter = Painter(stage)
    ready = painter.ready_for("stain", 0)
    recipe = draw_recipe(stage, draw_pose(stage, "stain", 0), "stain", 0)
    (stain,) = painter._land_all(ready, recipe.flaws[:1])
    assert stain.imprint.tint is not None
    weak = replace(stain.imprint, tint=1 + np.float32(0.02) * (stain.imprint.tint - 1), smoothness=None)
    stain = replace(stain, imprint=weak)
    number, entry = next((n, one) for n, one in enumerate(stage.plan.defects) if one.type == "dent")
    pressed = draw_flaw(entry, stain.landing.ground, entry.severity[1], Seed(4), stage.types)
    dent = Landed(replace(stain.recipe, entry=number, type="dent"), stain.landing, pressed)

    def judged(*landed: Landed) -> list[float]:
        stamped = stamp(ready.prepared, [(one.landing, one.imprint) for one in landed], ready.bodies)
        seen = painter._seen("bright", ready, recipe, stamped, painter._views(ready, stamped, landed))
        return [one.contrast_to_noise for one in seen.flaws]

    (alone,), (dented,) = judged(stain), judged(dent)
    assert alone < dented / 4
    first, second = judged(stain, dent)
    assert first <= 1.5 * alone
    assert second > 4 * first
