"""The formats there are, and the three things asked of them: which one is it, read it, write it.

with read_dataset(Path("line4/"), ReadOptions(on_problem="skip")) as reading:
    for record in reading.records: …
report = write_dataset("coco", records, Path("out/"))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

from firstshift.core.errors import BadInput, NotFound
from firstshift.core.imagefacts import probe_image
from firstshift.core.progress import Progress, Silent
from firstshift.formats.boxes_txt import BoxesTxt
from firstshift.formats.class_folders import ClassFolders
from firstshift.formats.coco import Coco
from firstshift.formats.csv_table import CsvTable
from firstshift.formats.datumaro import Datumaro
from firstshift.formats.fitting import Fitted, with_stem
from firstshift.formats.format import Format
from firstshift.formats.label_studio import LabelStudio
from firstshift.formats.masks import Masks
from firstshift.formats.mvtec import Mvtec
from firstshift.formats.outfolder import new_folder
from firstshift.formats.record import FormatGuess, Losses, Reading, ReadOptions, Record, WriteOptions, WriteReport
from firstshift.formats.tree import DEFAULT_TREE_LIMITS, PartTree, Tree, TreeLimits, is_archive, open_tree
from firstshift.formats.voc import Voc
from firstshift.formats.yolo import Yolo

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Coco(),
        Yolo(),
        Voc(),
        Mvtec(),
        Datumaro(),
        ClassFolders(),
        CsvTable(),
        LabelStudio(),
        Masks(),
        BoxesTxt(),
    )
}


def format_named(name: str) -> Format:
    if name not in FORMATS:
        raise NotFound("no such format", where=name, expected=f"one of {', '.join(FORMATS)}")
    return FORMATS[name]


def detect_format(path: Path, limits: TreeLimits = DEFAULT_TREE_LIMITS) -> FormatGuess:
    """The format that fits best, and why. Reads names and a few label files, no images."""
    with open_tree(path, limits) as tree:
        return _guess(tree, path)


@contextmanager
def read_dataset(
    path: Path,
    options: ReadOptions | None = None,
    *,
    format_name: str | None = None,
    limits: TreeLimits = DEFAULT_TREE_LIMITS,
) -> Iterator[Reading]:
    """A folder, an archive (.zip, .tar, .tar.gz) or a label file; open until the block ends."""
    options = options or ReadOptions()
    with open_tree(path, limits) as tree:
        if tree.problems and options.on_problem == "stop":
            raise tree.problems[0]
        if _is_label_file(path):
            if options.table is None and path.name in tree:
                options = replace(options, table=path.name)
            _check_label_file(path, format_name)
        if format_name is None:
            format_name = _guess(tree, path).format
        reading = format_named(format_name).read(tree, options)
        if path.is_dir() or is_archive(path):
            _note_labels_left_over(tree, reading)
        yield reading


def write_dataset(
    format_name: str,
    records: Iterable[Record],
    target: Path,
    options: WriteOptions | None = None,
    progress: Progress | None = None,
    total: int | None = None,
) -> WriteReport:
    """Image files byte for byte, label files anew. The folder appears when it is complete; losses are in the report."""
    chosen, options, progress = format_named(format_name), options or WriteOptions(), progress or Silent()
    losses = Losses()
    claimed: set[str] = set()
    images = annotations = 0
    left_out: Counter[str | None] = Counter()
    progress.start(f"writing {chosen.title}", total)
    with new_folder(target) as out:
        sink = chosen.sink(out, options)
        for record in records:
            data = record.read_bytes()
            facts = probe_image(data, record.source)
            size = (facts.width, facts.height)
            fitted = _unclaimed(chosen, record, size, options, claimed, losses)
            for what in fitted.losses:
                losses.add(what, record.source)
            if fitted.record is None:
                left_out[record.split] += 1
            else:
                out.write(chosen.place(fitted.record), data)
                sink.add(fitted.record, size)
                images += 1
                annotations += sum(a.is_visible for a in fitted.record.label.annotations) if fitted.record.label else 0
            progress.advance(note=record.source)
        sink.close()
    progress.finish()
    return WriteReport(format_name, target, images, annotations, sink.classes, tuple(losses), left_out)


def _unclaimed(
    chosen: Format, record: Record, size: tuple[int, int], options: WriteOptions, claimed: set[str], losses: Losses
) -> Fitted:
    """Fitted under a name that no other record took; names that differ in case only are one on many disks."""
    stem, attempt, source = PurePosixPath(record.source).stem, 1, record.source
    while True:
        fitted = chosen.fit(record, size, options)
        if fitted.record is None:
            return fitted
        place = chosen.place(fitted.record)
        key = (str(PurePosixPath(place).with_suffix("")) if chosen.by_stem else place).casefold()
        if key not in claimed:
            claimed.add(key)
            return fitted
        if attempt == 1:
            losses.add("images renamed because another has their name", source)
        attempt += 1
        record = replace(record, source=with_stem(record.source, f"{stem}_{attempt}"))


_BY_LABEL_FILE = {
    ".csv": ("csv",),
    ".tsv": ("csv",),
    ".json": ("coco", "datumaro", "label_studio"),
    ".yaml": ("yolo",),
    ".yml": ("yolo",),
    ".xml": ("voc",),
}
"""Naming a label file instead of its folder says what is meant."""
_LEFT_OVER = {
    ".txt": ("boxes_txt", "yolo"),
    ".xml": ("voc",),
    ".json": ("coco", "datumaro", "label_studio"),
    ".csv": ("csv",),
    ".tsv": ("csv",),
}


def _guess(tree: Tree, path: Path) -> FormatGuess:
    named = _is_label_file(path)
    meant = _BY_LABEL_FILE.get(path.suffix.lower(), ()) if named else tuple(FORMATS)
    if named:  # what else lies in its folder does not make this file a data set
        tree = PartTree(tree, [path.name] if path.name in tree else [])
    guesses = sorted(((*FORMATS[name].guess(tree), name) for name in meant), key=lambda g: -g[0])
    likely = [(name, why) for score, why, name in guesses if score > 0]
    if not likely:
        titles = ", ".join(FORMATS[name].title for name in meant)
        raise BadInput(
            where=path if named else tree.where,
            expected=f"a label file: {titles}" if named else f"a data set: {titles}",
            found="a file that none of them recognises" if named else _found_instead(tree),
            way_out="name the format if you know it",
        )
    return FormatGuess(likely[0][0], likely[0][1], tuple(likely[1:]))


def _found_instead(tree: Tree) -> str:
    images = len(tree.images())
    found = f"{images} images without labels or class folders" if images else "no images"
    if tree.problems:
        first = tree.problems[0]
        found += f"; {len(tree.problems):,} refused, the first {first.where}: {first.found}"
    return found


def _is_label_file(path: Path) -> bool:
    return path.is_file() and not is_archive(path)


def _check_label_file(path: Path, format_name: str | None) -> None:
    meant = _BY_LABEL_FILE.get(path.suffix.lower(), ())
    if format_name is not None and format_named(format_name).name not in meant:
        raise BadInput(
            where=path,
            expected=f"a label file of the format {format_name}, or a folder or archive",
            found=f"a file as in the formats {', '.join(meant)}",
            way_out=f"name the folder if the whole of {path.parent} is meant",
        )


def _note_labels_left_over(tree: Tree, reading: Reading) -> None:
    """Files that were not read and that another format would take its labels from: probably the format is wrong."""
    by_suffix: dict[str, list[str]] = {}
    for name in reading.extra_files:
        by_suffix.setdefault(PurePosixPath(name).suffix.lower(), []).append(name)
    for suffix in sorted(_LEFT_OVER.keys() & by_suffix.keys()):
        part = PartTree(tree, by_suffix[suffix])
        guesses = [(FORMATS[n].guess(part)[0], n) for n in _LEFT_OVER[suffix] if n != reading.format]
        score, best = max(guesses, default=(0, ""))
        for name in by_suffix[suffix] if score else ():
            reading.notes.add(
                f"{suffix} files that look like labels of the format {best} were not read; --format {best} reads them",
                name,
            )
