"""sepolgen's, auparse's and setroubleshoot's logs: nothing is lost, and the access asked for is the same."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from hardcheck.denials.causes import context_type
from hardcheck.denials.model import LogSummary, Outcome
from hardcheck.denials.reading import read_denials, read_events
from tests.corpora import corpus
from tests.unit.denials.logs import log, summary_of

Access = dict[tuple[str, str, str], set[str]]
_LOGS = (
    "python/sepolgen/tests/test_data/httpd.log",
    "python/sepolgen/tests/test_data/audit.log",
    "python/sepolgen/tests/test_data/short.log",
    "python/sepolgen/tests/audit.txt",
    "python/audit2allow/test.log",
)
# sepolgen's own parser, run by the system's Python where it is installed: prints its access vectors.
_SEPOLGEN = """
import json, sys
from sepolgen import audit, access
parser = audit.AuditParser()
parser.parse_file(open(sys.argv[1]))
found = [
    (str(v.src_type), str(v.tgt_type), str(v.obj_class), sorted(map(str, v.perms)))
    for v in parser.to_access()
]
print(json.dumps({"messages": len(parser.avc_msgs), "found": found}))
"""


def path_of(name: str) -> Path:
    return corpus("sepolgen-logs") / name


def simple(path: Path) -> tuple[Access, int]:
    """The access of every AVC, read without any of our code: words of each piece of a line."""
    access: Access = {}
    count = 0
    for piece in re.split(r"(?=avc: )", path.read_text(errors="replace")):
        body = piece.partition("\n")[0]
        braces = re.match(r"avc: +denied +\{([^}]*)\}", body)
        if braces is None:
            continue
        count += 1
        words = dict(word.split("=", 1) for word in body.split() if "=" in word)
        source, target = (words[name].split(":")[2] for name in ("scontext", "tcontext"))
        access.setdefault((source, target, words["tclass"].strip("'")), set()).update(braces[1].split())
    return access, count


def ours(found: LogSummary) -> Access:
    access: Access = {}
    for group in found.groups:
        if group.error is None:
            access.setdefault((group.source, group.target, group.class_), set()).update(group.wanted)
    return access


@pytest.mark.parametrize("name", _LOGS)
def test_the_access_asked_for_is_the_same_as_by_a_simple_reading(name: str) -> None:
    wanted, count = simple(path_of(name))
    found = summary_of([path_of(name)])
    errors = sum(group.count for group in found.groups if group.error is not None)
    assert found.denials - errors == count > 0
    assert ours(found) == wanted
    assert (found.health.damaged, found.health.foreign, found.health.ungrouped) == (0, 0, 0)


def test_all_of_sepolgens_messages_are_counted() -> None:
    counts = [summary_of([path_of(name)]).denials for name in _LOGS]
    assert counts == [6983, 1815, 6, 21, 17]


@pytest.mark.parametrize("name", _LOGS)
def test_the_access_asked_for_is_sepolgens(name: str) -> None:
    try:
        run = subprocess.run(
            ["/usr/bin/python3", "-c", _SEPOLGEN, str(path_of(name))],
            capture_output=True,
            timeout=120,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("sepolgen is not installed beside the system's Python")
    wanted: Access = {}
    for source, target, class_, permissions in json.loads(run.stdout)["found"]:
        wanted.setdefault((source, target, class_), set()).update(permissions)
    found = ours(summary_of([path_of(name)]))
    for key, permissions in wanted.items():
        assert found[key] == permissions, key


@pytest.mark.parametrize("name", _LOGS)
def test_what_is_counted_by_shape_is_what_single_decoding_gives(name: str) -> None:
    file = log(path_of(name).read_bytes())
    single: dict[tuple[str, str, str, Outcome], int] = {}
    paths: dict[str, int] = {}
    for denial in read_denials([file]):
        one = denial.selinux
        assert one is not None
        key = (context_type(one.source), context_type(one.target), one.class_, denial.outcome)
        single[key] = single.get(key, 0) + 1
        if denial.process.exe:
            paths[denial.process.exe] = paths.get(denial.process.exe, 0) + 1
    grouped: dict[tuple[str, str, str, Outcome], int] = {}
    exes: dict[str, int] = {}
    for group in summary_of([path_of(name)]).groups:
        key = (group.source, group.target, group.class_, group.outcome)
        grouped[key] = grouped.get(key, 0) + group.count
        for exe, count in group.exes.values.items():
            exes[exe] = exes.get(exe, 0) + count
    assert grouped == single
    assert exes == paths


def reference(text: str) -> list[dict[str, str]]:
    """The records of the first walk through test.log: field by field, without quotes."""
    start = text.index("event 1 has 4 records\n    record 1 of type 1400(AVC)")
    walk = text[start : text.index("\nevent 2", start)]
    blocks = re.split(r"\n    record [0-9]+ of ", walk)[1:]
    return [
        {key: value.strip('"') for key, value in re.findall(r"(?m)^ {8}([^=]+)=(.*)$", block)}
        for block in blocks
    ]


def test_fields_are_those_of_auparses_reference() -> None:
    folder = corpus("auparse-logs") / "auparse/test"
    wanted = reference((folder / "auparse_test.ref").read_text())
    (event,) = read_events([log((folder / "test.log").read_bytes())])
    found = []
    for record in event.records:
        verdict = {"seresult": record.verdict, "seperms": ",".join(record.permissions)}
        found.append({"type": record.type, **(verdict if record.verdict else {}), **record.fields})
    assert found == wanted
    assert [record.where.line for record in event.records] == [1, 2, 3, 4]
    assert event.id is not None
    assert (event.id.seconds, event.id.milliseconds, event.id.serial) == (1170021493, 977, 293)


_DIAGNOSES = {
    "automount_exec_config": ("automount_t", "automount_lock_t", "file", "execute", "/etc/auto.net"),
    "bind_ports": ("httpd_t", "reserved_port_t", "tcp_socket", "name_bind", ""),
    "ftp_home_dir": ("ftpd_t", "home_root_t", "dir", "search", ""),
    "httpd_enable_cgi": ("httpd_t", "httpd_sys_script_exec_t", "file", "execute", "/var/www/cgi-bin"),
    "public_content": ("ftpd_t", "httpd_sys_content_t", "file", "getattr", "/home/devel/dwalsh/public_html"),
    "restorecon": ("nsplugin_t", "usr_t", "file", "execute", "/opt/real/RealPlayer/mozilla/nphelix.so"),
    "qemu_blk_image": ("qemu_t", "fixed_disk_device_t", "blk_file", "read", ""),
}


@pytest.mark.parametrize(("name", "wanted"), _DIAGNOSES.items())
def test_setroubleshoots_logs_are_read_to_the_path(name: str, wanted: tuple[str, ...]) -> None:
    path = corpus("setroubleshoot-logs") / "framework/test/data/audit" / f"{name}.log"
    (denial,) = read_denials([log(path.read_bytes())])
    one = denial.selinux
    assert one is not None
    types = (context_type(one.source), context_type(one.target))
    assert (*types, one.class_, *one.permissions, denial.path) == wanted
    assert denial.process.exe
    assert denial.host
