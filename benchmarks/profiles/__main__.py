"""Read whole collections of AppArmor profiles, beside AppArmor's own tools, in one run.

    python -m benchmarks.profiles [--quick] [--json]

Measured is processor time (user and system, children included), best of three: other work on the machine
moves wall time more than the programs do.

* reading: parse and resolve every profile of Debian 12, Debian 13 and apparmor.d, against
  ``apparmor_parser -p`` (preprocess) on the same files, one process for all of them;
* compiling: our tables of file rules and the search for contradictions, against ``apparmor_parser -QKS``;
* AppArmor's Python utilities (``apparmor.aa``) parse the files, where /usr/bin/python3 has them;
* deciding: file questions a second on one core, after compilation.

apparmor_parser 3.0 does not know all of today's language and gives up at the first line that is new to it:
what it says of apparmor.d is the time of the part it read (`refused` says how many files). So both also read
a copy of apparmor.d without what is new (priorities, conditions on the members of a variable, classes of
rules since 3.1), which the old parser reads whole.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from hardcheck.apparmor import FolderSource
from hardcheck.apparmor.conflicts import exec_conflict
from hardcheck.apparmor.file_access import FileTable
from hardcheck.apparmor.includes import Library
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.resolve import Resolver
from hardcheck.apparmor.source import is_skipped
from tests.corpora import corpus
from tests.unit.apparmor.samples import probes_of

SYSTEM_PYTHON = "/usr/bin/python3"
PARSER = shutil.which("apparmor_parser", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
_UTILITIES = """
import sys
from pathlib import Path
import apparmor.aa as aa
aa.init_aa(confdir="/etc/apparmor", profiledir=sys.argv[1])
read = refused = 0
for path in sorted(Path(sys.argv[2]).iterdir()):
    if not path.is_file() or path.name == "README":
        continue
    try:
        aa.read_profile(str(path), True)
        read += 1
    except BaseException:
        refused += 1
print(read, refused)
"""


_NEWER = (
    (re.compile(r"\bpriority=-?\d+[ \t]*"), ""),
    (re.compile(r'(include if exists )"([^"\n]*)"'), r"\1<\2>"),
    (re.compile(r'(?:not )?"[^"\n]*" in @\{(\w+)\}'), r"defined @{\1}"),
    (re.compile(r"^[ \t]*(?:(?:audit|deny|allow|prompt)[ \t]+)*(?:userns|mqueue|io_uring)\b.*$", re.M), ""),
    (re.compile(r"^[ \t]*all,", re.M), ""),
    (re.compile(r"^abi <abi/[45]\.0>,", re.M), "abi <abi/3.0>,"),
)


def cpu_of(work: Callable[[], object], rounds: int) -> float:
    """Return the least processor time of some rounds, in seconds."""
    best = float("inf")
    for _ in range(rounds):
        before = _used()
        work()
        best = min(best, _used() - before)
    return best


def _used() -> float:
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total


def policy_files(folder: Path) -> list[Path]:
    """Return the files of a folder that are policy."""
    return [path for path in sorted(folder.iterdir()) if path.is_file() and not is_skipped(path.name)]


def read_all(base: Path, folder: Path) -> list[Profile]:
    """Parse and resolve every file, from nothing."""
    library = Library(FolderSource(folder, base), str(base))
    resolver = Resolver(library)
    found: list[Profile] = []
    for path in policy_files(folder):
        unit = library.unit(str(path))
        assert unit is not None
        found += resolver.resolve(str(path), unit).profiles
    return found


def compile_all(profiles: list[Profile]) -> None:
    """Compile the file rules of profiles and look for contradictions among their exec rules."""
    for profile in profiles:
        exec_conflict(FileTable(profile))


def write_reduced(source: Path, target: Path) -> None:
    """Write a copy of profiles in the language that apparmor_parser 3.0 knows."""
    for path in source.rglob("*"):
        if path.is_file():
            text = path.read_text("utf-8", "surrogateescape")
            for pattern, replacement in _NEWER:
                text = pattern.sub(replacement, text)
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(text, "utf-8", "surrogateescape")


def run_parser(option: str, base: Path, files: list[Path]) -> int:
    """Run apparmor_parser over files one after the other; return how many it refused."""
    assert PARSER is not None
    command = [PARSER, "-j1", option, "-b", str(base)]
    done = subprocess.run(
        [*command, *map(str, files)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
        text=True,
    )
    return done.stderr.count("AppArmor parser error")


def run_utilities(base: Path, folder: Path) -> tuple[int, int] | None:
    """Let AppArmor's Python utilities read the files; None where they are not installed."""
    done = subprocess.run(
        [SYSTEM_PYTHON, "-c", _UTILITIES, str(base), str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return None
    read, refused = done.stdout.split()[-2:]
    return int(read), int(refused)


def measure(name: str, base: Path, folder: Path, rounds: int) -> dict[str, object]:
    """Measure one collection."""
    files = policy_files(folder)
    profiles = read_all(base, folder)
    found: dict[str, object] = {
        "collection": name,
        "files": len(files),
        "profiles": len(profiles),
        "rules after includes": sum(len(rules) for p in profiles for rules in p.rules.values()),
    }
    ours = cpu_of(lambda: read_all(base, folder), rounds)
    found["read: hardcheck s"] = round(ours, 3)
    if PARSER is not None:
        refused = run_parser("-p", base, files)
        theirs = cpu_of(lambda: run_parser("-p", base, files), rounds)
        found |= {"read: apparmor_parser -p s": round(theirs, 3), "refused": refused}
        found["read: ratio"] = round(theirs / ours, 2)
    before = _used()
    utilities = run_utilities(base, folder)
    if utilities is not None:
        spent = _used() - before
        found |= {"read: python3-apparmor s": round(spent, 3), "utilities refused": utilities[1]}
        found["utilities: ratio"] = round(spent / ours, 1)
    sample = profiles[:: max(1, len(profiles) // 150)]
    spent = cpu_of(lambda: compile_all(sample), 1)
    found["compile: hardcheck ms a profile"] = round(1000 * spent / len(sample), 2)
    if PARSER is not None and name.startswith("debian"):
        spent = cpu_of(lambda: run_parser("-QKS", base, files), 1)
        found["compile: apparmor_parser ms a profile"] = round(1000 * spent / len(profiles), 2)
    return found


def decisions(profiles: list[Profile], seconds: float) -> dict[str, object]:
    """Count decisions a second of the profile with most rules: on paths seen before, and on new ones."""
    profile = max(profiles, key=lambda p: len(p.file_rules))
    table = FileTable(profile)
    rng = random.Random(1)
    paths = probes_of([glob.text for glob, _ in table.forms], 2)
    rng.shuffle(paths)
    started = time.process_time()
    for path in paths:
        table.access(path, True)
    first = len(paths) / (time.process_time() - started)
    count, started = 0, time.process_time()
    while time.process_time() - started < seconds:
        for path in paths:
            table.access(path, True)
        count += len(paths)
    again = count / (time.process_time() - started)
    return {
        "profile": profile.full_name,
        "file rules": len(profile.file_rules),
        "patterns": len(table.forms),
        "paths": len(paths),
        "decisions a second, first time": round(first),
        "decisions a second, after": round(again),
    }


def main() -> int:
    """Run the benchmark and print it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="one round, Debian 12 only")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    rounds = 1 if chosen.quick else 3
    results: list[dict[str, object]] = []
    names = ["debian12"] if chosen.quick else ["debian12", "debian13"]
    for name in names:
        base = corpus(f"apparmor-profiles-{name}") / "etc" / "apparmor.d"
        results.append(measure(name, base, base, rounds))
    root = corpus("apparmor.d-profiles")
    if not chosen.quick:
        results.append(measure("apparmor.d", root / "base", root / "profiles", rounds))
        with tempfile.TemporaryDirectory() as folder:
            for part in ("base", "profiles"):
                write_reduced(root / part, Path(folder, part))
            name = "apparmor.d in the language of AppArmor 3.0"
            results.append(measure(name, Path(folder, "base"), Path(folder, "profiles"), rounds))
    profiles = read_all(root / "base", root / "profiles")
    results.append(decisions(profiles, 2.0))
    if chosen.json:
        json.dump(results, sys.stdout, indent=2)
        print()
        return 0
    for result in results:
        for key, value in result.items():
            print(f"{key:>40}  {value}")
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
