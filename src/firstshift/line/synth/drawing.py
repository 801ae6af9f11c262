"""From a seed to a recipe: which pose, which light, which flaws an image gets (M7).

Draws hang on names, not on order: `seed.child("pose", 3)`. Whatever is asked for besides, image 17 stays image 17.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise, takewhile

from firstshift.core.seed import Seed
from firstshift.defects.schedule import FlawDraw, Together, draw_flaws_of
from firstshift.line.synth.classes import first_images
from firstshift.line.synth.framing import frame_pose
from firstshift.line.synth.placing import NoPlace
from firstshift.line.synth.recipe import FlawRecipe, PoseDraw, Recipe, SurfaceDraw, Unit, Vector
from firstshift.line.synth.settings import GOOD, SynthSettings
from firstshift.line.synth.stage import Stage
from firstshift.render.surface import usual_gloss, usual_ra_um
from firstshift.spec.catalogue import Defect
from firstshift.spec.declared import Range
from firstshift.spec.optics import usual_distance_share
from firstshift.spec.part import Body
from firstshift.spec.plan import Plan


def units_of(plan: Plan, settings: SynthSettings, classes: tuple[str, ...]) -> list[Unit]:
    """The work in pieces, the kinds interleaved, so that a run that is stopped early holds some of everything."""
    pieces: list[tuple[float, int, Unit]] = []
    for place, kind in enumerate((GOOD, *classes)):
        count = settings.good if kind == GOOD else settings.per_defect
        firsts = range(0, count, GOOD_PER_UNIT) if kind == GOOD else takewhile(count.__gt__, first_images(plan, kind))
        for first, following in pairwise([*firsts, count]):
            pieces.append((first / count, place, Unit(kind, first, following - first)))
    return [unit for _, _, unit in sorted(pieces, key=lambda piece: piece[:2])]


GOOD_PER_UNIT = 8
MAX_ATTEMPTS = 12


def draw_pose(stage: Stage, kind: str, number: int) -> PoseDraw:
    """Raises NoPlace when the part lies nowhere so that the kind's flaw finds a place."""
    pose = next(poses(stage, kind, number), None)
    if pose is None:
        raise no_pose(kind, number)
    return pose


def poses(stage: Stage, kind: str, number: int, entry: Defect | None = None) -> Iterator[PoseDraw]:
    """The ways the part may lie in this pose, the first one first; those in which the flaw finds no place are left out,
    because the edge that it needs may lie outside the image. `entry` None: one of the kind's."""
    seed = Seed(stage.settings.seed).child("pose", kind, number)
    for attempt in range(MAX_ATTEMPTS):
        own = seed.child("attempt", attempt)
        window = own.child("window")
        try:
            pose = frame_pose(stage, _lying(stage, own, number), entry or stage.drawn.entry_for(kind, window), window)
        except NoPlace:
            continue
        yield pose


def no_pose(kind: str, number: int) -> NoPlace:
    return NoPlace(
        where=f"pose {number} of {kind}", expected="the part lying so that the flaw finds a place",
        found=f"none in {MAX_ATTEMPTS} draws", way_out="look at the entry's regions and at part.placement",
    )  # fmt: skip


def _lying(stage: Stage, seed: Seed, number: int) -> PoseDraw:
    plan, settings = stage.plan, stage.settings
    vary = plan.policy.randomisation if settings.varied else None
    place = plan.part.placement
    return PoseDraw(
        number=number,
        shift_mm=_in_disc(seed.child("shift"), place.shift_mm),
        turn_deg=_around(seed.child("turn"), place.turn_deg),
        tilt_deg=_in_disc(seed.child("tilt"), place.tilt_deg),
        camera_tilt_deg=_in_disc(seed.child("camera"), vary.camera_deg if vary else 0.0),
        camera_roll_deg=_around(seed.child("roll"), vary.roll_deg if vary else 0.0),
        distance_factor=1.0 + _around(seed.child("distance"), distance_share(plan) if vary else 0.0),
        surfaces=tuple(_surface(stage, body, seed) for body in plan.part.bodies),
        light_shift_mm={
            light.name: _in_ball(seed.child("light", light.name), vary.light_shift_mm) if vary else (0.0, 0.0, 0.0)
            for light in plan.station.lights
        },
        backdrop_seed=_whole(seed.child("backdrop")) if vary and vary.background else None,
        window=None,
        scale=stage.scale,
    )


def distance_share(plan: Plan) -> float:
    """How far the camera strays from its working distance: as the plan says, or no farther than stays in focus."""
    told = plan.policy.randomisation.distance
    return usual_distance_share(plan.station) if told is None else told


def nominal_pose(stage: Stage, scale: float) -> PoseDraw:
    """The whole image of the part exactly as the plan has it, finish in the middle of its range."""
    return PoseDraw(
        number=0,
        shift_mm=(0.0, 0.0),
        turn_deg=0.0,
        tilt_deg=(0.0, 0.0),
        camera_tilt_deg=(0.0, 0.0),
        camera_roll_deg=0.0,
        distance_factor=1.0,
        surfaces=tuple(
            SurfaceDraw(
                body.name,
                usual_ra_um(body.finish),
                usual_gloss(body.finish),
                _whole(Seed(0).child("finish", body.name)),
            )
            for body in stage.plan.part.bodies
        ),
        light_shift_mm={light.name: (0.0, 0.0, 0.0) for light in stage.plan.station.lights},
        backdrop_seed=None,
        window=None,
        scale=scale,
    )


def draw_recipe(stage: Stage, pose: PoseDraw, kind: str, number: int) -> Recipe:
    plan, settings = stage.plan, stage.settings
    seed = Seed(settings.seed).child("image", kind, number)
    vary = plan.policy.randomisation if settings.varied else None
    flaws: tuple[FlawRecipe, ...] = ()
    if kind != GOOD:
        drawn = draw_flaws_of(
            stage.plan.defects,
            target_class=kind,
            per_image=plan.synthetic.flaws,
            together=_together(plan),
            seed=seed.child("flaws"),
            types=stage.types,
        )
        asked, *others = (_flaw(stage, pose, kind, one) for one in drawn)
        # Companions are drawn from the whole catalogue; what is left out comes with no other flaw either.
        flaws = (asked, *(one for one in others if one.entry not in stage.drawn.reasons))
    return Recipe(
        run=stage.run,
        kind=kind,
        number=number,
        pose=pose,
        light={
            light.name: 1.0 + (_around(seed.child("light", light.name), vary.light) if vary else 0.0)
            for light in plan.station.lights
        },
        exposure=1.0 + (_around(seed.child("exposure"), vary.exposure) if vary else 0.0),
        noise=_within(seed.child("noise"), vary.noise) if vary else 1.0,
        sharpness=_within(seed.child("sharpness"), vary.sharpness) if vary else 1.0,
        sensor_seed=_whole(seed.child("sensor")),
        flaws=flaws,
        motion_deg=_motion_deg(stage, seed.child("motion"), vary.motion_deg if vary else 0.0),
    )


def _motion_deg(stage: Stage, seed: Seed, most: float) -> float:
    """0 for a part that stands still, and under a line camera, which sees it move up the image line by line."""
    station = stage.plan.station
    if station.line_scan is not None or not station.part_speed_mm_s:
        return 0.0
    return station.part_direction_deg + _around(seed, most)


def _flaw(stage: Stage, pose: PoseDraw, kind: str, drawn: FlawDraw) -> FlawRecipe:
    """Flaws of the class that was asked for are of the entry that the window was chosen for."""
    number = pose.entry if drawn.class_name == kind and pose.entry is not None else drawn.entry
    entry = stage.plan.defects[number]
    severity = min(max(drawn.severity, entry.severity[0]), entry.severity[1])
    return FlawRecipe(number, entry.class_name, entry.type, severity, _whole(drawn.seed))


def _together(plan: Plan) -> Together:
    rules = {(rule.class_name, rule.brings): rule.times for rule in plan.synthetic.together}
    return Together(plan.synthetic.mixed, rules)


def _surface(stage: Stage, body: Body, seed: Seed) -> SurfaceDraw:
    """Rough parts are matt and smooth ones glossy, so one draw moves both within what the finish allows."""
    own = seed.child("finish", body.name)
    finish, settings = body.finish, stage.settings
    allowed = stage.plan.policy.randomisation.gloss if settings.varied else Range(0.4, 0.6)
    shine = _within(own.child("shine"), allowed)
    low, high = math.log(finish.ra_um.low), math.log(finish.ra_um.high)
    gloss = finish.gloss or Range(0.0, 1.0)
    return SurfaceDraw(
        body.name,
        round(math.exp(high + (low - high) * shine), 6),
        round(gloss.at(shine), 6),
        _whole(own.child("piece")),
    )


def _whole(seed: Seed) -> int:
    """53 bits: every reader of JSON gets the same number."""
    return seed.value >> 75


def _around(seed: Seed, most: float) -> float:
    return round((2.0 * seed.uniform("at") - 1.0) * most, 9)


def _within(seed: Seed, span: Range) -> float:
    return round(span.at(seed.uniform("at")), 9)


def _in_disc(seed: Seed, radius: float) -> tuple[float, float]:
    """Evenly over the disc."""
    reach, angle = radius * math.sqrt(seed.uniform("reach")), 2 * math.pi * seed.uniform("angle")
    return (round(reach * math.cos(angle), 9), round(reach * math.sin(angle), 9))


def _in_ball(seed: Seed, radius: float) -> Vector:
    reach = radius * seed.uniform("reach") ** (1 / 3)
    z, angle = 2 * seed.uniform("z") - 1, 2 * math.pi * seed.uniform("angle")
    flat = math.sqrt(max(0.0, 1 - z * z))
    x, y = reach * flat * math.cos(angle), reach * flat * math.sin(angle)
    return (round(x, 9), round(y, 9), round(reach * z, 9))
