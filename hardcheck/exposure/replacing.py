"""What would be with another policy: a host's evidence with its SELinux policy or AppArmor profiles replaced.

All facts are made anew from the changed evidence, so that whatever follows from a policy (which domains
are permissive or unconfined, which booleans there are) follows from the new one.

SELinux: booleans keep the host's states where the new policy has them; labels of files and processes
stay. AppArmor: files take the place of those of the same path below /etc/apparmor.d, their profiles are
taken to be loaded in the mode of their text, and a service that ran unconfined and to whose program one of
them attaches is taken to be started again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from hardcheck.apparmor import ProfileMode, ProfileSet
from hardcheck.ask.subjects import plain_label
from hardcheck.errors import PolicyError, UsageError
from hardcheck.evidence import Evidence, HostEvidence
from hardcheck.exposure.host import Host, host_of
from hardcheck.facts import Absent
from hardcheck.facts.mac import Confined
from hardcheck.parse.apparmor_tree import BASE, FILES, read_profile_set
from hardcheck.selinux.policy import Policy

_POLICY, _LOADED = "selinux.policy", "apparmor.profiles"
_MOST_FILES = 4096
_MOST_BYTES = 4 << 20
_STATES: dict[ProfileMode, Confined] = {
    ProfileMode.COMPLAIN: "permissive",
    ProfileMode.UNCONFINED: "unconfined",
    ProfileMode.DEFAULT_ALLOW: "unconfined",
}


def with_policy_file(evidence: HostEvidence, path: Path) -> Host:
    """The host as if the kernel held the policy of a file.

    Raises:
        UsageError: the file cannot be read or is no policy, or the host does not run SELinux.
    """
    _needs(evidence, "selinux", "a SELinux policy")
    try:
        content = path.read_bytes()
        Policy.from_bytes(content)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except PolicyError as error:
        raise UsageError(f"{path}: no SELinux policy: {error}") from None
    return host_of(_with(evidence, {_POLICY: Evidence(_POLICY, str(path), content, size=len(content))}))


def with_profile_folder(evidence: HostEvidence, folder: Path) -> Host:
    """The host as if the profiles of a folder, laid out as /etc/apparmor.d is, were loaded.

    Raises:
        UsageError: the folder has no profile, or one that does not parse, or the host does not run
            AppArmor.
    """
    _needs(evidence, "apparmor", "AppArmor profiles")
    files = _files(folder)
    merged = _with(
        evidence, {f"{FILES}:{path}": Evidence(f"{FILES}:{path}", path, text) for path, text in files.items()}
    )
    policy, _ = read_profile_set(merged)
    profiles = _profiles(policy, files, folder)
    loaded = evidence.get(_LOADED)
    names = {name.encode() for name in profiles}
    kept = [line for line in loaded.content.splitlines() if line.rpartition(b" (")[0] not in names]
    added = [f"{name} ({mode})".encode() for name, mode in profiles.items()]
    listing = replace(loaded, content=b"\n".join([*kept, *added]) + b"\n")
    host = host_of(_with(merged, {_LOADED: listing}))
    return Host(host.name, host.facts, restarted=_restarted(host, policy, profiles))


def _needs(evidence: HostEvidence, framework: str, what: str) -> None:
    host = host_of(evidence)
    if host.framework != framework:
        raise UsageError(f"{host.name}: {what} cannot be tried: its framework is {host.framework}")


def _with(evidence: HostEvidence, items: Mapping[str, Evidence]) -> HostEvidence:
    return replace(evidence, items={**evidence.items, **items})


def _files(folder: Path) -> dict[str, bytes]:
    """The files of a folder by the path that they would have on the host."""
    found: dict[str, bytes] = {}
    try:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
                found[f"{BASE}/{path.relative_to(folder).as_posix()}"] = path.read_bytes()
                if len(found) > _MOST_FILES or len(found[next(reversed(found))]) > _MOST_BYTES:
                    raise UsageError(f"{folder}: too many or too large files for a folder of profiles")
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}") from None
    if not found:
        raise UsageError(f"{folder}: no file in this folder")
    return found


def _profiles(policy: ProfileSet, files: Mapping[str, bytes], folder: Path) -> dict[str, ProfileMode]:
    """The profiles that the files hold, with their modes. Raises UsageError."""
    found = {}
    for file in policy.files:
        if f"{BASE}/{file.name}" not in files:
            continue
        if file.resolved.faults:
            raise UsageError(f"{folder}: {file.resolved.faults[0]}")
        found.update({profile.full_name: policy.mode(profile) for profile in file.resolved.profiles})
    if not found or any("\n" in name for name in found):
        raise UsageError(f"{folder}: no AppArmor profile in this folder")
    return found


def _restarted(
    host: Host, policy: ProfileSet, profiles: Mapping[str, ProfileMode]
) -> dict[int, tuple[str, Confined]]:
    """The label and state that processes come to: of a profile that is replaced at once, unconfined ones by
    a new profile when they are started again."""
    processes = host.facts["processes.all"]
    found: dict[int, tuple[str, Confined]] = {}
    for process in () if isinstance(processes, Absent) else processes:
        program = process.program if isinstance(process.program, str) else ""
        if isinstance(process.label, Absent):
            continue
        name = plain_label(process.label)
        if name == "unconfined" and program.startswith("/"):
            name = policy.attached(program).name
        if name in profiles:
            found[process.pid] = name, _STATES.get(profiles[name], "enforced")
    return found
