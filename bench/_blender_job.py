"""Run inside a Python that has `bpy` (GPL; never a dependency): renders one scene with Cycles, several times, and says
how long each took, by the clock and in seconds of processor time.

    python _blender_job.py job.npz picture.png

job.npz: corners (T, 3, 3) and normals (T, 3, 3) of the part in mm, lamp (T', 3, 3), focal_px, principal_px (2,), width,
height, camera (4, 4) to the world in mm, exposure in stops, colour (3,), alpha, radiance, samples, images, threads.
Prints one JSON line.
"""

from __future__ import annotations

import json
import math
import sys
import time

import bpy
import mathutils
import numpy as np

MM = 0.001


def main(job_file: str, picture: str) -> None:
    job = np.load(job_file)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    part = body("part", job["corners"], metal(job["colour"], float(job["alpha"])), job["normals"])
    body("lamp", job["lamp"], lamp(float(job["radiance"])))
    look(scene, job)
    cycles(scene, int(job["samples"]), int(job["threads"]))
    seconds, cpu = [], []
    for image in range(int(job["images"]) + 1):
        part.rotation_euler[2] = math.radians(0.5 * image)
        scene.cycles.seed = image
        scene.render.filepath = picture
        began, cpu_began = time.perf_counter(), time.process_time()
        bpy.ops.render.render(write_still=image == 0)
        seconds.append(time.perf_counter() - began)
        cpu.append(time.process_time() - cpu_began)
    # The first one loads kernels and builds everything; it is not counted.
    print("\n" + json.dumps({"version": bpy.app.version_string, "seconds": seconds[1:], "cpu": cpu[1:]}))


def body(name, corners, material, normals=None):
    count = len(corners)
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata((corners.reshape(-1, 3) * MM).tolist(), [], np.arange(3 * count).reshape(-1, 3).tolist())
    mesh.materials.append(material)
    if normals is not None:
        mesh.shade_smooth()
        mesh.normals_split_custom_set(normals.reshape(-1, 3).tolist())
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(thing)
    if name == "lamp":
        thing.visible_camera = False
    return thing


def metal(colour, alpha):
    material = bpy.data.materials.new("metal")
    principled = material.node_tree.nodes["Principled BSDF"]
    principled.inputs["Base Color"].default_value = (*colour.tolist(), 1.0)
    principled.inputs["Metallic"].default_value = 1.0
    principled.inputs["Roughness"].default_value = math.sqrt(alpha)
    return material


def lamp(radiance):
    material = bpy.data.materials.new("lamp")
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    emission, output = nodes.new("ShaderNodeEmission"), nodes.new("ShaderNodeOutputMaterial")
    emission.inputs["Strength"].default_value = radiance
    links.new(emission.outputs[0], output.inputs["Surface"])
    return material


def look(scene, job):
    width, height = int(job["width"]), int(job["height"])
    lens = bpy.data.cameras.new("camera")
    lens.sensor_fit, lens.sensor_width = "HORIZONTAL", 36.0
    lens.lens = float(job["focal_px"]) / width * 36.0
    x, y = job["principal_px"]
    lens.shift_x, lens.shift_y = float(width / 2 - x) / width, float(y - height / 2) / width
    lens.clip_start, lens.clip_end = 0.001, 100.0
    camera = bpy.data.objects.new("camera", lens)
    matrix = job["camera"].copy()
    matrix[:3, 3] *= MM
    camera.matrix_world = mathutils.Matrix(matrix.tolist())
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.view_settings.exposure = float(job["exposure"])
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = width, height, 100


def cycles(scene, samples, threads):
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = samples
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.use_denoising = False
    scene.render.use_persistent_data = True
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "BW"
    scene.view_settings.view_transform = "Standard"


if __name__ == "__main__":
    main(*sys.argv[1:])
