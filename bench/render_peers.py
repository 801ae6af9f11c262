"""Our images beside path tracers' of the same part, window and light: Mitsuba and Blender's Cycles at 64 samples.

Ours are whole images through the whole pipeline: new pose or new flaw, sensor, PNG, label. The peers' are the picture
alone, 512², their part turned a little from image to image. All are measured in one run on the same cores: by the
clock, and in seconds of processor time, which other work on the machine hardly changes.

    PEERS=small make bench ONLY=render_peers        a few images of each, to see that it works
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
from _ours import Phase, measured
from _stage import told
from firstshift.core.mesh import Mesh
from firstshift.line.synth.drawing import draw_pose
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.settings import GOOD, SynthSettings
from firstshift.line.synth.stage import Stage
from firstshift.render.prepared import Prepared
from firstshift.render.reference.camera import Camera, camera_of
from firstshift.render.reference.scene import lamp_of, pieces_of, roughness_of, rows_of
from firstshift.render.reference.tracing import build_scene, nearest_mm, take
from firstshift.render.reference.variant import ALWAYS, fastest_variant, load_mitsuba
from firstshift.spec.examples import copy_example
from measurement import interval, section

SIDE_PX, SAMPLES = 512, 64
LARGE = (8, 200, 1000)
SMALL = (3, 48, 240)
"""Images of each peer, good ones of ours, ones with defects of ours."""
GOAL_DEFECT, GOAL_GOOD = 100, 20
CHANNEL = "bright"
PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"


@dataclass(frozen=True, slots=True)
class Peer:
    name: str
    wall_s: tuple[float, ...] = ()
    cpu_s: tuple[float, ...] = ()
    why_not: str = ""


def main() -> None:
    is_small = os.environ.get("PEERS") == "small"
    peer_images, good, defects = SMALL if is_small else LARGE
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="firstshift-peers-") as temporary:
        folder = Path(temporary)
        plan = folder / "plan"
        copy_example("bracket", plan)
        told("ours")
        ours = measured(plan, CHANNEL, SIDE_PX, good, defects, cores)
        stage = Stage(order_for(plan, SynthSettings(good=1, size_px=SIDE_PX, channels=(CHANNEL,))))
        ready = stage.ready(draw_pose(stage, GOOD, 0), GOOD).prepared
        variants = dict.fromkeys((fastest_variant(), ALWAYS))
        peers = [mitsuba(stage, ready, variant, peer_images) for variant in variants]
        peers.append(blender(stage, ready, folder, peer_images, cores))
    print(
        section(
            "Beside path tracers",
            command=f"{'PEERS=small ' if is_small else ''}make bench ONLY=render_peers",
            n=f"{ours[0].images + ours[1].images:,} images of ours, {peer_images} of each peer",
            body=table(ours, peers),
            data="the example bracket under its ring light, windows of 512² at the camera's own scale",
            note=NOTE,
        )
    )


def mitsuba(stage: Stage, ready: Prepared, variant: str, images: int) -> Peer:
    """Whole paths; building the scene counts, because every pose is a new one."""
    library = load_mitsuba(variant)
    surfaces = len(ready.surfaces)
    rows = rows_of(ready.gbuffer, ready.appearance, surfaces)
    roughness = roughness_of(ready.gbuffer, ready.appearance, surfaces)
    camera = camera_of(ready.view)
    wall, cpu = [], []
    for image in range(images + 1):
        began, cpu_began = time.perf_counter(), time.process_time()
        pieces = pieces_of(ready.scene, ready.materials, rows, roughness, 0)
        scene = build_scene(library, pieces, [lamp_of(stage.plan.station, ready.emitters, 0)], "path")
        # Its own sampler, which is the fastest for each sample.
        sensor = camera.sensor(library, nearest_mm(pieces, camera), "independent")
        picture = take(library, scene, sensor, SAMPLES, image)
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - cpu_began)
        told(f"Mitsuba, {variant}: {wall[-1]:.2f} s, {cpu[-1]:.2f} s of processor time")
    if variant == ALWAYS:
        shown = np.clip(picture[:, :, 0] / np.percentile(picture, 99) * 0.8, 0, 1) ** (1 / 2.2)
        PICTURES.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(PICTURES / "peer-mitsuba.jpg"), (255 * shown).astype(np.uint8))
    # The first one loads kernels; it is not counted.
    return Peer(f"Mitsuba, {variant}", tuple(wall[1:]), tuple(cpu[1:]))


def blender(stage: Stage, ready: Prepared, folder: Path, images: int, threads: int) -> Peer:
    name = "Blender Cycles"
    try:
        python = installed()
        told("Cycles")
        job = cycles_job(stage, ready, camera_of(ready.view)) | {"images": images, "threads": threads}
        seconds = cycles(python, job, folder, folder / "cycles.png")
    except NotHere as why:
        return Peer(name, why_not=str(why))
    picture = cv2.imread(str(folder / "cycles.png"), cv2.IMREAD_GRAYSCALE)
    if picture is not None:
        cv2.imwrite(str(PICTURES / "peer-cycles.jpg"), picture)
    wall, cpu = zip(*seconds, strict=True)
    return Peer(name, wall, cpu)


def cycles_job(stage: Stage, ready: Prepared, camera: Camera) -> dict[str, object]:
    """Everything in the scene as one metal body; a camera where ours is, which in Blender looks along its own −z."""
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
        "camera": camera.to_world @ np.diag([-1.0, 1.0, -1.0, 1.0]),
        "exposure": np.log2(0.8 / np.percentile(ready.radiance[0], 99)),
        "colour": np.array([0.91, 0.92, 0.92]),
        "alpha": (along + across) / 2,
        "radiance": radiance[0],
        "samples": SAMPLES,
    }


def table(ours: tuple[Phase, Phase], peers: list[Peer]) -> str:
    lines = ["| | processor s an image (95 %) | s by the clock | n |", "|---|--:|--:|--:|"]
    for phase in ours:
        low, high = phase.cpu_interval
        cells = [f"{phase.cpu_s:.3f} ({low:.3f}–{high:.3f})", f"{phase.wall_s:.3f}", f"{phase.images:,}"]
        lines.append(f"| firstshift, {phase.name} | " + " | ".join(cells) + " |")
    for peer in peers:
        if peer.cpu_s:
            (low, high), middle = interval(peer.cpu_s, statistics.median), statistics.median(peer.cpu_s)
            cells = [
                f"{middle:.2f} ({low:.2f}–{high:.2f})",
                f"{statistics.median(peer.wall_s):.2f}",
                str(len(peer.cpu_s)),
            ]
            lines.append(f"| {peer.name}, {SAMPLES} samples | " + " | ".join(cells) + " |")
        else:
            lines.append(f"| {peer.name}: not measured, {peer.why_not} | | | 0 |")
    ratios = ["| times as long as ours | good images | by the clock | images with defects | by the clock |"]
    ratios.append("|---|--:|--:|--:|--:|")
    for peer in peers:
        if peer.cpu_s:
            cells = [
                cell
                for phase, goal in zip(ours, (GOAL_GOOD, GOAL_DEFECT), strict=True)
                for cell in told_ratio(peer, phase, goal)
            ]
            ratios.append(f"| {peer.name} | " + " | ".join(cells) + " |")
    goals = f"Goals: {GOAL_GOOD} times as long as a good image of ours, {GOAL_DEFECT} times as one with defects."
    return "\n".join([*lines, "", goals, "", *ratios, "", PEER_PICTURES])


def told_ratio(peer: Peer, phase: Phase, goal: int) -> tuple[str, str]:
    """In processor time with its interval, and by the clock; the interval takes both ends at their worst."""
    ratio = statistics.median(peer.cpu_s) / phase.cpu_s
    (peer_low, peer_high), (low, high) = interval(peer.cpu_s, statistics.median), phase.cpu_interval
    text = f"{ratio:.0f} ({peer_low / high:.0f}–{peer_high / low:.0f})"
    clock = f"{statistics.median(peer.wall_s) / phase.wall_s:.0f}"
    return (text if ratio >= goal else f"**{text}**, goal {goal} missed"), clock


PEER_PICTURES = """\
![Mitsuba, 64 samples](pictures/peer-mitsuba.jpg) ![Cycles, 64 samples](pictures/peer-cycles.jpg)"""

NOTE = """\
Ratios of processor time are what counts; those by the clock are the same where all cores are free. Both peers use all
cores for one image; ours are made by one process for each core. A time of ours is that of a whole image: pose, finish,
light or flaw, sensor, PNG, label; not the writing to a workspace, which `firstshift bench synth` includes. The peers'
pictures have neither finish texture nor flaw nor sensor; Mitsuba builds its scene anew for each, Cycles only turns the
part, and takes all of it, background too, for one metal."""


if __name__ == "__main__":
    main()
