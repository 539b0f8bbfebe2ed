"""Hosts composed of the recorded samples of ``tests/data``, one sample a fact, some of them hardened.

No such host ever was; each item is what a real or documented one would send, so that parsers, derived
facts and rules are met together.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping

import msgspec

from hardcheck.evidence import Evidence, HostEvidence, Reason
from tests.unit.engine.composed_hosting import hosting
from tests.unit.parse import test_mac_samples, test_system_samples
from tests.unit.parse.system_hosts import host, tree

SHAPES = {
    ("debian12-selinux", "debian12"): "apparmor",
    ("debian12-apparmor", "debian12"): "selinux",
    ("rhel9", "debian12-selinux"): "apparmor",
    ("sle15", "debian12-apparmor"): "selinux",
    ("ubuntu2404", "debian12-apparmor", "debian12"): "selinux",
}
"""Which samples are taken first, and the framework that is not there."""
TURNS = 3
"""Where a fact has several samples, as many hosts of a shape take another one each."""

SYSCTLS = {
    "net/ipv4/conf/*/accept_redirects": "0",
    "net/ipv4/conf/*/accept_source_route": "0",
    "net/ipv4/conf/*/log_martians": "1",
    "net/ipv4/conf/*/rp_filter": "1",
    "net/ipv4/conf/*/secure_redirects": "0",
    "net/ipv4/conf/*/send_redirects": "0",
    "net/ipv6/conf/*/accept_ra": "0",
    "net/ipv6/conf/*/accept_redirects": "0",
    "net/ipv6/conf/*/disable_ipv6": "1",
    "net/core/bpf_jit_harden": "2",
    "kernel/kexec_load_disabled": "1",
    "kernel/kptr_restrict": "2",
    "kernel/modules_disabled": "1",
    "kernel/randomize_va_space": "2",
    "kernel/sysrq": "0",
    "kernel/unprivileged_bpf_disabled": "1",
    "kernel/unprivileged_userns_clone": "0",
    "kernel/yama/ptrace_scope": "1",
    "fs/protected_fifos": "2",
    "user/max_user_namespaces": "0",
}
SSHD = {
    "permitrootlogin": "no",
    "passwordauthentication": "no",
    "kbdinteractiveauthentication": "no",
    "permitemptypasswords": "no",
    "logingracetime": "60",
    "maxauthtries": "4",
    "clientaliveinterval": "300",
    "clientalivecountmax": "1",
    "x11forwarding": "no",
    "disableforwarding": "yes",
    "allowusers": "admin",
    "loglevel": "VERBOSE",
    "maxstartups": "10:30:60",
    "rekeylimit": "1073741824 3600",
    "banner": "/etc/issue.net",
    "ciphers": "aes256-gcm@openssh.com,aes256-ctr",
    "macs": "hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com",
    "kexalgorithms": "curve25519-sha256,diffie-hellman-group16-sha512",
    "permituserenvironment": "no",
    "hostbasedauthentication": "no",
    "ignorerhosts": "yes",
    "strictmodes": "yes",
}
PARTITIONS = ("/tmp", "/var", "/var/tmp", "/var/log", "/var/log/audit", "/home", "/boot", "/dev/shm")


@functools.cache
def _samples() -> Mapping[str, tuple[tuple[str, HostEvidence], ...]]:
    found: dict[str, list[tuple[str, HostEvidence]]] = {}
    for module in (test_mac_samples, test_system_samples):
        for path in module.SAMPLES:
            found.setdefault(path.parent.name, []).append((path.stem, module.read(path)))
    return {fact: tuple(samples) for fact, samples in found.items()}


@functools.cache
def hosts() -> tuple[HostEvidence, ...]:
    """Every composed host: plain, hardened, and hardened for many who share it."""
    plain = [composed(shape, turn, without) for shape, without in SHAPES.items() for turn in range(TURNS)]
    shared = (hosting(each) for each in plain[: 2 * TURNS : TURNS])
    return (*plain, *(hardened(each) for each in plain[:: TURNS + 1]), *shared)


def composed(shape: Iterable[str], turn: int, without: str) -> HostEvidence:
    """One sample for each fact: the first that fits the shape, or one as many turns after it."""
    wanted = tuple(shape)
    items: dict[str, Evidence] = {}
    for samples in _samples().values():
        ranked = sorted(samples, key=lambda sample: _rank(sample[0], wanted))
        for key, item in ranked[turn % len(ranked)][1].items.items():
            items.setdefault(key, item)
    for key in [key for key in items if key.startswith(f"{without}.")]:
        items[key] = Evidence(key, "", reason=Reason.NOT_PRESENT)
    return msgspec.structs.replace(host({}), items=items, started_at="2026-11-21T12:00:00Z")


def _rank(name: str, wanted: tuple[str, ...]) -> int:
    exact = [place for place, word in enumerate(wanted) if name == word]
    begins = [50 + place for place, word in enumerate(wanted) if name.startswith(word)]
    return min([*exact, *begins, 99])


def hardened(host_: HostEvidence) -> HostEvidence:
    """The host with the switches of `SYSCTLS` and `SSHD`, and a file system of its own for each part."""
    items = dict(host_.items)
    settings = {
        key.replace("*", interface): value
        for key, value in SYSCTLS.items()
        for interface in (("all", "default") if "*" in key else ("",))
    }
    reading = items["sysctl.values"].text()
    for key, value in settings.items():
        reading = re.sub(rf"^{re.escape(key)}:.*$", f"{key}:{value}", reading, flags=re.MULTILINE)
    lines = "".join(f"{key.replace('/', '.')} = {value}\n" for key, value in settings.items())
    effective = items["sshd.effective"].text()
    for key, value in SSHD.items():
        effective = re.sub(rf"^{key} .*\n", "", effective, flags=re.MULTILINE) + f"{key} {value}\n"
    mounts = items["mounts.mountinfo"].text()
    for number, path in enumerate(PARTITIONS, start=900):
        kept = [line for line in mounts.splitlines(keepends=True) if line.split()[4] != path]
        options = "rw,nosuid,nodev,noexec,relatime"
        kept.append(f"{number} 27 8:{number} / {path} {options} shared:{number} - ext4 /dev/sd{number} rw\n")
        mounts = "".join(kept)
    for key in [key for key in items if key.startswith("sysctl.files")]:
        del items[key]
    changed = host(
        {
            "sysctl.values": reading,
            "sshd.effective": effective,
            "mounts.mountinfo": mounts,
            **tree("sysctl.files", {"/etc/sysctl.d/99-hard.conf": lines}),
        }
    )
    return msgspec.structs.replace(host_, items={**items, **changed.items})
