"""Mask images into run lengths: one threshold, sizes compared, soft edges and empty masks counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from firstshift.core.decode import decode_image
from firstshift.core.errors import BadInput
from firstshift.core.image import PixelArray
from firstshift.core.label import Annotation
from firstshift.core.shapes import Mask, RunLengths
from firstshift.formats.format import image_size
from firstshift.formats.record import Losses, ReadOptions
from firstshift.formats.tree import Tree

MAX_INSTANCES = 1000


def read_mask(tree: Tree, name: str, image: str, options: ReadOptions, losses: Losses) -> RunLengths:
    """What is above the threshold in the mask file of `image`."""
    values = mask_values(tree, name, image)
    if ((values != 0) & (values != np.iinfo(values.dtype).max)).any():
        losses.add(f"masks with soft edges, cut at {options.mask_threshold}", name)
    threshold = options.mask_threshold * (257 if values.dtype == np.uint16 else 1)
    mask = Mask(np.asarray(values > threshold))
    if not mask.area:
        losses.add("masks on which nothing is marked", name)
    return mask.run_lengths()


def read_values(tree: Tree, name: str, image: str, options: ReadOptions, class_name: str) -> list[Annotation]:
    """One annotation for each value: a class (`classes`) or a thing of `class_name` (`instances`)."""
    values = mask_values(tree, name, image)
    present = [int(value) for value in np.unique(values) if value]
    if len(present) > MAX_INSTANCES:
        found = f"{len(present)} different values"
        raise BadInput(where=name, expected="a mask of numbered pixels", found=found, way_out="read it as binary")
    annotations = []
    for value in present:
        shape = Mask(np.asarray(values == value)).run_lengths()
        if options.mask_values == "instances":
            annotations.append(Annotation(class_name, shape))
        else:
            named = options.classes[value - 1] if value <= len(options.classes) else str(value)
            annotations.append(Annotation(named, shape))
    return annotations


def mask_values(tree: Tree, name: str, image: str) -> PixelArray:
    """The mask's one channel; of a colour mask its brightest, of alpha nothing."""
    mask = decode_image(tree.read(name), name)
    if (mask.width, mask.height) != image_size(tree, image):
        size = "×".join(map(str, image_size(tree, image)))
        raise BadInput(where=name, expected=f"{size} pixels as {image}", found=f"{mask.width}×{mask.height}")
    lights = [i for i, channel in enumerate(mask.channels) if channel != "alpha"]
    return mask.pixels[:, :, lights[0]] if len(lights) == 1 else mask.pixels[:, :, lights].max(axis=2)


def is_empty(tree: Tree, name: str, options: ReadOptions) -> bool:
    """Whether a mask marks nothing, without looking at its image."""
    pixels = decode_image(tree.read(name), name).pixels
    threshold = 0 if options.mask_values != "binary" else options.mask_threshold
    return not (pixels > threshold * (257 if pixels.dtype == np.uint16 else 1)).any()


def union(masks: Sequence[RunLengths]) -> RunLengths:
    marked = masks[0].mask().pixels.copy()
    for mask in masks[1:]:
        marked |= mask.mask().pixels
    return Mask(marked).run_lengths()
