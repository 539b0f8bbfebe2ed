"""Folders of interface files."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardcheck.errors import PolicyError, UsageError
from hardcheck.refpolicy import library as module
from hardcheck.refpolicy.installed import holds_interfaces
from hardcheck.refpolicy.interfaces import Interfaces
from hardcheck.refpolicy.library import read_folder, read_texts
from tests.unit.refpolicy.samples import SETS, SHOP, library


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tree as distributions install it."""
    for name, text in (("support/sets.spt", SETS), ("apps/shop.if", SHOP), ("apps/shop.te", "no")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_folder_is_read(folder: Path) -> None:
    found = read_folder(folder)
    assert set(found.interfaces) == {"shop_look_conf", "shop_pass", "shop_all"}
    assert "look_pattern" in found.macros
    assert found.faults == ()


def test_interfaces_are_found_by_what_they_name(folder: Path) -> None:
    interfaces = Interfaces(folder)
    assert [one.name for one in interfaces.about(["shop_conf_t"])] == ["shop_look_conf"]
    assert [one.name for one in interfaces.about(["shop_dir_t", "shop_extra_t"])] == [
        *("shop_look_conf", "shop_pass", "shop_all"),
    ]
    assert list(interfaces.about(["nothing_t"])) == []


def test_a_folder_of_something_else_is_said(tmp_path: Path) -> None:
    assert not holds_interfaces(tmp_path)
    with pytest.raises(UsageError, match="no interface files"):
        Interfaces(tmp_path)


def test_a_file_that_is_cut_costs_only_itself() -> None:
    found = read_texts([("apps/a.if", "interface(`a',`allow"), ("apps/b.if", "interface(`b',`x')")])
    assert list(found.interfaces) == ["b"]
    assert found.faults == ("apps/a.if: a quote that is never closed",)


def test_names_that_are_none_are_passed_over() -> None:
    found = read_texts([("apps/a.if", "interface(`a;b',`x')interface(`c')interface(`d',`x',`y')")])
    assert not found.interfaces


def test_too_much_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    with pytest.raises(PolicyError, match="at most 100 bytes"):
        read_folder(folder)
    monkeypatch.setattr(module, "MAX_BYTES", 1 << 20)
    monkeypatch.setattr(module, "MAX_FILES", 1)
    with pytest.raises(PolicyError, match="at most 1 files"):
        read_folder(folder)


def test_a_template_is_known_as_one() -> None:
    assert library().interfaces["shop_template"].template
