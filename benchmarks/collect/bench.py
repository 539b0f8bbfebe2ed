"""How many hosts a second, at what cost, against ssh(1) and Ansible, in one run on this machine.

    python -m benchmarks.collect.bench [--hosts 200] [--rounds 3] [--ansible-hosts 40] [--at-once 50 500]

Every client fetches the same number of bytes from hosts on 127.0.0.1 (see `benchmarks.collect.fleet`).
CPU is that of the client with all its child processes, start-up included; hosts a second depend on what
else runs. The rounds go through the clients in turn, and the table has the median of each. 500 at once
start some two thousand processes: ask for them only on a machine of one's own.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tabulate import tabulate

from benchmarks.collect.fleet import Hosts, set_up

SCRIPTS = Path(sys.executable).parent


class Measured:
    """One client's run over so many hosts."""

    def __init__(self, hosts: int, wall_s: float, cpu_s: float, peak_mb: float) -> None:
        self.hosts, self.wall_s, self.cpu_s, self.peak_mb = hosts, wall_s, cpu_s, peak_mb

    @property
    def rate(self) -> float:
        return self.hosts / self.wall_s

    @property
    def cpu_ms(self) -> float:
        return self.cpu_s / self.hosts * 1000


def measure(
    command: list[str], hosts: int, env: dict[str, str], ok: tuple[int, ...] = (0,), stdin: str = ""
) -> Measured:
    """Run a client; CPU of it and its children, and the peak of its largest process."""
    with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+") as said:
        given.write(stdin)
        given.seek(0)
        started = time.monotonic()
        process = subprocess.Popen(command, stdin=given, stdout=subprocess.DEVNULL, stderr=said, env=env)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in ok:
            said.seek(0)
            sys.exit(f"bench: {command[0]} ended with {process.returncode}: {said.read()[-2000:]}")
    return Measured(hosts, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


class Bench:
    """The clients, each with its command."""

    def __init__(self, hosts: Hosts, folder: Path, forks: int) -> None:
        self.hosts, self.folder, self.forks = hosts, folder, forks
        self.recorded, self.plain = hosts.serve(forced=True), hosts.serve(forced=False)
        self.env = {
            **os.environ,
            "XDG_CACHE_HOME": str(folder / "cache"),
            "ANSIBLE_SSH_ARGS": "-o KexAlgorithms=curve25519-sha256 -o ControlMaster=no",
            "ANSIBLE_LOCAL_TEMP": str(folder / "ansible"),
            "ANSIBLE_REMOTE_TEMP": str(folder / "remote"),
        }
        self.env.pop("SSH_AUTH_SOCK", None)
        # The policy and profile files of this machine are known after this, as those of a fleet are.
        local = [str(SCRIPTS / "hardcheck"), "collect", "local", "-o", str(folder / "local"), "--quiet"]
        measure(local, 1, self.env)

    def collect(self, count: int, port: int | None = None, forks: int | None = None) -> Measured:
        out = self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        names, home = self.hosts.plain_list(port or self.recorded, count)
        command = [str(SCRIPTS / "hardcheck"), "collect", "-i", str(names), "-o", str(out), "--quiet"]
        # The hosts share this machine's processors, so a login may take as long as all of them together.
        patience = ["--connect-timeout", "300", "--idle-timeout", "300", "--timeout", "900"]
        env = self.env | {"HOME": str(home)}
        done = measure([*command, *patience, "--forks", str(forks or self.forks)], count, env)
        bundles = len(list((out / "bundles").iterdir()))
        if bundles != count:
            sys.exit(f"bench: {bundles} bundles of {count} hosts")
        return done

    def transport_alone(self, count: int) -> Measured:
        names, home = self.hosts.plain_list(self.recorded, count)
        command = [sys.executable, "-m", "benchmarks.collect.transport_alone", str(names), str(self.forks)]
        return measure(command, count, self.env | {"HOME": str(home)})

    def ssh(self, count: int) -> Measured:
        config = self.hosts.ssh_config(self.plain)
        each = ["ssh", "-F", str(config), "HOST", "cat", str(self.hosts.folder / "bytes")]
        command = ["xargs", "-P", str(self.forks), "-I", "HOST", *each]
        names = "".join(f"host{n:04d}\n" for n in range(count))
        # xargs waits for its children, so their time is in its own account.
        return measure(command, count, self.env, stdin=names)

    def ansible(self, module: list[str], count: int) -> Measured:
        inventory = self.hosts.inventory(f"ansible{count}", self.plain, count)
        command = [str(SCRIPTS / "ansible"), "-i", str(inventory), "all", "-f", str(self.forks), *module]
        return measure(command, count, self.env)

    def run(self, count: int, ansible_count: int, rounds: int) -> dict[str, list[Measured]]:
        raw = ["-m", "raw", "-a", f"cat {self.hosts.folder / 'bytes'}"]
        clients: dict[str, Callable[[], Measured]] = {
            "hardcheck collect": lambda: self.collect(count),
            "its SSH alone": lambda: self.transport_alone(count),
            "ssh HOST cat (xargs -P)": lambda: self.ssh(count),
            "ansible -m raw": lambda: self.ansible(raw, ansible_count),
            "ansible -m setup": lambda: self.ansible(["-m", "setup"], ansible_count),
        }
        found: dict[str, list[Measured]] = {name: [] for name in clients}
        for _ in range(rounds):
            for name, client in clients.items():
                found[name].append(client())
        return found


def table(found: dict[str, list[Measured]]) -> str:
    """The medians, and how they stand to hardcheck's."""
    rate = {name: statistics.median(m.rate for m in runs) for name, runs in found.items()}
    cpu = {name: statistics.median(m.cpu_ms for m in runs) for name, runs in found.items()}
    ours = next(iter(found))
    rows = [
        (
            name,
            runs[0].hosts,
            f"{rate[name]:.1f}",
            f"{rate[ours] / rate[name]:.2f}",
            f"{cpu[name]:.1f}",
            f"{cpu[name] / cpu[ours]:.2f}",
            f"{max(m.peak_mb for m in runs):.0f}",
        )
        for name, runs in found.items()
    ]
    headers = (
        "client",
        "hosts",
        "hosts/s",
        "ours is x as fast",
        "client CPU ms/host",
        "x our CPU",
        "peak MB",
    )
    return tabulate(rows, headers, tablefmt="github", disable_numparse=True)


def memory(bench: Bench, counts: tuple[int, ...]) -> str:
    """Peak memory of the controller with that many hosts open at once."""
    rows = []
    for count in counts:
        port = bench.hosts.serve(forced=True, hold_s=max(5, count // 20))
        done = bench.collect(count, port, forks=count)
        rows.append((count, f"{done.peak_mb:.0f}", f"{done.wall_s:.1f}", f"{done.cpu_ms:.1f}"))
    return tabulate(rows, ("hosts at once", "peak MB", "seconds", "client CPU ms/host"), tablefmt="github")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--ansible-hosts", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--forks", type=int, default=32)
    parser.add_argument("--memory", action="store_true", help="only the memory, with so many hosts at once")
    parser.add_argument("--at-once", type=int, nargs="*", default=(50,))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: stopped"))  # ends the servers, removes the keys
    set_up()
    with tempfile.TemporaryDirectory(prefix="hardcheck-bench-") as name:
        hosts = Hosts(Path(name))
        try:
            bench = Bench(hosts, Path(name), options.forks)
            print(f"{hosts.size} bytes a host, {options.forks} at once, {os.cpu_count()} processors\n")
            if not options.memory:
                print(table(bench.run(options.hosts, options.ansible_hosts, options.rounds)), "\n")
            print(memory(bench, tuple(options.at_once)))
        finally:
            hosts.close()


if __name__ == "__main__":
    main()
