"""What asking all attack goals costs: one host cold and with its policy decoded, and a fleet.

    python -m benchmarks.exposure.run [--corpora FOLDER] [--repeat N] [--hosts 1000] [--json FILE]

One recorded host (five services, two web sites) under Debian 12's two policies and one of Fedora's size.
Figures are medians of CPU seconds, user and system, children included; other work on the machine moves
wall time more. Beside them, in the same run, stands what setools needs for a part of it: one search of the
rules of one domain (``sesearch -A -s DOMAIN``), which has no grades, modes, constraints, booleans or chains.

* cold: ``hardcheck exposure BUNDLE --json``, interpreter and imports included. Mark: 2 s.
* another setting: a host with the same policy and other booleans, in one process. Mark: 0.3 s.
* same policy: a host with the same policy and booleans, in one process.
* fleet: as many hosts as asked for, the three policies in turn, in two worker processes, from bundles to the
  part of the report. Mark: 60 s wall for 1,000 hosts on two free cores.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

from benchmarks.exposure.hosts import Recorded, recorded_host
from benchmarks.policy.run import fedora, in_turns, table, unpack
from hardcheck.cli.knowledge import load_exposing
from hardcheck.derive import DERIVED
from hardcheck.engine.judge import Setup, make_setup
from hardcheck.engine.report import Workers, build_report
from hardcheck.evidence import HostEvidence
from hardcheck.evidence.bundle import write_bundle
from hardcheck.exposure.exposing import expose
from hardcheck.exposure.goals import load_goals
from hardcheck.exposure.host import Host, host_of
from hardcheck.exposure.services import services_of
from hardcheck.parse import PARSERS
from hardcheck.selinux.access import SelinuxPolicy

CHECKOUT = Path(__file__).parents[2]
PROCESSES = 2


def kinds(folder: Path, corpora: Path) -> dict[str, tuple[Path, HostEvidence]]:
    """The policy file and the host of each kind."""
    debian = unpack(corpora, folder)
    found = {}
    for name in ("default", "mls"):
        policy = debian / f"debian12-{name}" / "policy.33"
        files = policy.parent / "contexts" / "files"
        contexts = {path.name: path.read_bytes() for path in files.iterdir()}
        found[f"debian {name}"] = (policy, recorded_host(name, policy.read_bytes(), contexts, foreign=False))
    policy = fedora(folder)
    found["fedora size"] = (
        policy,
        recorded_host("fedora", policy.read_bytes(), contexts, foreign=True),
    )
    return found


def domain_of(host: Host) -> str:
    """The domain of its web server."""
    services = services_of(host)
    assert isinstance(services, tuple)
    (web,) = (service for service in services if service.name == "nginx")
    return web.labels[0].split(":")[2]


def in_one_process(evidence: HostEvidence, repeat: int) -> dict[str, float]:
    """CPU seconds of a first host, of one with other booleans and of one with the same."""
    goals = load_goals()

    def spent(host: Host) -> float:
        started = time.process_time()
        found = expose(host, goals)
        assert found.services
        assert not found.unknown
        return time.process_time() - started

    first = spent(host_of(evidence))
    other, same = [], []
    for number in range(repeat):
        host = host_of(evidence)
        assert isinstance(host.policy, SelinuxPolicy)
        names = list(host.policy.policy.booleans)
        state = {names[number]: not host.policy.policy.booleans[names[number]]}
        changed = SelinuxPolicy(host.policy.policy.with_booleans(state), host.policy.file_contexts)
        other.append(spent(host.assuming(changed)))
        same.append(spent(host_of(evidence)))
    return {
        "first": first,
        "another setting": statistics.median(other),
        "same policy": statistics.median(same),
    }


def exposing_setup() -> Setup:
    """No rules, all attack goals. A module's function, so that workers can call it."""
    return msgspec.structs.replace(make_setup((), PARSERS, DERIVED), exposing=load_exposing())


def fleet(bundles: list[Path], count: int) -> tuple[float, float]:
    """Wall and CPU seconds for a fleet."""
    hosts = [Recorded(f"host{number}", bundles[number % len(bundles)]) for number in range(count)]
    before, started = _children(), time.perf_counter()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as executor:
        report = build_report(hosts, exposing_setup(), (), workers=Workers(executor, exposing_setup))
    wall = time.perf_counter() - started
    assert all(host.exposure and host.exposure.services for host in report.hosts)
    return wall, _children() - before


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = os.environ.get("HARDCHECK_CORPORA", CHECKOUT.parent / "shared" / "corpora")
    parser.add_argument("--corpora", type=Path, default=default)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    options = parser.parse_args()
    for program in ("sesearch", "secilc"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is not installed")
    results: dict[str, object] = {}
    hardcheck = str(Path(sys.executable).with_name("hardcheck"))
    with tempfile.TemporaryDirectory() as name:
        bundles = []
        for kind, (policy, evidence) in kinds(Path(name), options.corpora).items():
            bundles.append(Path(name) / f"{evidence.host.name}.evidence.zip")
            write_bundle(evidence, bundles[-1])
            domain = domain_of(host_of(evidence))
            commands = {
                "exposure": [hardcheck, "exposure", str(bundles[-1]), "--json"],
                "sesearch": ["sesearch", "-A", "-s", domain, str(policy)],
            }
            results[f"{kind} cold"] = measured = in_turns(commands, options.repeat)
            table(f"{kind}: all goals of all services, cold", measured, "sesearch")
            results[kind] = figures = in_one_process(evidence, options.repeat)
            for what, seconds in figures.items():
                print(f"  {what:16} {seconds:7.3f} s CPU in one process")
        wall, cpu = fleet(bundles, options.hosts)
        results["fleet"] = {"hosts": options.hosts, "wall_s": wall, "cpu_s": cpu}
        print(f"\nfleet of {options.hosts}, {len(bundles)} policies: {wall:.1f} s wall, {cpu:.1f} s CPU")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
