"""Evidence is hostile: whatever the bytes, a parser of MAC facts gives a value, or says that it cannot."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardcheck.evidence import Evidence, HostEvidence, HostIdentity, Privilege, Reason
from hardcheck.facts import Absent
from hardcheck.parse.base import run_parser
from hardcheck.parse.mac import MAC_PARSERS
from hardcheck.parse.proc import parse_processes
from tests.unit.parse.system_hosts import DATA, host
from tests.unit.parse.test_mac_samples import SAMPLES, read

# Policies have a reader of their own, with tests of its own for damage.
FACTS = [fact for fact in MAC_PARSERS if not fact.name.startswith("selinux.policy")]
BY_NAME = {fact.name: fact for fact in MAC_PARSERS}
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
@QUICK
@given(data=st.data())
def test_any_bytes_give_a_value_or_an_absence(fact, data) -> None:  # type: ignore[no-untyped-def]
    items = {key: data.draw(st.binary(max_size=200), label=key) for key in fact.keys}
    run_parser(fact, host(items))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_sample_with_a_damaged_place_gives_a_value_or_an_absence(path, data) -> None:  # type: ignore[no-untyped-def]
    sample = read(path)
    key = data.draw(st.sampled_from(sorted(sample.items)))
    content = sample.items[key].content
    at = data.draw(st.integers(0, len(content)))
    length = data.draw(st.integers(0, 40))
    damaged = content[:at] + data.draw(st.binary(max_size=20)) + content[at + length :]
    items = {**sample.items, key: Evidence(key, "", damaged)}
    whole = HostEvidence(sample.host, "", "", "0", "", Privilege.ROOT, items)
    run_parser(BY_NAME[path.parent.name], whole)


# An output that was cut still has its exit status and its last denials; a tool that is missing has a status.
EXCEPTIONS = {
    ("apparmor.status", Reason.TRUNCATED),
    ("apparmor.status", Reason.TOOL_MISSING),
    ("denials.recent", Reason.TRUNCATED),
    ("denials.log", Reason.TRUNCATED),
}
PAIRS = [
    pytest.param(fact, reason, id=f"{fact.name}-{reason}")
    for fact in MAC_PARSERS
    for reason in Reason
    if reason is not Reason.NOT_PRESENT and (fact.name, reason) not in EXCEPTIONS
]


@pytest.mark.parametrize(("fact", "reason"), PAIRS)
def test_what_could_not_be_had_is_absent_for_that_reason(fact, reason) -> None:  # type: ignore[no-untyped-def]
    items = {key: Evidence(key, "", reason=reason) for key in fact.keys}
    value = run_parser(fact, host(items))
    assert isinstance(value, Absent), value
    assert value.reason is reason


STATUS = (
    "{0}/status:Name:\t{1}\n{0}/status:PPid:\t1\n{0}/status:Uid:\t0\t0\t0\t0\n{0}/status:Gid:\t0\t0\t0\t0\n"
)
STATUS += "{0}/status:VmSize:\t1 kB\n{0}/status:CapEff:\t0\n{0}/status:CapBnd:\t0\n"


def test_a_process_cannot_write_a_line_about_another_through_its_arguments() -> None:
    """grep puts the file's name before each line of the arguments as well."""
    files = STATUS.format(7, "evil") + STATUS.format(8, "good")
    files += "7/attr/current:unconfined\n8/attr/current:reader (enforce)\n"
    files += "7/cmdline:x\n7/cmdline:8/attr/current:unconfined\n8/cmdline:reader\n"
    processes = parse_processes(host({"processes.files": files, "processes.programs": ""}))
    assert not isinstance(processes, Absent)
    assert [(p.name, p.label) for p in processes] == [("evil", "unconfined"), ("good", "reader (enforce)")]
    assert processes[0].arguments == ("x\n8/attr/current:unconfined",)


def test_a_label_may_hold_brackets_blanks_and_bytes_that_are_no_utf_8() -> None:
    files = STATUS.format(7, "x") + "7/attr/apparmor/current:/opt/a (b)"
    content = files.encode() + b"\xff//c (complain)\n"
    processes = parse_processes(host({"processes.files": content, "processes.programs": ""}))
    assert not isinstance(processes, Absent)
    assert processes[0].label == r"/opt/a (b)\xff//c (complain)"


def test_two_programs_for_one_process_are_none() -> None:
    """A program whose file name holds a line end, on a host whose stat does not quote it."""
    programs = "'7/exe' -> '/usr/sbin/good'\n'8/exe' -> '/tmp/x\n'7/exe' -> '/tmp/evil'\n"
    files = STATUS.format(7, "good") + STATUS.format(8, "evil") + "7/attr/current:a\n8/attr/current:b\n"
    processes = parse_processes(host({"processes.files": files, "processes.programs": programs}))
    assert not isinstance(processes, Absent)
    assert isinstance(processes[0].program, Absent)
    assert processes[0].program.reason is Reason.UNPARSABLE


@pytest.mark.parametrize(
    ("quoted", "program"),
    [
        ("'/usr/bin/plain'", "/usr/bin/plain"),
        ('"/opt/it\'s"', "/opt/it's"),
        (r"'/opt/a'$'\n''b'", "/opt/a\nb"),
        (r"'/opt/'$'\303\274'", "/opt/\u00c3\u00bc"),
        ("'/usr/sbin/nginx (deleted)'", "/usr/sbin/nginx (deleted)"),
    ],
)
def test_a_program_is_read_as_stat_quotes_it(quoted: str, program: str) -> None:
    files = STATUS.format(7, "x") + "7/attr/current:a\n"
    items = {"processes.files": files, "processes.programs": f"'7/exe' -> {quoted}\n"}
    processes = parse_processes(host(items))
    assert not isinstance(processes, Absent)
    assert processes[0].program == program


def test_a_process_that_ended_while_the_files_were_read_is_left_out() -> None:
    files = STATUS.format(7, "gone") + STATUS.format(8, "here") + "8/attr/current:unconfined\n8/cgroup:0::/\n"
    processes = parse_processes(host({"processes.files": files, "processes.programs": ""}))
    assert not isinstance(processes, Absent)
    assert [process.name for process in processes] == ["here"]


def test_an_ordinary_account_that_sees_only_its_own_processes_has_not_seen_the_processes() -> None:
    files = "proc /proc proc rw,nosuid,hidepid=2 0 0\n" + STATUS.format(7, "own") + "7/attr/current:a\n"
    items = {"processes.files": Evidence("processes.files", "", files.encode())}
    alone = HostEvidence(HostIdentity("h"), "", "", "0", "", Privilege.NONE, items)
    value = parse_processes(alone)
    assert isinstance(value, Absent)
    assert value.reason is Reason.DENIED


def test_every_sample_is_in_a_folder_of_a_fact() -> None:
    ours = {fact.name for fact in MAC_PARSERS}
    assert {path.parent.name for path in SAMPLES} <= ours
    assert (DATA / "processes.all").is_dir()
