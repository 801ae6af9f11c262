"""From recipes to images with labels: prepare the pose, stamp the flaws, expose, label."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from firstshift import __version__
from firstshift.core.capture import Capture, Origin
from firstshift.core.encode import encode_png
from firstshift.core.errors import BadInput
from firstshift.core.image import Image
from firstshift.core.imprint import Imprint
from firstshift.core.label import Label, Level
from firstshift.core.seed import Seed
from firstshift.defects.draw import draw_flaw
from firstshift.line.synth.classes import pose_of
from firstshift.line.synth.drawing import draw_recipe, no_pose, poses
from firstshift.line.synth.fingerprint import renderer
from firstshift.line.synth.freeing import give_back_memory
from firstshift.line.synth.judging import Covered, Judge
from firstshift.line.synth.labelling import SeenFlaw, label_of
from firstshift.line.synth.lit import Lit, blurred_light, mixed, sharp_light
from firstshift.line.synth.nearness import CLOSE_PX, touch
from firstshift.line.synth.placing import NoPlace, has_place, land_flaw
from firstshift.line.synth.recipe import FlawRecipe, Recipe, Unit
from firstshift.line.synth.stage import Ready, Stage
from firstshift.render.landing import Landing
from firstshift.render.noticing import mask_of
from firstshift.render.prepared import Stamped
from firstshift.render.stamp import stamp
from firstshift.store.images import NewImage
from firstshift.store.labels import NewLabel

F32 = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.int32]
MAX_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Painted:
    """One exposure of one part, with the truth about it."""

    channel: str
    image: Image
    label: Label
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class Landed:
    recipe: FlawRecipe
    landing: Landing
    imprint: Imprint


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One flaw among those of its image: the same in every channel."""

    landed: Landed
    covered: Covered
    others: Stamped | None
    """The image without it, where others lie on the same place."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One channel before the sensor, and what is to be seen on it."""

    channel: str
    lit: Lit
    flaws: list[SeenFlaw]


class Painter:
    """Paints for one plan. Keeps the last pose, because images of one pose come one after the other."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._ready: Ready | None = None
        self._tried: tuple[str, int] | None = None

    def paint_unit(self, unit: Unit) -> list[NewImage]:
        """Parts whose flaw finds no place in any pose have no image; whoever paints, they are the same ones."""
        images: list[NewImage] = []
        for number in unit.numbers:
            try:
                ready = self.ready_for(unit.kind, number)
            except NoPlace:
                continue
            recipe = draw_recipe(self.stage, ready.pose, unit.kind, number)
            images += [self._new(painted) for painted in self.paint(recipe, ready)]
        give_back_memory()
        return images

    def ready_for(self, kind: str, number: int) -> Ready:
        """The pose of image `number` of a kind: the first in which the flaw finds a place, seen as the image shows it.
        Raises NoPlace where there is none."""
        pose_number = pose_of(self.stage.plan, kind, number)
        if self._tried != (kind, pose_number):
            self._tried, self._ready = (kind, pose_number), None
            found = (self.stage.ready(pose, kind) for pose in poses(self.stage, kind, pose_number))
            self._ready = next((ready for ready in found if has_place(self.stage, ready)), None)
        if self._ready is None:
            raise no_pose(kind, pose_number)
        return self._ready

    def paint(self, recipe: Recipe, ready: Ready | None = None) -> list[Painted]:
        """All channels of one part."""
        ready = ready or self.stage.ready(recipe.pose, recipe.kind)
        if not recipe.flaws:
            return [
                self._exposed(ready, recipe, mixed(ready.layers, self.stage.gains(recipe, channel)), channel, [])
                for channel in self.stage.channels
            ]
        recipe, seen = self._with_flaws(ready, recipe)
        blurred = self.stage.defocuses_lamps
        light = blurred_light if blurred else sharp_light
        return [
            self._exposed(ready, recipe, light(ready, one.lit), one.channel, one.flaws, blurred=blurred) for one in seen
        ]

    def _exposed(
        self, ready: Ready, recipe: Recipe, signal: F32, channel: str, flaws: list[SeenFlaw], *, blurred: bool = False
    ) -> Painted:
        image = self.stage.expose(signal, ready, recipe, channel, blurred=blurred)
        return Painted(channel, image, label_of(flaws), recipe)

    def _with_flaws(self, ready: Ready, recipe: Recipe) -> tuple[Recipe, list[Seen]]:
        """A flaw that shows in no channel gets another place, as long as the plan wants few of those."""
        for attempt in range(MAX_ATTEMPTS):
            flaws = tuple(replace(flaw, attempt=flaw.attempt or attempt) for flaw in recipe.flaws)
            landed = self._land_all(ready, flaws)
            stamped = stamp(ready.prepared, [(one.landing, one.imprint) for one in landed], ready.bodies)
            views = self._views(ready, stamped, landed)
            seen = [self._seen(channel, ready, recipe, stamped, views) for channel in self.stage.channels]
            shows = any(one.flaws[0].is_visible for one in seen)
            if shows or recipe.flaws[0].attempt or attempt == MAX_ATTEMPTS - 1 or self._may_hide(recipe):
                return replace(recipe, flaws=tuple(one.recipe for one in landed)), seen
        raise AssertionError("the last attempt returns")

    def _may_hide(self, recipe: Recipe) -> bool:
        share = self.stage.plan.synthetic.not_visible
        return Seed(recipe.sensor_seed).uniform("may hide") < share

    def _land_all(self, ready: Ready, flaws: Sequence[FlawRecipe]) -> list[Landed]:
        """The flaw that was asked for, and of its companions those that find a place in this window."""
        landed = [self._landed(ready, flaws[0])]
        for flaw in flaws[1:]:
            with suppress(NoPlace):
                landed.append(self._landed(ready, flaw))
        return landed

    def _landed(self, ready: Ready, flaw: FlawRecipe) -> Landed:
        seed = Seed(flaw.seed).child("attempt", flaw.attempt)
        landing = land_flaw(self.stage, ready, flaw, seed.child("place"))
        entry = self.stage.plan.defects[flaw.entry]
        imprint = draw_flaw(entry, landing.ground, flaw.severity, seed.child("shape"), self.stage.types)
        return Landed(flaw, landing, imprint)

    def _views(self, ready: Ready, stamped: Stamped, landed: Sequence[Landed]) -> list[View]:
        """Each flaw with what all the others do, where it lies on or close beside one of them: it is judged by what it
        adds."""
        height, width = ready.confusion_px.shape
        close = CLOSE_PX + math.ceil(float(ready.confusion_px.max()) / 2)
        views = []
        for number, (one, (pixel, share)) in enumerate(zip(landed, stamped.coverage, strict=True)):
            others = None
            rest = [*landed[:number], *landed[number + 1 :]]
            beside = [*stamped.coverage[:number], *stamped.coverage[number + 1 :]]
            if any(touch(pixel, other, close, height, width) for other, _ in beside):
                others = stamp(ready.prepared, [(each.landing, each.imprint) for each in rest], ready.bodies)
            views.append(View(one, Covered(pixel, share, mask_of((pixel, share), width, height)), others))
        return views

    def _seen(self, channel: str, ready: Ready, recipe: Recipe, stamped: Stamped, views: Sequence[View]) -> Seen:
        gains = self.stage.gains(recipe, channel)
        lit = Lit.of(stamped, gains)
        judge = Judge(self.stage, ready, recipe, channel)
        found = []
        for view in views:
            noticed = judge.of(lit, view.covered, Lit.of(view.others, gains) if view.others else None)
            landing = view.landed.landing
            found.append(
                SeenFlaw(
                    view.landed.recipe,
                    view.covered.mask,
                    noticed.verdict,
                    noticed.contrast,
                    noticed.contrast_to_noise,
                    view.landed.imprint.parameters,
                    landing.local_mm,
                    landing.region,
                    landing.turned_deg,
                )
            )
        return Seen(channel, lit, found)

    def _new(self, painted: Painted) -> NewImage:
        recipe, stage = painted.recipe, self.stage
        provenance = recipe.to_json() | {
            "plan": stage.plan_hash,
            "profile": stage.profile_hash,
            "code": __version__,
            "renderer": renderer(),
            "device": stage.settings.device,
            "settings": stage.settings_told,
        }
        capture = Capture(
            origin=Origin.RENDERED,
            station=stage.plan.station.name,
            camera=stage.plan.station.camera.name,
            channel=painted.channel,
            shot=f"synth/{recipe.shot}",
            source=f"synth/{recipe.shot}.{painted.channel}.png",
            provenance=provenance,
        )
        return NewImage(encode_png(painted.image), capture, NewLabel(painted.label, "", Level.SYNTHETIC))


def check_made_here(provenance: dict[str, object], stage: Stage) -> None:
    """An image is painted again only from the plan and the profile that it was made from."""
    for name, mine in (("plan", stage.plan_hash), ("profile", stage.profile_hash)):
        if provenance.get(name) != mine:
            raise BadInput(
                where=f"{name} of the image",
                expected=provenance.get(name),
                found=mine,
                way_out=f"the {name} or a file that it names changed since; name the old one with --{name}",
            )
