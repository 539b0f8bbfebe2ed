from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hardcheck.engine.case_facts import read_facts
from hardcheck.engine.cases import load_case, missing_cases, run_case
from hardcheck.engine.catalog import run_cases
from hardcheck.engine.yaml_source import parse_yaml
from hardcheck.errors import ConfigError
from hardcheck.facts import Absent, FactSpec, Reason
from hardcheck.findings import Framework, Status
from tests.unit.engine.test_evaluate import sided
from tests.unit.engine.world import SPECS, Config, Mode, Profile, Setting


class Cat(msgspec.Struct, frozen=True, tag="cat"):
    lives: int


class Dog(msgspec.Struct, frozen=True, tag="dog"):
    name: str = "rex"


def read(type_: Any, text: str) -> Any:
    specs = {"f": FactSpec("f", type_, "", ("key",))}
    return read_facts(parse_yaml(f"f: {text}", "case.yaml"), specs)["f"]


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (str, "a", "a"),
        (int, "1", 1),
        (float, "1", 1.0),
        (bool, "true", True),
        (Mode, "enforce", Mode.ENFORCE),
        (tuple[str, ...], "[a, b]", ("a", "b")),
        (frozenset[Mode], "[enforce]", frozenset([Mode.ENFORCE])),
        (tuple[str, int], "[a, 1]", ("a", 1)),
        (Mapping[int, str], "{'22': sshd}", {22: "sshd"}),
        (
            dict[str, Setting],
            "{a: {now: '1', after: {absent: denied}}}",
            {"a": Setting("1", Absent(Reason.DENIED, ("key",)))},
        ),
        (Config, "{mode: x}", Config("x")),
        (Config, "{mode: x, note: }", Config("x", 0, None)),
        (Config, "{absent: truncated, detail: cut}", Absent(Reason.TRUNCATED, ("key",), "cut")),
        (Cat | Dog, "{type: dog}", Dog()),
        (Cat | Dog, "{type: cat, lives: 9}", Cat(9)),
        (Cat | Dog, "{lives: 9}", Cat(9)),
        (int | str, "a", "a"),
        (datetime, "'2026-01-02T03:04:05Z'", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (
            tuple[Profile, ...],
            "[{name: n, mode: complain, pids: [1], attached: {absent: timeout}}]",
            (Profile("n", Mode.COMPLAIN, (1,), Absent(Reason.TIMEOUT, ("key",))),),
        ),
        (Any, "{a: [1]}", {"a": [1]}),
    ],
)
def test_a_case_value_becomes_the_facts_type(type_: Any, text: str, value: Any) -> None:
    assert read(type_, text) == value


@pytest.mark.parametrize(
    ("type_", "text", "message"),
    [
        (str, "1", "case.yaml:1: f: expected text, found 1"),
        (int, "true", "expected a whole number, found true"),
        (Mode, "enforced", "expected one of enforce, complain, found 'enforced'"),
        (Config, "{mod: x}", "f.mod: expected one of the keys line, mode, note, found 'mod' (nearest: mode)"),
        (Config, "{}", "expected all fields of Config"),
        (Config, "{absent: gone}", "f.absent: expected one of denied"),
        (Config, "{mode: {absent: denied}}", "f.mode: expected text, found a mapping"),
        (tuple[str, int], "[a]", "expected a list of 2"),
        (Mapping[int, str], "{x: sshd}", "expected a key that is a whole number, found 'x'"),
        (datetime, "soon", "f: expected datetime"),
        (tuple[str, ...], "a", "expected a list of text, found 'a'"),
    ],
)
def test_a_wrong_case_value_is_one_line_with_its_place(type_: Any, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(type_, text)
    assert message in str(caught.value)


def test_an_unknown_fact_name_gets_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r"nearest: selinux\.config"):
        read_facts(parse_yaml("{selinux.confg: {mode: x}}", "f"), SPECS)


CASES = {
    "apparmor-all-enforced.pass": "{mac.framework: apparmor, apparmor.profiles: [{name: n, mode: enforce}]}",
    "apparmor-complain.fail": "{mac.framework: apparmor, apparmor.profiles: [{name: n, mode: complain}]}",
    "apparmor-denied.unknown": "{mac.framework: apparmor, apparmor.profiles: {absent: denied}}",
    "selinux-on.pass": "{mac.framework: selinux, count: 1, selinux.enforcing: true, "
    "selinux.config: {mode: enforcing}}",
    "selinux-off.fail": "{mac.framework: selinux, count: 1, selinux.config: {mode: disabled}}",
    "selinux-unseen.unknown": "{mac.framework: selinux, count: 1}",
    "selinux-none.not_applicable": "{mac.framework: selinux, count: 0}",
    "neither.fail": "{mac.framework: neither}",
}


def write_cases(folder: Path) -> Path:
    (folder / "a-rule").mkdir()
    for name, facts in CASES.items():
        (folder / "a-rule" / f"{name}.yaml").write_text(f"facts: {facts}\n")
    return folder


def test_a_folder_of_cases_is_run_and_complete(tmp_path: Path) -> None:
    run = run_cases([sided()], write_cases(tmp_path), SPECS)
    assert len(run.results) == len(CASES)
    assert (run.failed, dict(run.missing), run.unknown_rules) == ((), {}, ())


@pytest.mark.parametrize("lost", list(CASES))
def test_each_case_that_is_lost_is_named(tmp_path: Path, lost: str) -> None:
    (write_cases(tmp_path) / "a-rule" / f"{lost}.yaml").unlink()
    run = run_cases([sided()], tmp_path, SPECS)
    assert len(run.missing["a-rule"]) == 1
    assert lost.rpartition(".")[2] in run.missing["a-rule"][0]


def test_what_a_case_expects_beside_the_status_is_compared(tmp_path: Path) -> None:
    (tmp_path / "a-rule").mkdir()
    path = tmp_path / "a-rule" / "apparmor-x.fail.yaml"
    facts = "{mac.framework: apparmor, apparmor.profiles: [{name: n, mode: complain}]}"
    path.write_text(f"facts: {facts}\nexpect: {{framework: apparmor, items: [n], observed: 1 of 1}}\n")
    assert run_case(sided(), load_case(path, SPECS)).faults == ()
    path.write_text(
        f"facts: {facts}\nexpect: {{framework: selinux, items: [m], "
        f"reason: denied, literal: pass, observed: x}}\n"
    )
    faults = run_case(sided(), load_case(path, SPECS)).faults
    assert faults == (
        "expected framework selinux, found apparmor",
        "expected items m, found n",
        "expected reason denied, found nothing",
        "expected literal pass, found nothing",
        "expected observed to hold 'x', found '1 of 1 loaded profiles are not: n'",
    )


def test_a_case_that_says_otherwise_shows_what_was_seen(tmp_path: Path) -> None:
    (tmp_path / "a-rule").mkdir()
    path = tmp_path / "a-rule" / "selinux-x.pass.yaml"
    path.write_text("facts: {mac.framework: selinux, count: 1}\n")
    (fault,) = run_case(sided(), load_case(path, SPECS)).faults
    assert fault == (
        "expected pass, found unknown: SELinux configuration: mode: not collected (not in this case)"
        " [not in this case]"
    )


def test_cases_of_no_rule_are_named(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x.pass.yaml").write_text("facts: {}\n")
    assert run_cases([sided()], tmp_path, SPECS).unknown_rules == ("other",)


@pytest.mark.parametrize("name", ["x.yaml", "x.good.yaml", ".pass.yaml", "x.error.yaml"])
def test_a_case_is_named_after_a_status(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("facts: {}\n")
    with pytest.raises(ConfigError, match=r"expected a name CASE\.STATUS\.yaml"):
        load_case(path, SPECS)


def test_an_unknown_of_an_undecided_framework_is_no_case_of_a_side() -> None:
    assert "unknown on the side selinux" in missing_cases(sided(), [])
    assert Framework.UNDECIDED not in sided().sides
    assert Status.FAIL is sided().neither
