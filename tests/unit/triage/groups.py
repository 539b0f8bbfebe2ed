"""Groups of denials made by hand, and the worlds they are asked in."""

from __future__ import annotations

from functools import cache

from hardcheck.apparmor import ProfileSet
from hardcheck.denials.model import (
    ApparmorDenial,
    Bounded,
    Denial,
    Group,
    Outcome,
    Process,
    SelinuxDenial,
    Where,
)
from hardcheck.selinux import FileContexts, Policy
from hardcheck.triage.world import World, world_of_policy
from tests.corpora import corpus

_TARGET_ROLE = {"process", "process2", "unix_stream_socket", "capability", "capability2", "dbus", "bpf"}


def bounded(*values: str) -> Bounded:
    return Bounded({value: 1 for value in values if value})


def selinux(
    source: str,
    target: str,
    class_: str,
    wanted: str,
    *paths: str,
    object_: str = "",
    exe: str = "",
    level: str = "s0",
    target_level: str = "s0",
    outcome: Outcome = Outcome.DENIED,
    **more: object,
) -> Group:
    """A group of one SELinux denial; contexts as a daemon's and a file's."""
    role = "system_r" if class_ in _TARGET_ROLE else "object_r"
    scontext = f"system_u:system_r:{source}:{level}"
    tcontext = f"system_u:{role}:{target}:{target_level}"
    permissions = tuple(wanted.split())
    example = Denial(
        "selinux",
        outcome,
        None,
        None,
        Where("log", 1),
        process=Process(pid=7, ppid=1, comm=exe.rpartition("/")[2], exe=exe),
        path=paths[0] if paths else "",
        selinux=SelinuxDenial(scontext, tcontext, class_, permissions),
    )
    given: dict[str, object] = {
        "examples": (example,),
        "pairs": bounded(f"{scontext} {tcontext}"),
        "hosts": bounded(),
        "by_day": {},
        "first": None,
        "last": None,
    }
    given |= more
    return Group(
        framework="selinux",
        outcome=outcome,
        source=source,
        target=target,
        class_=class_,
        wanted=permissions,
        object=object_,
        count=1,
        comms=bounded(exe.rpartition("/")[2]),
        exes=bounded(exe),
        paths=bounded(*paths),
        pids=bounded("7"),
        **given,  # type: ignore[arg-type] # fields by name
    )


def apparmor(
    profile: str,
    operation: str,
    name: str = "",
    mask: str = "",
    *more_names: str,
    outcome: Outcome = Outcome.DENIED,
    fsuid: int | None = 33,
    ouid: int | None = 0,
    **fields: object,
) -> Group:
    """A group of one AppArmor denial, with more names of the same folder where given."""
    verdict = {Outcome.DENIED: "DENIED", Outcome.WOULD_DENY: "ALLOWED", Outcome.GRANTED: "AUDIT"}[outcome]
    one = ApparmorDenial(
        verdict,
        operation,
        profile,
        name=name,
        requested=mask,
        denied=mask,
        fsuid=fsuid,
        ouid=ouid,
        **fields,  # type: ignore[arg-type] # fields by name
    )
    path = name if name.startswith("/") else ""
    example = Denial(
        "apparmor",
        outcome,
        None,
        None,
        Where("log", 1),
        process=Process(pid=7, comm="worker"),
        path=path,
        apparmor=one,
    )
    wanted = tuple(mask.split()) if " " in mask or operation in ("ptrace", "signal") else tuple(mask)
    return Group(
        framework="apparmor",
        outcome=outcome,
        source=profile,
        target=str(fields.get("peer") or fields.get("target") or ""),
        class_=operation,
        wanted=wanted,
        object=name,
        count=1,
        first=None,
        last=None,
        comms=bounded("worker"),
        exes=bounded(),
        paths=bounded(path, *more_names),
        pairs=bounded(),
        pids=bounded("7"),
        hosts=bounded(),
        by_day={},
        examples=(example,),
    )


@cache
def debian_policy() -> tuple[Policy, FileContexts]:
    """Debian 12's default policy, as distributed."""
    folder = corpus("selinux-policies-debian12") / "debian12-default"
    return Policy.read(folder / "policy.33"), FileContexts.read(folder / "contexts")


@cache
def debian_world() -> World:
    """A host that runs it, of which nothing else is known."""
    return world_of_policy(*debian_policy(), digest="sha256:0")


def profiles(text: str, local: str | None = "", **more: str) -> ProfileSet:
    """A host's profiles: one file ``app``, an empty ``local/app`` unless None, and more files by name."""
    files = {"/etc/apparmor.d/app": text.encode()}
    if local is not None:
        files["/etc/apparmor.d/local/app"] = local.encode()
    files |= {f"/etc/apparmor.d/{name}": content.encode() for name, content in more.items()}
    found = ProfileSet.read(files, base="/etc/apparmor.d")
    assert not found.faults, found.faults
    return found
