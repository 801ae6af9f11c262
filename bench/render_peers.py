"""Our images a second beside path tracers' on the same part, window and light: Mitsuba and Blender's Cycles.

Ours are whole images: new pose or new flaw, sensor, PNG, label, recorded in a workspace. The peers' are the picture
alone, 512² with 64 samples, their part turned a little from image to image.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from _blender import NotHere, cycles, installed
from _stage import told
from firstshift.core.mesh import Mesh
from firstshift.line.synth.benching import SynthBench, bench_synth
from firstshift.line.synth.drawing import draw_pose
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.settings import GOOD, SynthSettings
from firstshift.line.synth.stage import Stage
from firstshift.render.prepared import Prepared
from firstshift.render.reference.camera import Camera, camera_of
from firstshift.render.reference.scene import lamp_of, pieces_of, roughness_of, rows_of
from firstshift.render.reference.tracing import build_scene, nearest_mm, take
from firstshift.render.reference.variant import fastest_variant, load_mitsuba
from firstshift.spec.examples import copy_example
from measurement import interval, section

SIDE_PX, SAMPLES = 512, 64
PEER_IMAGES = 8
GOOD_IMAGES, DEFECT_IMAGES = 200, 1000
GOAL_DEFECT, GOAL_GOOD = 100, 20
PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"


@dataclass(frozen=True, slots=True)
class Peer:
    name: str
    seconds: tuple[float, ...]
    why_not: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="firstshift-peers-") as temporary:
        folder = Path(temporary)
        plan = folder / "plan"
        copy_example("bracket", plan)
        stage = Stage(order_for(plan, SynthSettings(good=1, size_px=SIDE_PX, channels=("bright",))))
        ready = stage.ready(draw_pose(stage, GOOD, 0), GOOD).prepared
        told("ours")
        ours = bench_synth(folder, example="bracket", good=GOOD_IMAGES, defects=DEFECT_IMAGES, size_px=SIDE_PX)
        peers = [mitsuba(stage, ready), blender(stage, ready, folder)]
    print(
        section(
            "Beside path tracers",
            command="make bench ONLY=render_peers",
            n=f"{sum(phase.images for phase in ours.phases):,} images of ours, {PEER_IMAGES} of each peer",
            body=table(ours, peers),
            data="the example bracket under its ring light, windows of 512² at the camera's own scale",
            note=NOTE,
        )
    )


def mitsuba(stage: Stage, ready: Prepared) -> Peer:
    """Whole paths; building the scene counts, because every pose is a new one."""
    variant = fastest_variant()
    library = load_mitsuba(variant)
    surfaces = len(ready.surfaces)
    rows = rows_of(ready.gbuffer, ready.appearance, surfaces)
    roughness = roughness_of(ready.gbuffer, ready.appearance, surfaces)
    camera = camera_of(ready.view)
    seconds = []
    for image in range(PEER_IMAGES + 1):
        began = time.perf_counter()
        pieces = pieces_of(ready.scene, ready.materials, rows, roughness, 0)
        scene = build_scene(library, pieces, [lamp_of(stage.plan.station, ready.emitters, 0)], "path")
        picture = take(library, scene, camera.sensor(library, nearest_mm(pieces, camera)), SAMPLES, image)
        seconds.append(time.perf_counter() - began)
        told(f"Mitsuba: {seconds[-1]:.2f} s")
    shown = np.clip(picture[:, :, 0] / np.percentile(picture, 99) * 0.8, 0, 1) ** (1 / 2.2)
    PICTURES.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(PICTURES / "peer-mitsuba.jpg"), (255 * shown).astype(np.uint8))
    return Peer(f"Mitsuba, {variant}", tuple(seconds[1:]))


def blender(stage: Stage, ready: Prepared, folder: Path) -> Peer:
    name = "Blender Cycles"
    try:
        python = installed()
        told("Cycles")
        job = cycles_job(stage, ready, camera_of(ready.view))
        seconds = cycles(python, job, folder, folder / "cycles.png")
    except NotHere as why:
        return Peer(name, (), str(why))
    picture = cv2.imread(str(folder / "cycles.png"), cv2.IMREAD_GRAYSCALE)
    if picture is not None:
        cv2.imwrite(str(PICTURES / "peer-cycles.jpg"), picture)
    return Peer(name, tuple(seconds))


def cycles_job(stage: Stage, ready: Prepared, camera: Camera) -> dict[str, object]:
    """Everything in the scene as one metal body; a camera that looks straight down."""
    meshes: list[Mesh] = [
        item.mesh.moved(np.asarray(item.pose.rotation), np.asarray(item.pose.shift_mm)) for item in ready.scene.placed
    ]
    surface, radiance = lamp_of(stage.plan.station, ready.emitters, 0)
    along, across = roughness_of(ready.gbuffer, ready.appearance, len(ready.surfaces))[0]
    return {
        "corners": np.concatenate([mesh.corners_mm for mesh in meshes]),
        "normals": np.concatenate([mesh.corner_normals for mesh in meshes]),
        "lamp": surface.vertices_mm[surface.triangles],
        "focal_px": camera.focal_px,
        "principal_px": np.asarray(camera.principal_px),
        "width": camera.width,
        "height": camera.height,
        "eye_height": camera.eye_mm[2],
        "colour": np.array([0.91, 0.92, 0.92]),
        "alpha": (along + across) / 2,
        "radiance": radiance[0],
        "samples": SAMPLES,
        "images": PEER_IMAGES,
        "threads": len(os.sched_getaffinity(0)),
    }


def table(ours: SynthBench, peers: list[Peer]) -> str:
    good, defect = ours.phases
    lines = ["| | seconds an image (95 %) | n | good images: ratio | defect images: ratio |", "|---|--:|--:|--:|--:|"]
    for phase in ours.phases:
        low, high = phase.per_s_interval or (phase.per_s, phase.per_s)
        span = f"{1 / phase.per_s:.3f} ({1 / high:.3f}–{1 / low:.3f})"
        lines.append(f"| firstshift, {phase.name} | {span} | {phase.images:,} | | |")
    for peer in peers:
        if not peer.seconds:
            lines.append(f"| {peer.name}: not measured, {peer.why_not} | | 0 | | |")
            continue
        low, high = interval(peer.seconds, statistics.median)
        ratios = [
            f"{ratio:.0f}" if ratio >= goal else f"**{ratio:.0f}** (goal {goal} missed)"
            for ratio, goal in ((peer.median * good.per_s, GOAL_GOOD), (peer.median * defect.per_s, GOAL_DEFECT))
        ]
        span = f"{peer.median:.2f} ({low:.2f}–{high:.2f})"
        lines.append(f"| {peer.name}, {SAMPLES} samples | {span} | {len(peer.seconds)} | {ratios[0]} | {ratios[1]} |")
    goals = f"Goals: {GOAL_GOOD} times a path tracer on good images, {GOAL_DEFECT} times on images with defects."
    return "\n".join([goals, "", *lines])


NOTE = """\
Both peers use all cores for one image; ours are made by one process for each core. Ratios are the peer's median time
over ours for a whole image, which includes the sensor, the PNG, the label and the record; the peers' pictures have
none of these, and neither finish texture nor flaw."""


if __name__ == "__main__":
    main()
