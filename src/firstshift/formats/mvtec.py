"""MVTec AD folders: `train/good`, `test/good`, `test/<defect>`, masks in `ground_truth/<defect>/<name>_mask.png`.

Holds a verdict, and for a defect one class with one mask of the image's size. Defects are always in `test`.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from firstshift.core.encode import encode_mask
from firstshift.core.label import Annotation, Label, Verdict
from firstshift.core.shapes import Mask, RunLengths
from firstshift.formats.class_folders import folder_name
from firstshift.formats.fitting import Fitted, Fitting
from firstshift.formats.format import Format, Sink, Size, class_name, reader, reading
from firstshift.formats.maskfiles import read_mask, union
from firstshift.formats.outfolder import OutFolder
from firstshift.formats.record import Losses, Reading, ReadOptions, Record, WriteOptions
from firstshift.formats.tree import Tree


class Mvtec(Format):
    name = "mvtec"
    title = "MVTec folders"
    by_stem = True

    def guess(self, tree: Tree) -> tuple[int, str]:
        images = tree.images()
        # A defect that trains makes it class folders below splits: MVTec trains on good parts only.
        trained = {name.split("/")[1] for name in images if name.startswith("train/")}
        has_train = trained == {"good"}
        if has_train and any(name.startswith("test/") for name in images):
            return 85, "train/good and test/<defect>" + (
                ", ground_truth" if any(n.startswith("ground_truth/") for n in images) else ""
            )
        return 0, "no train/good with test"

    def read(self, tree: Tree, options: ReadOptions) -> Reading:
        images = [n for n in tree.images() if n.startswith(("train/", "test/")) and n.count("/") == 2]
        masks = {n.rsplit(".", 1)[0]: n for n in tree.images() if n.startswith("ground_truth/")}
        classes = sorted({n.split("/")[1] for n in images} - {"good"})

        def build(name: str, losses: Losses) -> Record:
            split, folder, _ = name.split("/")
            if folder == "good":
                return Record(name, reader(tree, name), Label.good(), split)
            stem = PurePosixPath(name).stem
            mask = masks.get(f"ground_truth/{folder}/{stem}_mask") or masks.get(f"ground_truth/{folder}/{stem}")
            shape = read_mask(tree, mask, name, options, losses) if mask else None
            annotation = Annotation(class_name(folder, name, losses), shape)
            return Record(name, reader(tree, name), Label.defect(annotation), split)

        used = [*images, *masks.values()]
        return reading(self.name, tree, options, images, build, count=len(images), classes=classes, used=used)

    def hold(self, record: Record, size: Size, options: WriteOptions) -> Fitted:
        fitting = Fitting(record, size)
        fitting.no_capture()
        fitting.only_classes_and_shapes()
        fitting.classes(folder_name)
        fitting.masks_of_image_size()
        fitting.to_masks()
        one_class_one_mask(fitting)
        label = fitting.record.label
        if label is None or label.verdict is Verdict.UNSURE:
            return fitting.leave_out("unlabelled and unsure images are not written")
        defect = label.verdict is Verdict.DEFECT
        split = "test" if defect or record.split not in (None, "train") else "train"
        fitting.set("split: only good images train, all else is test", split=split)
        folder = label.annotations[0].class_name if defect else "good"
        source = f"{split}/{folder}/{PurePosixPath(record.source).name}"
        fitting.set("paths changed: the folders name split and class", source=source)
        return fitting.done()

    def place(self, record: Record) -> str:
        return record.source

    def sink(self, out: OutFolder, options: WriteOptions) -> Sink:
        return _MvtecSink(out)


def one_class_one_mask(fitting: Fitting) -> None:
    """All masks of an image become one, under the first class."""
    label = fitting.record.label
    if label is None:
        return
    if label.verdict is not Verdict.DEFECT:
        fitting.set("what was marked on good and unsure images", label=Label(label.verdict))
        return
    if not label.annotations:
        fitting.set("defects without a class became 'defect'", label=Label.defect(Annotation("defect")))
    elif len(label.annotations) > 1:
        masks = [a.shape for a in label.annotations if isinstance(a.shape, RunLengths)]
        first = Annotation(label.annotations[0].class_name, union(masks) if masks else None)
        several = len(label.classes) > 1
        what = "several classes on one image became the first" if several else "several things became one mask"
        fitting.set(what, label=Label.defect(first))


class _MvtecSink(Sink):
    def __init__(self, out: OutFolder) -> None:
        self._out = out
        self._met: set[str] = set()

    def add(self, record: Record, size: Size) -> None:
        if record.label is None or not record.label.annotations:
            return
        annotation = record.label.annotations[0]
        self._met.add(annotation.class_name)
        if isinstance(annotation.shape, RunLengths):
            stem = PurePosixPath(record.source).stem
            mask: Mask = annotation.shape.mask()
            self._out.write(f"ground_truth/{annotation.class_name}/{stem}_mask.png", encode_mask(mask))

    def close(self) -> None:
        self.classes = tuple(sorted(self._met))
