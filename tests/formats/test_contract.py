"""One contract for all formats: what `fit` says a format holds comes back, and whatever changed is a named loss.

120 drawn data sets for each format.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firstshift.core.errors import FirstshiftError
from firstshift.core.label import Annotation, Label
from firstshift.core.shapes import Box, Polygon
from firstshift.formats.record import ReadOptions, Record, WriteOptions
from firstshift.formats.registry import FORMATS, detect_format, format_named, read_dataset, write_dataset
from firstshift.formats.unseen import SET_ASIDE
from tests.formats import drawing

SIZE = (drawing.WIDTH, drawing.HEIGHT)
EXACT = settings(
    max_examples=120, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
VARIANTS = [(name, WriteOptions()) for name in FORMATS] + [
    ("yolo", WriteOptions(task="detect")),
    ("yolo", WriteOptions(task="obb")),
]


def by_source(records: list[Record]) -> list[Record]:
    return sorted(records, key=lambda r: (r.source, r.split or ""))


@pytest.mark.parametrize(("name", "options"), VARIANTS, ids=lambda v: v if isinstance(v, str) else v.task)
def test_what_comes_back_is_what_fit_says_and_every_change_is_named(name: str, options: WriteOptions) -> None:
    chosen = format_named(name)

    @EXACT
    @given(drawing.data_sets())
    def check(records: list[Record]) -> None:
        expected = []
        for record in records:
            fitted = chosen.fit(record, SIZE, options)
            # What other tools do not see is lost to them, also when we read it back.
            changes = [loss for loss in fitted.losses if loss != SET_ASIDE]
            assert (fitted.record != record) == bool(changes), fitted.losses
            if fitted.record is not None:
                expected.append(fitted.record)
                again = chosen.fit(fitted.record, SIZE, options)
                assert again.record == fitted.record, again.losses
        with TemporaryDirectory() as folder:
            out = Path(folder) / "out"
            report = write_dataset(name, records, out, options)
            assert report.images == len(expected)
            named = {example for loss in report.losses for example in loss.examples}
            changed = {r.source for r in records if chosen.fit(r, SIZE, options).losses}
            assert changed <= named
            if expected:
                with read_dataset(out, ReadOptions(), format_name=name) as reading:
                    assert reading.count == len(expected)
                    back = list(reading.records)
                    assert by_source(back) == by_source(expected)
                    originals = {Path(r.source).name: r.read_bytes() for r in records}
                    assert all(originals[Path(r.source).name] == r.read_bytes() for r in back)
                    assert reading.extra_files == ()

    check()


PLAIN = {
    "coco": Label.defect(Annotation("ä", Box(1, 2, 3, 4)), Annotation("b", Polygon((((0, 0), (5, 0), (0, 5)),)), 3)),
    "yolo": Label.defect(Annotation("pin hole", Polygon((((0, 0), (5, 0), (0, 5.5)),)))),
    "voc": Label.defect(Annotation("ä", Box(1, 2, 3, 4), 3, "12 NOV", {"difficult": 1})),
    "mvtec": Label.defect(Annotation("scratch", drawing.mask((3, 4), (3, 5)))),
    "datumaro": Label.defect(Annotation("ä", Box(1, 2, 3, 4, 30.0)), Annotation("b", drawing.mask((0, 0)))),
    "class_folders": Label.defect(Annotation("red iron")),
    "csv": Label.defect(Annotation("ä", Box(1, 2, 3, 4), 3, "12 NOV", {"depth_um": 4.5})),
    "label_studio": Label.defect(Annotation("ä", Box(1, 2, 3, 4, 30.0), 3), Annotation("b", drawing.mask((0, 0)))),
    "masks": Label.defect(Annotation("crack", drawing.mask((3, 4), (3, 5)))),
    "boxes_txt": Label.defect(Annotation("mouse bite", Box(1, 2, 3, 4))),
}


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_format_can_hold_comes_back_unchanged_and_is_recognised(name: str, tmp_path: Path) -> None:
    defect, good = drawing.record("x/defect.png", PLAIN[name]), drawing.record("x/good.png", Label.good())
    fitted = [format_named(name).fit(r, SIZE, WriteOptions()).record for r in (defect, good)]
    labels = [r.label for r in fitted if r is not None]
    assert labels == [PLAIN[name], Label.good()]
    write_dataset(name, [r for r in fitted if r is not None], tmp_path / "out")
    guess = detect_format(tmp_path / "out")
    assert guess.format == name, guess
    assert guess.why
    with read_dataset(tmp_path / "out") as reading:
        back = list(reading.records)
    assert by_source(back) == by_source([r for r in fitted if r is not None])


@pytest.mark.parametrize("name", FORMATS)
def test_class_order_is_kept(name: str, tmp_path: Path) -> None:
    label = Label.defect(replace(PLAIN[name].annotations[0], class_name="zebra"))
    other = Label.defect(replace(PLAIN[name].annotations[0], class_name="ant"))
    records = [drawing.record("a.png", label), drawing.record("b.png", other)]
    report = write_dataset(name, records, tmp_path / "out", WriteOptions(classes=("zebra", "ant", "unused")))
    assert set(report.classes) >= {"zebra", "ant"}
    if name in ("coco", "yolo", "datumaro"):
        assert report.classes == ("zebra", "ant", "unused")
        with read_dataset(tmp_path / "out") as reading:
            assert reading.classes == ("zebra", "ant", "unused")


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=80, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged_label_files_give_only_our_errors(name: str, data: st.DataObject) -> None:
    """80 damaged copies for each format: bytes changed, cut or replaced in any file."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        good = drawing.record("good.png", Label.good())
        write_dataset(name, [drawing.record("defect.png", PLAIN[name]), good], out)
        path = data.draw(st.sampled_from(sorted(p for p in out.rglob("*") if p.is_file())))
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 3))):
            at = data.draw(st.integers(0, len(content)))
            piece = data.draw(
                st.sampled_from([b"", b"\0", b"-1", b"1e999", b"NaN", b"[[[[", b"{", b'"', b"\xff", b"\n", b"null"])
            )
            content[at : at + data.draw(st.integers(0, 12))] = piece
        path.write_bytes(bytes(content))
        try:
            with read_dataset(out, ReadOptions(on_problem="skip"), format_name=name) as reading:
                records = list(reading.records)
            lines = [str(problem) for problem in reading.problems]
        except FirstshiftError as error:
            records, lines = [], [str(error)]
        assert len(records) <= 4
        assert all(line and "\n" not in line for line in lines)
