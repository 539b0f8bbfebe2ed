"""What a collection tells at its end: each host that is not whole, with the reason, safely."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardcheck.cli.collect import code_of, tell_result
from hardcheck.collect.fleet import FleetResult


def told(result: FleetResult, capsys: pytest.CaptureFixture[str]) -> list[str]:
    tell_result(result, Path("out"), 30, quiet=True)
    said = capsys.readouterr()
    assert said.out == ""
    return said.err.splitlines()


def test_each_host_has_its_line_and_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    why = {"web1": "connection refused", "web2": "no byte for 60 s", "web3": "KeyError: 'x'"}
    result = FleetResult(failed=("web2",), unreachable=("web1",), errors=("web3",), why=why)
    assert told(result, capsys) == [
        "hardcheck: web1: not reached: connection refused",
        "hardcheck: web2: collected in part: no byte for 60 s",
        "hardcheck: web3: a fault of hardcheck: KeyError: 'x'",
    ]
    assert code_of(result) == 4


def test_a_host_cannot_write_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = told(
        FleetResult(unreachable=("h",), why={"h": "\x1b]0;owned\x07\nhardcheck: all well"}), capsys
    )
    assert line.startswith("hardcheck: h: not reached: ")
    assert line.isprintable()


def test_many_hosts_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    names = tuple(f"h{n}" for n in range(25))
    lines = told(FleetResult(unreachable=names, waiting=names), capsys)
    assert len([line for line in lines if ": not reached: " in line]) == 20
    assert "hardcheck: 5 more hosts: not reached" in lines
    assert lines[-2].endswith("h19 and 5 more")
    assert lines[-1] == "hardcheck: go on with the same command and --resume out"
