"""Read, join and explain denials, beside ausearch, audit2why and aa-logprof's parser, in one run.

    python -m benchmarks.denials [--quick] [--large] [--json FILE]

Programs are started in turns on the same files; what counts are the ratios. Reported is processor time
(user and system), the least of three, and the largest resident size, which for a child is never below ours:

* reading: an audit log of 400,000 lines, read, joined and grouped, against ``ausearch --raw -m AVC``;
* AppArmor: a log of 60,000 lines, against the reader of aa-logprof (``apparmor.logparser``);
* triage: sepolgen's larger log with Debian's policy, causes and cures for every message, against
  ``audit2why -p`` with the same policy: interpreter, imports and the reading of the policy included;
* memory: the same kind of log through a pipe, ten times as long (with --large 1 GB).

What is missing is installed where root and apt-get allow it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from benchmarks.denials.logs import apparmor_log, audit_log

CHECKOUT = Path(__file__).parents[2]
PACKAGES = {
    "ausearch": "auditd",
    "audit2why": "policycoreutils-python-utils",
    "aa-logprof": "apparmor-utils",
}
SEARCH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
# Compiled modules are kept from the first round on, as they are where hardcheck is installed.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
WANTED_LINES_A_SECOND = 150_000
WANTED_TRIAGE = 0.1
GIGABYTE = 1 << 30
_READ = """
import sys
from hardcheck.denials.lines import read_blocks
from hardcheck.denials.reading import LogFile, read_logs
found = read_logs([[LogFile("log", lambda: read_blocks(sys.stdin.buffer))]])
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(found.health.lines, found.denials, len(found.groups), found.health.whole, peak)
"""
_LOGPARSER = """
import sys
import apparmor.aa as aa
from apparmor.logparser import ReadLog
aa.active_profiles = type("Any", (), {"profile_exists": lambda *_: True, "filename_from_profile_name":
    lambda *_: "/x"})()
reader = ReadLog(sys.argv[1], aa.active_profiles, "")
print(sum(len(found) for found in reader.read_log("").values()))
"""


class Cost(NamedTuple):
    """What one run of a program took, and what it printed last."""

    cpu_s: float
    peak_mb: float
    said: str


def run(command: list[str], stdin: Path | None = None) -> Cost:
    """Run a program to its end, reading a file on its standard input where one is given."""
    with tempfile.TemporaryFile() as out, (stdin or Path(os.devnull)).open("rb") as source:
        null = subprocess.DEVNULL
        child = subprocess.Popen(
            command, stdin=source, stdout=out, stderr=null, cwd=CHECKOUT, env=ENVIRONMENT
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        lines = out.read().splitlines()
    if child.returncode not in (0, 1):  # hardcheck: 1 for a denial that is open
        raise SystemExit(f"{command[:3]} ended with {child.returncode}")
    said = lines[-1].decode(errors="replace") if lines else ""
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said)


def in_turns(commands: dict[str, tuple[list[str], Path | None]], rounds: int) -> dict[str, Cost]:
    """Run the programs one after the other, several times; the cheapest run of each counts."""
    best: dict[str, Cost] = {}
    for _ in range(rounds):
        for name, (command, stdin) in commands.items():
            cost = run(command, stdin)
            best[name] = min(best.get(name, cost), cost)
    return best


def need_tools() -> dict[str, str]:
    """The paths of the peers, installed where that can be; those that stay missing are left out."""
    missing = sorted({package for tool, package in PACKAGES.items() if not shutil.which(tool, path=SEARCH)})
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        line = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends"]
        quiet = {"stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run([*line, *missing], check=False, **quiet)  # type: ignore[call-overload] # same for all
    found = {tool: shutil.which(tool, path=SEARCH) for tool in PACKAGES}
    return {tool: path for tool, path in found.items() if path}


def write(path: Path, events: Iterable[bytes]) -> int:
    """Write a log; return its lines."""
    lines = 0
    with path.open("wb") as file:
        for event in events:
            file.write(event)
            lines += event.count(b"\n")
    return lines


def reading(folder: Path, tools: dict[str, str], scale: int, rounds: int) -> dict[str, object]:
    """Lines a second, read and joined, of an audit log."""
    path = folder / "audit.log"
    lines = write(path, audit_log(115_000 // scale))
    commands: dict[str, tuple[list[str], Path | None]] = {"hardcheck": ([sys.executable, "-c", _READ], path)}
    if "ausearch" in tools:
        search = [tools["ausearch"], "--raw", "-m", "AVC", "-if", str(path)]
        commands["ausearch --raw"] = (search, None)
    return told(in_turns(commands, rounds), lines)


def apparmor(folder: Path, tools: dict[str, str], scale: int, rounds: int) -> dict[str, object]:
    """Lines a second of an AppArmor log."""
    path = folder / "apparmor.log"
    lines = write(path, apparmor_log(20_000 // scale))
    commands: dict[str, tuple[list[str], Path | None]] = {"hardcheck": ([sys.executable, "-c", _READ], path)}
    if "aa-logprof" in tools:
        commands["aa-logprof's parser"] = (["/usr/bin/python3", "-c", _LOGPARSER, str(path)], None)
    return told(in_turns(commands, rounds), lines)


def corpus(name: str) -> Path:
    """Where a corpus is unpacked; asked in another process, since this one's size counts for its children."""
    code = f"from tests.corpora import corpus; print(corpus({name!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CHECKOUT
    )
    return Path(done.stdout.strip())


def triage(tools: dict[str, str], rounds: int) -> dict[str, object]:
    """Causes and cures of sepolgen's larger log, by Debian's policy."""
    log = corpus("sepolgen-logs") / "python/sepolgen/tests/test_data/httpd.log"
    policy = corpus("selinux-policies-debian12") / "debian12-default"
    binary = str(policy / "policy.33")
    ours = [sys.executable, "-m", "hardcheck", "denials", str(log), "--policy", binary]
    ours += ["--file-contexts", str(policy / "contexts"), "--json"]
    commands: dict[str, tuple[list[str], Path | None]] = {"hardcheck": (ours, None)}
    if "audit2why" in tools:
        commands["audit2why -p"] = ([tools["audit2why"], "-p", binary, "-i", str(log)], None)
    return told(in_turns(commands, rounds), log.read_bytes().count(b"\n"))


def told(costs: dict[str, Cost], lines: int) -> dict[str, object]:
    """The figures of one comparison; ratios are ours to the peer's."""
    ours = costs["hardcheck"]
    found: dict[str, object] = {"lines": lines}
    for name, cost in costs.items():
        found[f"{name}, CPU s"] = round(cost.cpu_s, 2)
        found[f"{name}, peak MB"] = round(cost.peak_mb)
        if name != "hardcheck":
            found[f"CPU of {name} / ours"] = round(cost.cpu_s / ours.cpu_s, 2)
            found[f"memory of {name} / ours"] = round(cost.peak_mb / ours.peak_mb, 2)
    found["lines a second"] = round(lines / ours.cpu_s)
    return found


def memory(size: int) -> dict[str, object]:
    """The peak of a log of some size, given through a pipe so that no file is needed."""
    reader = subprocess.Popen([sys.executable, "-c", _READ], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert reader.stdin is not None
    assert reader.stdout is not None
    written = 0
    part: list[bytes] = []
    for event in audit_log(size // 500):
        part.append(event)
        if len(part) == 1000:
            block = b"".join(part)
            part.clear()
            reader.stdin.write(block)
            written += len(block)
            if written >= size:
                break
    reader.stdin.close()
    said = reader.stdout.read().decode().strip()
    _, _, usage = os.wait4(reader.pid, 0)
    reader.returncode = 0
    cpu = usage.ru_utime + usage.ru_stime
    lines = int(said.split()[0])
    return {
        "MB": round(written / (1 << 20)),
        "lines": lines,
        "lines a second": round(lines / cpu),
        "peak MB": round(int(said.split()[-1]) / 1024),  # its own; a child's maximum begins with our size
        "denials": int(said.split()[1]),
    }


def main() -> int:
    """Run the benchmark and print it; exit code 1 where a target is missed."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="two rounds, a tenth of the lines")
    options.add_argument("--large", action="store_true", help="read 1 GB for the figure of memory")
    options.add_argument("--json", type=Path, metavar="FILE")
    chosen = options.parse_args()
    rounds, scale = (2, 10) if chosen.quick else (3, 1)
    tools = need_tools()
    results: dict[str, dict[str, object]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ENVIRONMENT["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
        results["an audit log, read and joined"] = reading(folder, tools, scale, rounds)
        results["an AppArmor log"] = apparmor(folder, tools, scale, rounds)
        results["triage of sepolgen's larger log"] = triage(tools, rounds)
    small = GIGABYTE // 100 // scale
    results["memory, a short log"] = memory(small)
    results["memory, a long log"] = memory(GIGABYTE if chosen.large else small * 10)
    for title, result in results.items():
        print(f"\n{title}")
        for key, value in result.items():
            print(f"  {key:36} {value}")
    if chosen.json:
        chosen.json.write_text(json.dumps(results, indent=2))
    return verdict(results)


def verdict(results: dict[str, dict[str, object]]) -> int:
    """Compare with the targets."""
    speed = results["an audit log, read and joined"]["lines a second"]
    ratio = results["triage of sepolgen's larger log"].get("CPU of audit2why -p / ours")
    print(f"\nlines a second: {speed}, wanted {WANTED_LINES_A_SECOND}")
    met = isinstance(speed, int) and speed >= WANTED_LINES_A_SECOND
    if isinstance(ratio, float):
        print(f"triage in 1/{ratio:g} of audit2why's CPU, wanted 1/{1 / WANTED_TRIAGE:g}")
        met = met and ratio >= 1 / WANTED_TRIAGE
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
