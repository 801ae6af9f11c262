"""Masks beside images: `name.jpg` with `name.png` in one folder, or `image/…` with `mask/…` side by side.

The folder an image lies in is its class; without one it is `mask_class`. A folder named like a good part is good, and
so is one whose every mask is empty; without a class folder an empty mask means good. `mask_values` reads class or
instance numbers instead of one threshold. Written as `image/<class>/…` and `mask/<class>/…`, 0 and 255.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from firstshift.core.encode import encode_mask
from firstshift.core.label import Annotation, Label, Verdict
from firstshift.core.shapes import Mask, RunLengths, Shape
from firstshift.formats.class_folders import folder_label, folder_name, in_class_folder
from firstshift.formats.fitting import Fitted, Fitting
from firstshift.formats.format import Format, Sink, Size, class_name, is_good, reader, reading
from firstshift.formats.maskfiles import is_empty, read_mask, read_values
from firstshift.formats.mvtec import one_class_one_mask
from firstshift.formats.outfolder import OutFolder
from firstshift.formats.record import Losses, Reading, ReadOptions, Record, WriteOptions
from firstshift.formats.tree import Tree

_FOLDERS = {"image": "mask", "images": "masks", "img": "mask", "imgs": "masks", "JPEGImages": "SegmentationClass"}


class Masks(Format):
    name = "masks"
    title = "images with masks"
    by_stem = True
    says_unsure = True

    def guess(self, tree: Tree) -> tuple[int, str]:
        pairs = _pairs(tree)
        masked = [(image, mask) for image, mask in pairs.items() if mask]
        if len(masked) * 2 < len(pairs) or not masked:
            return 0, f"{len(masked)} images with a mask beside"
        return 70, f"{len(masked)} images with a mask, such as {masked[0][0]} and {masked[0][1]}"

    def read(self, tree: Tree, options: ReadOptions) -> Reading:
        pairs = _pairs(tree)
        folders = {image: _class_folder(image) for image in pairs}
        good: dict[str, bool] = {}

        def is_good_folder(folder: str) -> bool:
            if folder not in good:
                masks = [mask for image, mask in pairs.items() if folders[image] == folder]
                good[folder] = is_good(folder, options) or all(m and is_empty(tree, m, options) for m in masks)
            return good[folder]

        def build(image: str, losses: Losses) -> Record:
            folder, mask = folders[image], pairs[image]
            source = image.split("/", 1)[1] if image.split("/")[0] in _FOLDERS else image
            label = folder_label(folder, image, options, losses)
            if (folder and label is not None and is_good_folder(folder)) or (label and label.verdict is Verdict.GOOD):
                label = Label.good()
            elif mask and (not folder or (label and label.verdict is Verdict.DEFECT)):
                name = class_name(folder or options.mask_class, image, losses)
                label = _marked(tree, mask, image, name, bool(folder), options, losses)
            return Record(source, reader(tree, image), label)

        names = sorted({folders[i] or options.mask_class for i in pairs if not is_good(folders[i], options)})
        used = [*pairs, *filter(None, pairs.values())]
        return reading(self.name, tree, options, pairs, build, count=len(pairs), classes=names, used=used)

    def hold(self, record: Record, size: Size, options: WriteOptions) -> Fitted:
        fitting = Fitting(record, size)
        fitting.no_capture()
        fitting.no_split()
        fitting.only_classes_and_shapes()
        fitting.classes(folder_name)
        fitting.masks_of_image_size()
        fitting.to_masks()
        one_class_one_mask(fitting)
        # A folder of empty masks reads as good, so a defect on which nothing is marked goes without a mask.
        fitting.shapes(_unless_empty, "masks on which nothing is marked")
        in_class_folder(fitting)
        return fitting.done()

    def place(self, record: Record) -> str:
        return f"image/{record.source}"

    def sink(self, out: OutFolder, options: WriteOptions) -> Sink:
        return _MaskSink(out)


def _unless_empty(shape: Shape) -> Shape | None:
    return shape if isinstance(shape, RunLengths) and shape.area else None


def _marked(
    tree: Tree, mask: str, image: str, name: str, in_class_folder: bool, options: ReadOptions, losses: Losses
) -> Label:
    if options.mask_values != "binary":
        things = read_values(tree, mask, image, options, name)
        return Label.defect(*things) if things or in_class_folder else Label.good()
    shape = read_mask(tree, mask, image, options, losses)
    return Label.defect(Annotation(name, shape)) if shape.area or in_class_folder else Label.good()


def _pairs(tree: Tree) -> dict[str, str | None]:
    """Each image and its mask. Where masks have a folder of their own, an image may have none."""
    images = tree.images()
    for image_folder, mask_folder in _FOLDERS.items():
        inside = [n for n in images if n.startswith(image_folder + "/")]
        masks = {str(PurePosixPath(n).with_suffix("")): n for n in images if n.startswith(mask_folder + "/")}
        if inside and (masks or len(inside) == len(images)):
            stems_of = {n: mask_folder + str(PurePosixPath(n).with_suffix(""))[len(image_folder) :] for n in inside}
            return {n: masks.get(stem) or masks.get(stem + "_mask") for n, stem in stems_of.items()}
    stems: dict[str, dict[bool, str]] = {}
    for name in images:
        stems.setdefault(name.rsplit(".", 1)[0], {})[name.lower().endswith(".png")] = name
    return {pair[False]: pair.get(True) for pair in stems.values() if False in pair}


def _class_folder(image: str) -> str:
    parts = image.split("/")[:-1]
    return "/".join(parts[1:] if parts and parts[0] in _FOLDERS else parts)


class _MaskSink(Sink):
    def __init__(self, out: OutFolder) -> None:
        self._out = out
        self._met: set[str] = set()

    def add(self, record: Record, size: Size) -> None:
        label = record.label
        if label is None or label.verdict is Verdict.UNSURE:
            return
        shape = label.annotations[0].shape if label.annotations else None
        self._met.update(label.classes)
        path = PurePosixPath(f"mask/{record.source}").with_suffix(".png")
        if label.verdict is Verdict.GOOD:
            width, height = size
            shape = RunLengths(width, height, (width * height,))
        if isinstance(shape, RunLengths):
            mask: Mask = shape.mask()
            self._out.write(str(path), encode_mask(mask))

    def close(self) -> None:
        self.classes = tuple(sorted(self._met))
