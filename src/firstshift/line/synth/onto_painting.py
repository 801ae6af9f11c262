"""Flaws onto one photograph after another: drawn by the plan, landed on the part, carried over, labelled."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from firstshift import __version__
from firstshift.core.capture import Capture, Origin
from firstshift.core.decode import decode_image
from firstshift.core.encode import encode_png
from firstshift.core.errors import BadInput, FirstshiftError
from firstshift.core.image import Image
from firstshift.core.imprint import Imprint
from firstshift.core.label import Label, Level
from firstshift.core.seed import Seed
from firstshift.defects.draw import draw_flaw
from firstshift.defects.schedule import Together, draw_flaws_of
from firstshift.line.synth.classes import Drawn
from firstshift.line.synth.fingerprint import renderer
from firstshift.line.synth.labelling import SeenFlaw, label_of
from firstshift.line.synth.nearness import CLOSE_PX, touch
from firstshift.line.synth.onto_judging import CoveredPhotograph, Shown, covered_in, noticed_in
from firstshift.line.synth.onto_order import OntoOrder, OntoUnit, Photograph
from firstshift.line.synth.onto_pieces import Flaws, Piece, pieces_of
from firstshift.line.synth.onto_placing import land_in, window_for
from firstshift.line.synth.onto_plane import FlatOrder
from firstshift.line.synth.onto_ready import Findings, OntoReady, made_ready
from firstshift.line.synth.onto_recipe import OntoRecipe
from firstshift.line.synth.placing import NoPlace
from firstshift.line.synth.recipe import FlawRecipe
from firstshift.line.synth.stage import Stage
from firstshift.render.gbuffer import F32
from firstshift.render.landing import Landing
from firstshift.render.onto.carrying import Change, Noise, carry, hidden_by, softening_reach, typical_light
from firstshift.render.onto.light import FoundLight
from firstshift.render.onto.preparing import light_of
from firstshift.render.onto.registering import Pixels, Registered
from firstshift.render.prepared import Prepared, Stamped
from firstshift.render.stamp import stamp
from firstshift.sensor.blur import TAIL_WIDTH, spread
from firstshift.spec.catalogue import Defect
from firstshift.store.images import NewImage
from firstshift.store.labels import NewLabel

MAX_ATTEMPTS = 4
LEAST_ROOM_PX = 12
"""Between what flaws change and the border of what is rendered."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one photograph: its images, or why there are none."""

    images: list[NewImage]
    problem: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PaintedOnto:
    image: Image
    label: Label
    recipe: OntoRecipe


class OntoPainter:
    """Paints for one order. Keeps nothing from one photograph to the next."""

    def __init__(self, asked: OntoOrder) -> None:
        self.asked, self.settings = asked, asked.settings
        self.stage = Stage(asked.order)
        self.plan_hash = self.stage.plan_hash
        self.run = asked.run_name(self.plan_hash, self.stage.profile_hash)
        channels = self.stage.plan.station.channels
        chosen = next((one for one in channels if one.name == self.settings.channel), channels[0])
        if self.settings.channel not in (None, chosen.name):
            names = ", ".join(one.name for one in channels)
            raise BadInput(where="channel", expected=f"one of {names}", found=self.settings.channel)
        self.channel, self.lights = chosen.name, chosen.lights
        drawn = self.stage.drawn
        order = asked.order
        self._elsewhere = order.elsewhere() if isinstance(order, FlatOrder) else {}
        # What a plane cannot show is said first: it has no edges either.
        self.classes = Drawn.by_models(drawn.catalogue, self.stage.types).without(self._why_not).without(drawn.why_not)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What a person should know before the work: it can be done, and may not be what was meant."""
        order = self.asked.order
        return (*(order.doubts() if isinstance(order, FlatOrder) else ()), *self.stage.doubts_of_part)

    def paint_unit(self, unit: OntoUnit) -> Outcome:
        """All images of one photograph."""
        name = unit.photograph.name
        images = []
        try:
            ready = self.ready(unit.photograph)
            for one in unit.asked:
                with suppress(NoPlace):  # left out; whoever paints, it is the same one
                    images.append(self._new(self.paint(self.drawn(ready, unit.photograph, *one), ready)))
        except FirstshiftError as error:
            if not self.settings.skip_problems:
                if name in error.where or name in error.what:
                    raise
                raise BadInput(f"{name}: {error.message}") from error
            return Outcome([], error.message)
        return Outcome(images, notes=ready.findings.light.notes)

    def ready(self, photograph: Photograph, recipe: OntoRecipe | None = None) -> OntoReady:
        """With a recipe, from what it says was found; without one, found now."""
        image = decode_image(photograph.data, photograph.name)
        known = None
        if recipe is not None:
            registered = Registered.again(recipe.registered, self.stage.plan.station, (image.width, image.height))
            light = FoundLight.from_json(recipe.light)
            known = Findings(registered, light, recipe.psf_sigma_px, Noise(*recipe.noise))
        return made_ready(image, photograph.name, self.stage, self.settings, self.lights, known)

    def drawn(self, ready: OntoReady, photograph: Photograph, kind: str, number: int) -> OntoRecipe:
        seed = Seed(self.settings.seed).child("onto", kind, number, photograph.id)
        plan, found = self.stage.plan, ready.findings
        rules = {(rule.class_name, rule.brings): rule.times for rule in plan.synthetic.together}
        flaws = draw_flaws_of(
            plan.defects, target_class=kind, per_image=plan.synthetic.flaws, seed=seed.child("flaws"),
            together=Together(plan.synthetic.mixed, rules), types=self.stage.types,
        )  # fmt: skip
        recipes = []
        for flaw in flaws:
            number_of = self.classes.standing_in_for(flaw.entry)
            if number_of is None:
                continue
            entry = plan.defects[number_of]
            severity = min(max(flaw.severity, entry.severity[0]), entry.severity[1])
            recipes.append(FlawRecipe(number_of, entry.class_name, entry.type, severity, flaw.seed.value >> 75))
        return OntoRecipe(
            run=self.run, kind=kind, number=number, photograph=photograph.id, channel=self.channel,
            registered=found.registered.to_json(), light=found.light.to_json(), psf_sigma_px=found.psf_sigma_px,
            noise=(found.noise.floor, found.noise.slope), seed=seed.value >> 75, flaws=tuple(recipes),
        )  # fmt: skip

    def paint(self, recipe: OntoRecipe, ready: OntoReady) -> PaintedOnto:
        """A flaw that does not show gets another place, as long as the plan wants few of those."""
        may_hide = Seed(recipe.seed).uniform("may hide") < self.stage.plan.synthetic.not_visible
        again = recipe.flaws[0].attempt > 0
        found: PaintedOnto | None = None
        problem: NoPlace | None = None
        for attempt in range(MAX_ATTEMPTS):
            flaws = tuple(replace(flaw, attempt=flaw.attempt or attempt) for flaw in recipe.flaws)
            try:
                found = self._painted(replace(recipe, flaws=flaws), ready)
            except NoPlace as error:
                problem = error
                if again:
                    raise
                continue
            shows = found.label.annotations[0].attributes["visibility"] != "not visible"
            if shows or again or may_hide:
                return found
        if found is None:
            assert problem is not None
            raise problem
        return found

    def _painted(self, recipe: OntoRecipe, ready: OntoReady) -> PaintedOnto:
        first = recipe.flaws[0]
        window, fixed = window_for(self.stage, ready, first, Seed(first.seed).child("attempt", first.attempt))
        prepared = ready.prepared(window)
        placed: list[tuple[FlawRecipe, Landing, Imprint]] = []
        for flaw in recipe.flaws:
            seed = Seed(flaw.seed).child("attempt", flaw.attempt)
            try:
                landing = land_in(self.stage, ready, prepared, window, flaw, fixed, seed.child("place"))
            except NoPlace:
                if not placed:
                    raise
                continue
            entry = self.stage.plan.defects[flaw.entry]
            imprint = draw_flaw(entry, landing.ground, flaw.severity, seed.child("shape"), self.stage.types)
            placed.append((flaw, landing, imprint))
        flaws = [(landing, imprint) for _, landing, imprint in placed]
        seed = Seed(recipe.seed).child("noise", first.attempt)
        image, found = self._carried(ready, prepared, window, flaws, seed)
        recipe = replace(recipe, flaws=tuple(flaw for flaw, _, _ in placed))
        seen = [_seen(ready, *one, each) for one, each in zip(placed, found, strict=True)]
        return PaintedOnto(image, label_of(seen), recipe)

    def _carried(
        self, ready: OntoReady, prepared: Prepared, window: Pixels, flaws: Flaws, seed: Seed
    ) -> tuple[Image, list[CoveredPhotograph]]:
        """The photograph with the flaws, and what each flaw covers of it."""
        sigma = ready.findings.psf_sigma_px
        room = max(LEAST_ROOM_PX, softening_reach(TAIL_WIDTH * sigma if self.stage.profile.tail_share > 0 else sigma))
        image: Image | None = None
        covered: list[list[CoveredPhotograph]] = [[] for _ in flaws]
        typical = typical_light(light_of(prepared, self.lights) * ready.exposure, ready.mask[_cut(window)])
        for piece in pieces_of(ready, prepared, window, flaws, room):
            own = seed if piece.tile is None else seed.child(*piece.tile)
            whole = self._shown(ready, piece, flaws, piece.stamped, typical, own)
            if image is None:
                image = whole.carried.image
            else:
                image.pixels[_cut(piece.own)] = whole.carried.image.pixels[_cut(piece.own)]
            for number, each in enumerate(covered):
                rest = None
                if _is_beside(piece, number):
                    others = [*flaws[:number], *flaws[number + 1 :]]
                    rest = self._shown(ready, piece, others, stamp(piece.prepared, others), typical, own)
                each.append(covered_in(ready, piece, number, whole, rest))
        assert image is not None
        return image, [CoveredPhotograph.together(each) for each in covered]

    def _shown(
        self, ready: OntoReady, piece: Piece, flaws: Flaws, stamped: Stamped, typical: float, seed: Seed
    ) -> Shown:
        """A piece of the photograph with these flaws."""
        prepared = piece.prepared
        clean = light_of(prepared, self.lights)
        rows = [prepared.emitters.names.index(name) for name in self.lights]
        flawed = clean.copy()
        flat = flawed.reshape(-1, flawed.shape[2])
        flat[stamped.pixel] += (stamped.layers[rows] - stamped.clean[rows]).sum(axis=0)
        sigma, tail = ready.findings.psf_sigma_px, self.stage.profile.tail_share
        hidden = spread(hidden_by(prepared, flaws), sigma)
        change = Change(
            piece.window, _soft(clean, sigma, tail), _soft(flawed, sigma, tail), hidden, ready.exposure,
            typical=typical if piece.tile is not None else None, own=piece.own,
        )  # fmt: skip
        noise = ready.findings.noise
        return Shown(carry(ready.photograph, ready.levels, change, mask=ready.mask, noise=noise, seed=seed), hidden)

    def _why_not(self, entry: Defect) -> str:
        if self.settings.method == "plane" and entry.landing_place in ("edge", "opening"):
            return "it changes the part's shape, which a plane does not have; register a pose"
        return self._elsewhere.get(self.stage.entry_number(entry), "")

    def _new(self, painted: PaintedOnto) -> NewImage:
        recipe, station = painted.recipe, self.stage.plan.station
        provenance = recipe.to_json() | {
            "plan": self.plan_hash, "profile": self.stage.profile_hash, "code": __version__,
            "renderer": renderer(), "settings": self.settings.named(),
        }  # fmt: skip
        capture = Capture(
            origin=Origin.AUGMENTED, station=station.name, camera=station.camera.name, channel=self.channel,
            shot=recipe.shot, source=f"{recipe.shot}.png", provenance=provenance,
        )  # fmt: skip
        return NewImage(encode_png(painted.image), capture, NewLabel(painted.label, "", Level.SYNTHETIC))


def _soft(light: F32, sigma_px: float, tail: float) -> F32:
    planes = [spread(np.ascontiguousarray(light[:, :, c]), sigma_px, tail) for c in range(light.shape[2])]
    return np.stack(planes, axis=2)


def _cut(window: Pixels) -> tuple[slice, slice]:
    x, y, width, height = window
    return np.s_[y : y + height, x : x + width]


def _is_beside(piece: Piece, number: int) -> bool:
    """Whether others of the piece's flaws lie on this one or close to it: it is judged by what it adds."""
    coverage = piece.stamped.coverage
    _, _, width, height = piece.window
    others = (pixel for other, (pixel, _) in enumerate(coverage) if other != number)
    return any(touch(coverage[number][0], pixel, CLOSE_PX, height, width) for pixel in others)


def _seen(
    ready: OntoReady, flaw: FlawRecipe, landing: Landing, imprint: Imprint, covered: CoveredPhotograph
) -> SeenFlaw:
    mask, noticed = noticed_in(ready, covered)
    return SeenFlaw(
        flaw, mask, noticed.verdict, noticed.contrast, noticed.contrast_to_noise, imprint.parameters,
        landing.local_mm, landing.region, landing.turned_deg,
    )  # fmt: skip
