"""The other kinds of questions for the prober: execs, attachments, sockets, capabilities, peers, mounts."""

from __future__ import annotations

import random
import re
import socket
from collections.abc import Iterator, Mapping

from hardcheck.apparmor import ProfileSet, parse
from hardcheck.apparmor.answers.mounts import MountRequest
from hardcheck.apparmor.decision import decide
from hardcheck.apparmor.objects import (
    CapabilityObject,
    FileObject,
    PeerObject,
    PivotObject,
    ProfileObject,
    SignalObject,
    SocketObject,
    UmountObject,
)
from hardcheck.apparmor.rules import mount_flags as ms
from hardcheck.errors import ProfileError
from tests.live.apparmor_plan import PREFIX, ROOT, Group

PROGRAMS = (
    *("bin/a", "bin/ab", "bin/abc", "bin/b", "bin/b1", "bin/sub/a", "bin/sub/b", "bin/att-exact"),
    *("bin/att-one", "bin/att-two", "bin/att-three", "bin/deep/er/att", "bin/deep/x", "bin/named", "bin/kid"),
    *("bin/kid-two", "bin/tie-a", "bin/tie-b", "bin/long-match-1"),
)
_EXEC_MODES = (
    "ix",
    "px",
    "Px",
    "cx",
    "Cx",
    "ux",
    "Ux",
    "pix",
    "Pix",
    "cix",
    "Cix",
    "pux",
    "PUx",
    "cux",
    "CUx",
)
_EXEC_PATTERNS = (
    *("a", "a*", "ab", "ab*", "b", "b?", "{a,b}", "*", "**", "sub/*", "sub/a", "[ab]", "att-*", "att-one"),
    *("deep/**", "named", "kid", "kid*", "tie-*", "long-*", "[^a]*"),
)
_ATTACHED = """
profile {p}att-exact {r}/bin/att-exact {{ {s} }}
profile {p}att-star {r}/bin/att-* {{ {s} }}
profile {p}att-one {r}/bin/att-o* {{ {s} }}
profile {p}att-deep {r}/bin/deep/** {{ {s} }}
profile {p}att-deep-er {r}/bin/deep/*/att {{ {s} }}
profile {p}tie-one {r}/bin/tie-[a-c] {{ {s} }}
profile {p}tie-two {r}/bin/tie-[a-b] {{ {s} }}
profile {p}long-one {r}/bin/long-* {{ {s} }}
profile {p}long-two {r}/bin/long-*-[0-9] {{ {s} }}
profile {p}long-three {r}/bin/lon{{g,h}}-match-* {{ {s} }}
{r}/bin/att-two {{ {s} }}
"""
_SIGNALLED = "signal receive peer=unconfined,"  # else the prober could not end its children
_NAMED_TARGETS = (f"{PREFIX}att-exact", f"{PREFIX}no-such", f"{PREFIX}att-deep//&{PREFIX}att-star")
_FAMILIES = {
    "inet": socket.AF_INET,
    "inet6": socket.AF_INET6,
    "unix": socket.AF_UNIX,
    "netlink": socket.AF_NETLINK,
}
_TYPES = {"stream": 1, "dgram": 2, "raw": 3, "seqpacket": 5}
_SOCKET_RULES = (
    *("", "network,", "network inet,", "network inet stream,", "network inet tcp,\n network inet6 udp,"),
    *("network unix dgram,", "network stream,", "network netlink,", "network, deny network inet6,"),
    *(
        "network inet,\n audit deny network inet dgram,",
        "network raw,",
        "unix,",
        "deny network unix, network,",
    ),
)
CAPABILITIES = (
    *(
        "chown",
        "dac_override",
        "fowner",
        "setgid",
        "setuid",
        "setpcap",
        "linux_immutable",
        "net_bind_service",
    ),
    *("net_admin", "net_raw", "sys_module", "sys_chroot", "sys_pacct", "sys_admin", "sys_boot", "sys_nice"),
    *("mknod", "lease", "sys_rawio", "ipc_lock", "sys_resource"),
)
_SIGNALS = {"hup": 1, "int": 2, "usr1": 10, "usr2": 12, "term": 15, "winch": 28, "exists": 0}
_PEER_RULES = (
    "signal, ptrace,",
    "signal send, ptrace trace,",
    "signal receive, ptrace tracedby, ptrace readby,",
    f"signal set=(hup,term) peer={PREFIX}peer-[0-3], ptrace read,",
    f"signal (send receive) peer={PREFIX}peer-*, deny signal set=usr1, ptrace peer={PREFIX}peer-2,",
    f"signal set=(exists winch int), ptrace (read readby) peer={PREFIX}peer-*,",
    "",
)
_MOUNT_RULES = (
    *(
        "mount,",
        "mount,\n deny mount fstype=proc,",
        "mount fstype=tmpfs,",
        f"mount fstype=tmpfs -> {ROOT}/m/,",
    ),
    *("mount options=bind,", f"mount options=(bind) {ROOT}/m/ -> {ROOT}/n/,", "mount options=(rw bind),"),
    *("mount options in (rw,nosuid,nodev) tmpfs -> **,", "mount options=(ro,nosuid) fstype={tmpfs,ramfs},"),
    *("remount,", f"remount options=(ro) {ROOT}/m/,", "mount options=(make-private) -> **,", "umount,"),
    *(
        f"umount {ROOT}/n/,",
        f"mount options=move {ROOT}/m/ -> {ROOT}/n/,",
        "mount options=(rw,rbind) -> /**,",
    ),
    *(
        "mount options in (bind) /** -> /**,",
        "mount options=(rw,rslave),",
        "mount options=(remount,rw,bind),",
    ),
    *("mount fstype=(tmpfs ramfs) options=(rw) -> /**/n/,", "audit mount -> /**/m/,", "pivot_root,"),
    *(f"pivot_root oldroot={ROOT}/m/old/,", f"pivot_root {ROOT}/m/,", f"deny mount {ROOT}/**, mount,"),
)


def rest_profiles(rng: random.Random) -> list[str]:
    """Return the profiles for all of these questions."""
    texts = [_ATTACHED.format(p=PREFIX, r=ROOT, s=_SIGNALLED)]
    texts += _exec_profiles(rng)
    texts += [f"profile {PREFIX}net-{n} {{\n {rule}\n}}" for n, rule in enumerate(_SOCKET_RULES)]
    for number in range(8):
        some = [name for name in CAPABILITIES if rng.random() < 0.5]
        rules = f" capability {' '.join(some)},\n" if number else " capability,\n"
        if number % 3 == 1:
            rules += f" deny capability {rng.choice(CAPABILITIES)},\n"
        texts.append(f"profile {PREFIX}cap-{number} {{\n{rules} file,\n network,\n signal,\n}}")
    texts += [
        f"profile {PREFIX}peer-{n} {{\n {rules}\n {_SIGNALLED}\n}}" for n, rules in enumerate(_PEER_RULES)
    ]
    texts += [
        f"profile {PREFIX}mount-{n} {{\n file,\n capability,\n {rule}\n}}"
        for n, rule in enumerate(_MOUNT_RULES)
    ]
    changes = (
        "change_profile,",
        f"change_profile -> {PREFIX}peer-*,",
        f"deny change_profile -> {PREFIX}peer-1,",
    )
    texts += [
        f"profile {PREFIX}change-{n} {{\n {rule}\n change_profile -> {PREFIX}net-0,\n}}"
        for n, rule in enumerate((*changes, ""))
    ]
    return texts


def _exec_profiles(rng: random.Random) -> Iterator[str]:
    """Yield random profiles whose exec rules do not contradict each other (as we see it)."""
    number = 0
    while number < 16:
        lines = []
        for _ in range(rng.randint(2, 5)):
            mode, target = rng.choice(_EXEC_MODES), ""
            if mode[0] in "pPcC" and rng.random() < 0.3:
                target = " -> " + ("kid" if mode[0] in "cC" else rng.choice(_NAMED_TARGETS))
            owner = rng.choice(("", "", "owner "))
            lines.append(
                f"  {owner}{ROOT}/bin/{rng.choice(_EXEC_PATTERNS)} {rng.choice(('', 'r'))}{mode}{target},"
            )
        if rng.random() < 0.3:
            lines.append(f"  deny {ROOT}/bin/{rng.choice(_EXEC_PATTERNS)} x,")
        children = (
            f"  {_SIGNALLED}\n  profile kid {{ {_SIGNALLED} }}\n"
            f"  profile {ROOT}/bin/kid-two {{ {_SIGNALLED} }}\n"
            f"  profile stars {ROOT}/bin/a* {{ {_SIGNALLED} }}\n"
        )
        text = f"profile {PREFIX}exec-{number} {{\n" + "\n".join(lines) + f"\n{children}}}"
        try:
            parse(text, parser_version=(3, 0))
        except ProfileError:
            continue
        number += 1
        yield text


def shipped_profiles(collected: Mapping[str, bytes]) -> list[str]:
    """Return copies of shipped profiles in enforce mode, under names of ours and attached to nothing."""
    found = []
    for name in (
        "usr.sbin.dnsmasq",
        "usr.sbin.avahi-daemon",
        "php-fpm",
        "usr.sbin.smbd",
        "bin.ping",
        "sbin.syslogd",
    ):
        text = collected[f"/etc/apparmor.d/{name}"].decode()
        head = re.search(r"^profile [^\n]*(\{)[ \t]*$", text, re.M)
        assert head is not None, name
        body = text[head.start(1) :]
        found.append(f"profile {PREFIX}shipped-{name} {_balanced(body)}")
    return found


def _balanced(body: str) -> str:
    """Return the text up to the brace that closes the first one (comments have none in these files)."""
    depth = 0
    for position, character in enumerate(body):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if not depth:
            return body[: position + 1]
    raise AssertionError("a profile that is never closed")


def shipped_groups(policy: ProfileSet, rng: random.Random, files: list[tuple[str, int]]) -> Iterator[Group]:
    """Opens of the host's real files; nothing is changed by them."""
    for name in sorted(policy.profiles):
        if not name.startswith(f"{PREFIX}shipped-") or "//" in name:
            continue
        group = Group(name, [], [])
        spoken_of = [one for one in files if policy.file(name, one[0], one[1] == 0).rules]
        chosen = rng.sample(files, min(300, len(files))) + rng.sample(spoken_of, min(150, len(spoken_of)))
        for path, uid in chosen:
            doing = rng.choice(("read", "read", "write", "append", "read-write"))
            group.questions.append({"kind": "file", "do": doing, "path": path, "uid": uid, "given": True})
            words = ("read", "write") if doing == "read-write" else (doing,)
            object_ = FileObject(path, uid == 0)
            group.expected.append(all(decide(policy, name, word, object_).allowed for word in words))
        yield group


def exec_groups(policy: ProfileSet) -> Iterator[Group]:
    """Every program under every exec profile; the expected answer is the label with its mode, or False."""
    for number in range(16):
        name = f"{PREFIX}exec-{number}"
        group = Group(name, [], [], how="exec")
        for program in PROGRAMS:
            path = f"{ROOT}/{program}"
            answer = decide(policy, name, "execute", FileObject(path))
            group.questions.append({"kind": "exec", "path": path})
            group.expected.append(_label(answer.leads_to) if answer.allowed else False)
        yield group


def attachment_groups(policy: ProfileSet) -> Iterator[Group]:
    """Every program executed by an unconfined task; the baseline is the same, so both must be so."""
    group = Group("", [], [], how="exec")
    for program in PROGRAMS:
        path = f"{ROOT}/{program}"
        group.questions.append({"kind": "exec", "path": path})
        group.expected.append(_label(policy.attached(path).name or "unconfined"))
    group.questions.append({"kind": "exec", "path": f"{ROOT}/bin/no-such-program"})
    group.expected.append(False)
    yield group


def _label(name: str) -> str:
    return name if name == "unconfined" else f"{name} (enforce)"


def socket_groups(policy: ProfileSet) -> Iterator[Group]:
    for number in range(len(_SOCKET_RULES)):
        group = Group(f"{PREFIX}net-{number}", [], [])
        for family, family_number in _FAMILIES.items():
            for type_, type_number in _TYPES.items():
                group.questions.append({"kind": "socket", "family": family_number, "type": type_number})
                object_ = SocketObject(family, type_)
                group.expected.append(decide(policy, group.profile, "create", object_).allowed)
        yield group


def capability_groups(policy: ProfileSet) -> Iterator[Group]:
    for number in range(8):
        group = Group(f"{PREFIX}cap-{number}", [], [], how="single", drop=False)
        for name in CAPABILITIES:
            folder = f"{ROOT}/cap"
            question: dict[str, object] = {
                "kind": "capability",
                "name": name,
                "node": f"{folder}/node-{number}",
            }
            question |= {key: f"{folder}/{key}" for key in ("mine", "given", "closed", "theirs")}
            group.questions.append(question)
            group.expected.append(decide(policy, group.profile, "use", CapabilityObject(name)).allowed)
        yield group


def peer_groups(policy: ProfileSet) -> Iterator[Group]:
    names = [f"{PREFIX}peer-{number}" for number in range(len(_PEER_RULES))]
    for sender in names:
        for receiver in names[::2]:
            group = Group(sender, [], [], how="peer", target=receiver)
            for word, number in _SIGNALS.items():
                group.questions.append({"kind": "signal", "signal": number})
                sends = decide(policy, sender, "send", SignalObject(word, receiver)).allowed
                group.expected.append(
                    sends and decide(policy, receiver, "receive", SignalObject(word, sender)).allowed
                )
            for how, back in (("trace", "tracedby"), ("read", "readby")):
                group.questions.append({"kind": "ptrace", "how": how})
                ours = decide(policy, sender, how, PeerObject(receiver)).allowed
                group.expected.append(ours and decide(policy, receiver, back, PeerObject(sender)).allowed)
            yield group


def _mount(source: str, point: str, fstype: str, flags: int) -> dict[str, object]:
    return {
        "kind": "mount",
        "do": "mount",
        "source": source,
        "point": point,
        "fstype": fstype,
        "flags": flags,
    }


def mount_groups(policy: ProfileSet) -> Iterator[Group]:
    m, n = f"{ROOT}/m", f"{ROOT}/n"
    tmpfs = _mount("tmpfs", m, "tmpfs", 0)
    calls: list[tuple[dict[str, object], list[dict[str, object]]]] = [
        (_mount("tmpfs", m, "tmpfs", 0), []),
        (_mount("tmpfs", n, "tmpfs", ms.NOSUID | ms.NODEV), []),
        (_mount("tmpfs", n, "tmpfs", ms.RDONLY | ms.NOSUID), []),
        (_mount("none", m, "ramfs", 0), []),
        (_mount("proc", m, "proc", 0), []),
        (_mount(m, n, "", ms.BIND), []),
        (_mount(m, n, "", ms.BIND | ms.REC), []),
        (_mount("/etc", n, "", ms.BIND), []),
        (_mount("none", m, "", ms.REMOUNT | ms.RDONLY), [tmpfs]),
        (_mount("none", m, "", ms.REMOUNT | ms.NOSUID), [tmpfs]),
        (_mount("none", m, "", ms.REMOUNT | ms.BIND), [tmpfs]),
        (_mount("none", m, "", ms.PRIVATE), [tmpfs]),
        (_mount("none", m, "", ms.SLAVE | ms.REC), [tmpfs]),
        (_mount("none", m, "", ms.SHARED), [tmpfs]),
        (_mount(m, n, "", ms.MOVE), [tmpfs]),
        ({"kind": "mount", "do": "umount", "point": m}, [tmpfs]),
        ({"kind": "mount", "do": "umount", "point": n}, [_mount("tmpfs", n, "tmpfs", 0)]),
        ({"kind": "mount", "do": "pivot_root", "new": m, "old": f"{m}/old"}, [_mount(m, m, "", ms.BIND)]),
    ]
    for number in range(len(_MOUNT_RULES)):
        group = Group(f"{PREFIX}mount-{number}", [], [], how="single", drop=False, mounts=True)
        for question, setup in calls:
            group.questions.append({**question, "setup": setup})
            group.expected.append(_expected_mount(policy, group.profile, question))
        yield group


def _expected_mount(policy: ProfileSet, name: str, question: dict[str, object]) -> bool:
    kind = question["do"]
    if kind == "umount":
        return decide(policy, name, "umount", UmountObject(f"{question['point']}/")).allowed
    if kind == "pivot_root":
        pivot = PivotObject(f"{question['new']}/", f"{question['old']}/")
        return decide(policy, name, "pivot-root", pivot).allowed
    source = str(question["source"])
    if source.startswith("/"):
        source += "/"
    flags = question["flags"]
    assert isinstance(flags, int)
    request = MountRequest(f"{question['point']}/", source, str(question["fstype"]), flags)
    return decide(policy, name, "mount", request).allowed


def change_groups(policy: ProfileSet) -> Iterator[Group]:
    targets = [f"{PREFIX}peer-{number}" for number in range(4)]
    targets += [f"{PREFIX}net-0", f"{PREFIX}net-1", "unconfined", f"{PREFIX}cap-1"]
    for number in range(4):
        group = Group(f"{PREFIX}change-{number}", [], [], how="single")
        for target in targets:
            group.questions.append({"kind": "change", "to": target})
            group.expected.append(decide(policy, group.profile, "transition", ProfileObject(target)).allowed)
        yield group
