"""Which Mitsuba is taken: a variant is believed only after a child process drew a picture with it."""

from __future__ import annotations

import sys

import pytest

from firstshift.core.errors import Unavailable
from firstshift.render.reference import variant
from firstshift.render.reference.variant import ALWAYS, COMPILED, fastest_variant, load_mitsuba, renders


def test_the_scalar_variant_always_draws() -> None:
    assert renders(ALWAYS)


def test_a_variant_that_cannot_be_loaded_is_a_no_and_no_crash() -> None:
    assert not renders("llvm_nonsense")
    with pytest.raises(Unavailable, match="rendered in a child process"):
        load_mitsuba("llvm_nonsense")


def test_a_library_that_is_none_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRJIT_LIBLLVM_PATH", "/nonexistent/libLLVM.so")
    assert not renders(COMPILED)


def test_a_child_that_hangs_is_a_no() -> None:
    assert not renders(ALWAYS, seconds=0.01)


def test_the_fastest_variant_is_one_that_draws() -> None:
    chosen = fastest_variant()
    assert chosen in (ALWAYS, COMPILED)
    assert renders(chosen)


def test_without_mitsuba_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mitsuba", None)
    with pytest.raises(Unavailable, match=r"pip install 'firstshift\[reference\]'"):
        variant.load_mitsuba()
