"""Compares hardcheck with setools on the same policies and questions, in one run.

    python -m benchmarks.policy.run [--corpora FOLDER] [--repeat N] [--json FILE]

Programs are started in turns, so that a busy machine is busy for both. Reported are medians of
the CPU time (user and system, children included), of wall time, and the largest resident size;
what counts are the ratios. Needs sesearch and sediff (Debian's setools) and secilc.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.policy import fedora_size

CHECKOUT = Path(__file__).parents[2]
CORPUS = "selinux-policies-debian12"
QUESTION = ("httpd_t", "shadow_t", "file", "read")
FEDORA_QUESTION = ("domain7_t", "file7_t", "file", "read")


class Measured(dict[str, float]):
    """Medians of several runs of one program: cpu_s, wall_s, and the largest peak_mb."""


def once(command: list[str]) -> tuple[float, float, float]:
    """Run a program; return CPU seconds, wall seconds and peak megabytes."""
    started = time.perf_counter()
    null = subprocess.DEVNULL
    child = subprocess.Popen(command, stdout=null, stderr=null, cwd=CHECKOUT)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if child.returncode not in (0, 1, 3):  # hardcheck: 1 a no, 3 something unknown
        raise SystemExit(f"{command} ended with {child.returncode}")
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def in_turns(commands: dict[str, list[str]], repeat: int) -> dict[str, Measured]:
    runs: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
    for _ in range(repeat):
        for name, command in commands.items():
            runs[name].append(once(command))
    return {
        name: Measured(
            cpu_s=statistics.median(run[0] for run in its),
            wall_s=statistics.median(run[1] for run in its),
            peak_mb=max(run[2] for run in its),
        )
        for name, its in runs.items()
    }


def cold(policy: Path, question: tuple[str, str, str, str], repeat: int) -> dict[str, Measured]:
    """A first answer, interpreter and imports included."""
    source, target, class_, permission = question
    hardcheck = Path(sys.executable).with_name("hardcheck")
    library = (
        "import sys; from hardcheck.selinux import Policy; p = Policy.read(sys.argv[1]); s = p.names.types;"
        "show = lambda name: p.labels.show(p.typical.of(s[name]));"
        "p.decide(show(sys.argv[2]), show(sys.argv[3]), sys.argv[4], sys.argv[5])"
    )
    return in_turns(
        {
            "ask": [str(hardcheck), "ask", str(policy), f"may {source} {permission} {target}:{class_}"],
            "library": [sys.executable, "-c", library, str(policy), *question],
            "sesearch": [
                "sesearch",
                "-A",
                "-s",
                source,
                "-t",
                target,
                "-c",
                class_,
                "-p",
                permission,
                str(policy),
            ],
        },
        repeat,
    )


def difference(old: Path, new: Path, repeat: int) -> dict[str, Measured]:
    library = (
        "import sys; from hardcheck.selinux import Policy; from hardcheck.selinux.diff import diff_policies;"
        "diff_policies(*map(Policy.read, sys.argv[1:]))"
    )
    return in_turns(
        {
            "library": [sys.executable, "-c", library, str(old), str(new)],
            "sediff": ["sediff", str(old), str(new)],
        },
        repeat,
    )


def warm(path: Path) -> dict[str, float]:
    """Rates and times inside one process."""
    from hardcheck.selinux import Policy
    from hardcheck.selinux.domains import DomainGraph
    from hardcheck.selinux.ebitmap import values_of
    from hardcheck.selinux.flow import flows_from
    from hardcheck.selinux.sets import grants, sources

    started = time.process_time()
    policy = Policy.read(path)
    found = {"load_s": time.process_time() - started}
    rng = random.Random(3)
    domains = list(values_of(policy.types.domains))
    types = list(values_of(policy.types.every))
    show, typical = policy.labels.show, policy.typical
    questions = [
        (
            show(typical.of(rng.choice(domains))),
            show(typical.of(rng.choice(types))),
            rng.choice(list(policy.names.classes)),
        )
        for _ in range(30_000)
    ]
    for question in questions[:1000]:
        policy.access(*question)
    started = time.process_time()
    for question in questions:
        policy.access(*question)
    found["decisions_per_s"] = len(questions) / (time.process_time() - started)
    widest = max(domains, key=lambda type_: len(policy.decider.attributes(type_)))
    file = policy.names.classes["file"]
    graph = DomainGraph(policy)
    sets: dict[str, Callable[[], object]] = {
        "what_may_widest": lambda: grants(policy, typical.of(widest)),
        "who_may_read": lambda: sources(policy, typical.of(types[100]), file, file.masks["read"]),
        "flows_from_widest": lambda: flows_from(policy, policy.names.type_name(widest)),
        "steps_from_widest": lambda: graph.steps_from(typical.of(widest)),
        "reachable_from_widest": lambda: graph.reachable(typical.of(widest)),
        "steps_to_widest": lambda: graph.steps_to(widest),
    }
    for name, ask in sets.items():
        ask()
        started = time.process_time()
        ask()
        found[f"{name}_ms"] = 1000 * (time.process_time() - started)
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def unpack(corpora: Path, folder: Path) -> Path:
    with tarfile.open(corpora / f"{CORPUS}.tar.xz") as tar:
        tar.extractall(folder, filter="data")
    return next(folder.glob("*/debian12-default")).parent


def fedora(folder: Path) -> Path:
    """Generate and compile the policy of Fedora's size."""
    source, goal = folder / "fedora.cil", folder / "fedora.33"
    with source.open("w") as output:
        for statement in fedora_size.statements(random.Random(1)):
            output.write(statement + "\n")
    subprocess.run(["secilc", "-N", "-c", "33", "-f", os.devnull, "-o", goal, source], check=True)
    return goal


def table(name: str, measured: dict[str, Measured], other: str) -> None:
    print(f"\n{name}")
    for program, values in measured.items():
        ratio = values["cpu_s"] / measured[other]["cpu_s"]
        print(
            f"  {program:10} {values['cpu_s']:7.2f} s CPU  {values['wall_s']:7.2f} s wall"
            f"  {values['peak_mb']:7.0f} MB   {ratio:5.2f} of {other}'s CPU"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = os.environ.get("HARDCHECK_CORPORA", CHECKOUT.parent / "shared" / "corpora")
    parser.add_argument("--corpora", type=Path, default=default)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    options = parser.parse_args()
    for program in ("sesearch", "sediff", "secilc"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is not installed")
    results: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as name:
        debian = unpack(options.corpora, Path(name))
        policies = {"debian": (debian / "debian12-default/policy.33", QUESTION)}
        policies["fedora-size"] = (fedora(Path(name)), FEDORA_QUESTION)
        for policy_name, (path, question) in policies.items():
            results[f"{policy_name} cold"] = measured = cold(path, question, options.repeat)
            table(f"{policy_name}: a first answer", measured, "sesearch")
            results[f"{policy_name} warm"] = figures = warm(path)
            print(f"{policy_name}: in one process")
            for what, value in figures.items():
                print(f"  {what:26} {value:10.3f}" if value < 10 else f"  {what:26} {value:10.0f}")
        paths = [debian / f"debian12-{kind}/policy.33" for kind in ("default", "mls")]
        results["difference"] = measured = difference(*paths, 1)
        table("debian default against mls: semantic difference", measured, "sediff")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
