"""Import: images and labels together, nothing twice, nothing dropped in silence."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import pytest

from firstshift.core.capture import Capture, Origin
from firstshift.core.errors import BadInput, NotFound
from firstshift.core.label import Annotation, Label, Level
from firstshift.core.progress import Cancelled
from firstshift.core.shapes import Box
from firstshift.formats.record import ReadOptions, WriteOptions
from firstshift.line.import_report import ImportReport
from firstshift.line.imported import imported_of, told_of
from firstshift.line.importing import OTHER_SPLIT, OUTRANKED, SAID_BEFORE, SAME_BYTES, check_dataset, import_dataset
from firstshift.store.audit import verify_workspace
from firstshift.store.images import NewImage
from firstshift.store.labels import NewLabel
from firstshift.store.search import Query
from firstshift.store.workspace import Workspace
from tests.line.data_sets import boxed_records, class_folders, holdings, workspace, written
from tests.pictures import jpeg, png


def test_images_come_with_their_labels_and_paths(tmp_path: Path) -> None:
    source = class_folders(tmp_path / "set", {"good": 3, "scratch": 2})
    with workspace(tmp_path / "ws") as ws:
        report = import_dataset(ws, source, station="cell-3", author="human:ben", reason="first delivery")
        assert (report.format, report.images, report.new, report.known, report.labels) == ("class_folders", 5, 5, 0, 5)
        assert report.problems == ()
        assert report.splits == {"none": 5}
        images = {image.capture.source: image for image in ws.images.all()}
        assert sorted(images) == ["good/000.jpg", "good/001.jpg", "good/002.jpg", "scratch/003.jpg", "scratch/004.jpg"]
        scratched = images["scratch/003.jpg"]
        assert scratched.capture.station == "cell-3"
        assert ws.images.read_bytes(scratched) == (source / "scratch/003.jpg").read_bytes()
        said = ws.labels.current([scratched.id])[scratched.id]
        assert said.label == Label.defect(Annotation("scratch"))
        assert (said.author, said.level, said.reason) == ("human:ben", Level.IMPORTED, "first delivery")


def test_importing_again_records_nothing(tmp_path: Path) -> None:
    source = class_folders(tmp_path / "set", {"good": 3, "scratch": 2})
    with workspace(tmp_path / "ws") as ws:
        import_dataset(ws, source)
        before = holdings(ws)
        again = import_dataset(ws, source, author="human:somebody else")
        assert (again.new, again.known, again.labels) == (0, 5, 0)
        assert holdings(ws) == before


def test_only_what_came_since_is_imported(tmp_path: Path) -> None:
    source = class_folders(tmp_path / "set", {"good": 3})
    with workspace(tmp_path / "ws") as ws:
        import_dataset(ws, source)
        class_folders(source, {"scratch": 2}, first=50)
        more = import_dataset(ws, source)
        assert (more.new, more.known, more.labels) == (2, 3, 2)


def test_the_same_bytes_under_another_name_are_two_images_and_are_named(tmp_path: Path) -> None:
    source = class_folders(tmp_path / "set", {"good": 1, "scratch": 1})
    (source / "scratch/copy.jpg").write_bytes((source / "good/000.jpg").read_bytes())
    with workspace(tmp_path / "ws") as ws:
        report = import_dataset(ws, source)
        assert report.new == 3
        assert report.same_bytes == 1
        (note,) = [note for note in report.notes if note.what == SAME_BYTES]
        assert note.examples == ("scratch/copy.jpg = good/000.jpg",)


def test_one_path_on_two_sides_stays_two_images_however_often_it_is_imported(tmp_path: Path) -> None:
    for side in ("train", "test"):
        class_folders(tmp_path / "set" / side, {"good": 1, "scratch": 1})
    with workspace(tmp_path / "ws") as ws:
        assert import_dataset(ws, tmp_path / "set").new == 4
        before = holdings(ws)
        again = import_dataset(ws, tmp_path / "set")
        assert (again.new, again.known) == (0, 4)
        assert holdings(ws) == before


def test_a_split_that_changed_makes_no_second_image(tmp_path: Path) -> None:
    records = boxed_records()
    first = written("coco", records, tmp_path / "first")
    moved = [type(r)(r.source, r.read_bytes, r.label, "test", r.capture) for r in records]
    second = written("coco", moved, tmp_path / "second")
    with workspace(tmp_path / "ws") as ws:
        import_dataset(ws, first)
        report = import_dataset(ws, second)
        assert (report.new, report.known) == (0, 6)
        (note,) = [note for note in report.notes if note.what == OTHER_SPLIT]
        assert note.count == 4


def test_a_station_forgotten_the_second_time_makes_no_second_image(tmp_path: Path) -> None:
    source = class_folders(tmp_path / "set", {"good": 3})
    with workspace(tmp_path / "ws") as ws:
        import_dataset(ws, source, station="cell-3")
        report = import_dataset(ws, source, lot="B7")
        assert (report.new, report.known) == (0, 3)
        assert {note.what.split()[0] for note in report.notes} == {"station", "lot"}
        assert {image.capture.station for image in ws.images.all()} == {"cell-3"}


def test_a_label_that_is_imported_again_after_another_is_named(tmp_path: Path) -> None:
    source = class_folders(tmp_path / "set", {"scratch": 1})
    with workspace(tmp_path / "ws") as ws:
        import_dataset(ws, source)
        import_dataset(ws, source, options=ReadOptions(good_classes=("scratch",)))
        report = import_dataset(ws, source)
        assert report.labels == 0
        assert [note.count for note in report.notes if note.what == SAID_BEFORE] == [1]


def test_an_imported_label_never_buries_an_engineers(tmp_path: Path) -> None:
    source = class_folders(tmp_path / "set", {"scratch": 1})
    with workspace(tmp_path / "ws") as ws:
        import_dataset(ws, source)
        (image,) = ws.images.all()
        ws.labels.add(image.id, Label.good(), level=Level.ENGINEER, reason="only dust")
        assert import_dataset(ws, source).labels == 0, "the label of the first import is not said again"
        report = import_dataset(ws, source, options=ReadOptions(good_classes=("scratch",)), level=Level.OPERATOR)
        assert [note.count for note in report.notes if note.what == OUTRANKED] == [1]
        assert ws.labels.current([image.id])[image.id].level is Level.ENGINEER


CSV = """file,class,x,y,w,h,serial,captured_at,confidence,operator,lot
a.jpg,scratch,1,2,3,4,SN-17,2026-11-20T08:30:00Z,0.75,Ben,B7
b.jpg,dent,1,2,3,4,,20.11.2026,high,Eva,
"""


def test_what_is_known_of_the_shot_goes_into_the_capture_and_the_rest_is_kept(tmp_path: Path) -> None:
    source = tmp_path / "set"
    source.mkdir()
    for number, name in enumerate("ab"):
        (source / f"{name}.jpg").write_bytes(jpeg(number))
    (source / "labels.csv").write_text(CSV)
    with workspace(tmp_path / "ws") as ws:
        report = import_dataset(ws, source, split_as="val", origin=Origin.RENDERED)
        a, b = sorted(ws.images.all(), key=lambda image: str(image.capture.source))
        assert (a.capture.serial, a.capture.lot, a.capture.confidence) == ("SN-17", "B7", 0.75)
        assert a.capture.captured_at == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
        assert a.capture.origin is Origin.RENDERED
        assert imported_of(a.capture).split == "val"
        assert imported_of(a.capture).extra["operator"] == "Ben"
        assert (b.capture.captured_at, b.capture.confidence, b.capture.serial) == (None, None, None)
        losses = {loss.what: loss.examples for loss in report.losses}
        assert losses == {
            "captured_at kept as it was written, not understood": ("b.jpg",),
            "confidence kept as it was written, not understood": ("b.jpg",),
        }
        told = told_of(b)
        assert (told["captured_at"], told["confidence"], told["operator"]) == ("20.11.2026", "high", "Eva")
        assert told_of(a)["captured_at"] == "2026-11-20T08:30:00Z", "as it was written, not as we would write it"


def test_cancelled_half_way_the_same_call_goes_on(tmp_path: Path) -> None:
    source = class_folders(tmp_path / "set", {"good": 80, "scratch": 70})

    class Impatient:
        """Stops after the first batch that was imported."""

        def __init__(self) -> None:
            self.what = ""

        def start(self, what: str, total: int | None = None) -> None:
            self.what = what

        def advance(self, steps: int = 1, note: str = "") -> None:
            if self.what.startswith("importing"):
                raise Cancelled("stopped by a test")

        def finish(self) -> None: ...

    with workspace(tmp_path / "ws") as ws:
        with pytest.raises(Cancelled):
            import_dataset(ws, source, progress=Impatient())
        kept = ws.images.count()
        assert 0 < kept < 150
        report = import_dataset(ws, source)
        assert (report.new, report.known) == (150 - kept, kept)
        assert ws.images.count(Query(labelled=True)) == 150
        assert verify_workspace(ws).is_intact


def test_with_skip_the_good_entries_are_imported_and_the_bad_ones_leave_no_trace(tmp_path: Path) -> None:
    source = class_folders(tmp_path / "set", {"good": 3})
    (source / "good/bad.jpg").write_bytes(jpeg(9)[:300])
    with workspace(tmp_path / "ws") as ws:
        report = import_dataset(ws, source, on_problem="skip")
        assert (report.new, len(report.problems)) == (3, 1)
        assert report.problems[0].where == "good/bad.jpg"
        held = holdings(ws)
        assert (held["images"], held["labels"], held["files among the blobs"]) == (3, 3, 3)
        assert json.loads(json.dumps(report.to_json()))["problems"][0]["error"] == "BadInput"


def test_a_check_says_what_an_import_would_find_and_writes_nothing(tmp_path: Path) -> None:
    source = class_folders(tmp_path / "set", {"good": 3})
    (source / "good/bad.jpg").write_bytes(b"")
    with workspace(tmp_path / "ws") as ws:
        before = holdings(ws)
        report = check_dataset(ws, source)
        assert (report.new, report.labels, len(report.problems)) == (3, 0, 1)
        assert holdings(ws) == before


def test_the_first_problem_is_raised_with_the_number_of_the_others(tmp_path: Path) -> None:
    source = class_folders(tmp_path / "set", {"good": 3})
    (source / "good/empty.jpg").write_bytes(b"")
    (source / "good/cut.png").write_bytes(png(3)[:200])
    with workspace(tmp_path / "ws") as ws, pytest.raises(BadInput, match=r"1 more entry is bad as well; nothing was"):
        import_dataset(ws, source)


def test_a_name_that_promises_another_format_is_imported_and_noted(tmp_path: Path) -> None:
    source = class_folders(tmp_path / "set", {"good": 1})
    (source / "good/really.jpg").write_bytes(png(5))
    with workspace(tmp_path / "ws") as ws:
        report = import_dataset(ws, source)
        assert [note.what for note in report.notes] == ["named .jpg but holds PNG"]


def test_files_without_a_place_are_listed(tmp_path: Path) -> None:
    source = class_folders(tmp_path / "set", {"good": 1})
    (source / "readme.txt").write_text("hello")
    with workspace(tmp_path / "ws") as ws:
        (loss,) = import_dataset(ws, source).losses
        assert (loss.count, loss.examples) == (1, ("readme.txt",))


def test_places_that_cannot_be_imported(tmp_path: Path) -> None:
    with workspace(tmp_path / "ws") as ws:
        with pytest.raises(NotFound):
            import_dataset(ws, tmp_path / "nowhere")
        with pytest.raises(BadInput, match="outside the workspace"):
            import_dataset(ws, ws.folder)
        with pytest.raises(BadInput, match="split"):
            import_dataset(ws, class_folders(tmp_path / "set", {"good": 1}), split_as="two\nlines")


def test_a_box_label_keeps_its_class_order_for_the_way_back(tmp_path: Path) -> None:
    source = written("yolo", boxed_records(), tmp_path / "set", WriteOptions(task="detect"))
    with workspace(tmp_path / "ws") as ws:
        report = import_dataset(ws, source)
        assert report.format == "yolo"
        (image, *_) = ws.images.all(Query(class_name="scratch"))
        assert imported_of(image.capture).classes == report.classes
        shape = ws.labels.current([image.id])[image.id].label.annotations[0].shape
        assert isinstance(shape, Box)


@pytest.mark.parametrize("name", ["voc", "label_studio", "coco"])
def test_the_report_names_the_classes_that_were_met(name: str, tmp_path: Path) -> None:
    source = written(name, boxed_records(), tmp_path / "in")
    with workspace(tmp_path / "ws") as ws:
        assert check_dataset(ws, source).classes == ("scratch",)
        assert import_dataset(ws, source).to_json()["classes"] == ["scratch"]


def test_two_imports_at_once_count_each_image_and_label_once(tmp_path: Path) -> None:
    source = class_folders(tmp_path / "set", {"good": 60, "scratch": 60})
    with workspace(tmp_path / "ws"):
        pass
    together = Barrier(2)

    def once(_: int) -> ImportReport:
        with Workspace.open(tmp_path / "ws", actor="human:anna") as ws:
            together.wait(30)
            return import_dataset(ws, source, on_problem="skip", batch=40)

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(once, range(2)))
    assert sum(report.new for report in reports) == 120
    assert sum(report.labels for report in reports) == 120


def test_a_label_that_was_said_before_is_told_from_one_that_is_new(tmp_path: Path) -> None:
    with workspace(tmp_path / "ws") as ws:
        anna, ben = (NewLabel(Label.good(), author, Level.IMPORTED, "") for author in ("human:anna", "human:ben"))
        said = [ws.images.add_batch([NewImage(jpeg(1), Capture(), label)])[0] for label in (anna, anna, ben, None)]
    assert [record.is_new for record in said] == [True, False, False, False]
    assert [record.is_labelled for record in said] == [True, False, True, False]


def test_labels_that_the_chosen_format_passes_over_are_the_first_note(tmp_path: Path) -> None:
    source = written("boxes_txt", boxed_records(), tmp_path / "in")
    with workspace(tmp_path / "ws") as ws:
        report = check_dataset(ws, source, format_name="class_folders")
    assert "--format boxes_txt reads them" in report.notes[0].what
    assert report.notes[0].count == 6


def test_naming_a_file_that_is_no_data_set_imports_nothing(tmp_path: Path) -> None:
    source = class_folders(tmp_path / "set", {"good": 2, "scratch": 1})
    (source / "README.md").write_text("about", "utf-8")
    with workspace(tmp_path / "ws") as ws:
        before = holdings(ws)
        for place in (source / "README.md", Path("/dev/null")):
            for name in (None, "class_folders"):
                with pytest.raises(BadInput, match="a label file"):
                    import_dataset(ws, place, format_name=name)
        assert holdings(ws) == before
