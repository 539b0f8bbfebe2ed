"""A host as it would be with a draft installed: its policy, its labels, its services."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hardcheck.access import AccessPolicy
from hardcheck.apparmor.access import AppArmorPolicy
from hardcheck.apparmor.grammar import parse_unit
from hardcheck.apparmor.includes import decode
from hardcheck.apparmor.profileset import FileState, PolicyFile, ProfileSet
from hardcheck.apparmor.resolve import Resolver
from hardcheck.confine import names
from hardcheck.confine.needs import Side, process_context
from hardcheck.confine.spec import ServiceSpec, Spec
from hardcheck.errors import PolicyError, ProfileError, UsageError
from hardcheck.exposure.host import Host
from hardcheck.exposure.model import Identity, Service
from hardcheck.exposure.services import services_of
from hardcheck.facts import Absent
from hardcheck.facts.labels import FileLabel
from hardcheck.selinux.access import SelinuxPolicy
from hardcheck.selinux.cil import Extension
from hardcheck.selinux.extend import extend, extend_file_contexts
from hardcheck.selinux.file_contexts import FileContextRule, FileContexts

LOCAL = "file_contexts.local:0"  # where a label that semanage sets would stand
_TITLE = "php-fpm: pool "
_KINDS = {"f": "file", "d": "dir", "l": "lnk_file", "s": "sock_file", "p": "fifo_file"}


class WithModule(msgspec.Struct, frozen=True):
    """A SELinux policy with a module; ``local`` are labels that semanage has to set besides, ``notes``
    what could not be told."""

    policy: SelinuxPolicy
    contexts: FileContexts
    local: tuple[FileContextRule, ...]
    notes: tuple[str, ...]


def with_module(policy: SelinuxPolicy, module: Extension) -> WithModule:
    """Lay a module over a host's policy.

    Raises:
        UsageError: the policy has a type of one of its names already, or lacks what it names.
    """
    try:
        extended = extend(policy.policy, module)
    except PolicyError as error:
        raise UsageError(f"the module does not fit the host's policy: {error}") from None
    base = policy.file_contexts
    if base is None:
        raise UsageError("the host's file_contexts were not collected: labels cannot be drafted")
    contexts = extend_file_contexts(base, module)
    local = _overruled(contexts, module)
    contexts = extend_file_contexts(base, module, local) if local else contexts
    asked = SelinuxPolicy(extended.policy, contexts, enforcing=True)
    return WithModule(asked, contexts, local, extended.unsure)


def _overruled(contexts: FileContexts, module: Extension) -> tuple[FileContextRule, ...]:
    """The module's labels that a rule of the host still takes away (local ones come last): they have to be
    set locally as well."""
    return tuple(
        FileContextRule(one.spec, one.kind, one.context, LOCAL)
        for one in module.file_contexts
        if any(contexts.match(path, one.kind or kind) != one.context for path, kind in _samples(one.spec))
    )


def _samples(spec: str) -> tuple[tuple[str, str], ...]:
    """Paths that an expression of ours stands for."""
    path = path_of(spec)
    return ((path, "dir"), (f"{path}/x", "file")) if spec.endswith("(/.*)?") else ((path, "file"),)


def path_of(spec: str) -> str:
    """The literal path of an expression that `quoting.file_context_regex` wrote."""
    text, at, found = spec.removesuffix("(/.*)?"), 0, bytearray()
    while at < len(text):
        if text.startswith("(\\x", at):
            found.append(int(text[at + 3 : at + 5], 16))
            at += 6
        else:
            at += text[at] == "\\"
            found += text[at].encode()
            at += 1
    return found.decode("utf-8", "surrogateescape")


def with_profiles(policy: AppArmorPolicy, files: Mapping[str, str]) -> AppArmorPolicy:
    """Put new profiles among a host's.

    Raises:
        UsageError: a profile of this name is there already.
        ProfileError: a draft that does not parse or compile.
    """
    base = policy.policy
    found = []
    for name, text in files.items():
        unit = parse_unit(decode(name, text.encode()))
        resolved = Resolver(base.library).resolve(f"/etc/apparmor.d/{name}", unit)
        if resolved.faults:
            raise ProfileError(resolved.faults)
        for profile in resolved.profiles:
            if profile.full_name in base.profiles or base.exists(profile.full_name):
                raise UsageError(f"the host has a profile called {profile.full_name} already")
        found.append(PolicyFile(name, FileState.ACTIVE, False, resolved))
    new = ProfileSet((*base.files, *found), base.library, base.kernel)
    added = {profile.full_name for file in found for profile in file.resolved.profiles}
    if base.loaded is not None:
        new = new.with_loaded((*base.loaded, *added))
    return AppArmorPolicy(new)


class DraftedHost(Host):
    """A host with the draft's policy and, for SELinux, the labels that files would have."""

    def __init__(self, host: Host, policy: AccessPolicy, contexts: FileContexts | None) -> None:
        super().__init__(host.name, host.facts, policy, host.enforced)
        if contexts is not None:
            self.files = {path: _relabelled(file, contexts) for path, file in host.files.items()}


def _relabelled(file: FileLabel, contexts: FileContexts) -> FileLabel:
    """The label of a file under a rule of the draft, as restorecon would set it; others keep theirs."""
    rule = contexts.find(file.path, _KINDS.get(file.kind, ""))
    if rule is None or not rule.where.startswith(("module:", LOCAL)):
        return file
    return msgspec.structs.replace(file, label=rule.context)


class Pair(msgspec.Struct, frozen=True):
    """A service of the specification as it runs now (None: it does not) and as it would."""

    spec: ServiceSpec
    before: Service | None
    after: Service


def pairs_of(host: Host, spec: Spec, side: Side) -> tuple[Pair, ...]:
    """Find what runs each service now; a pool's is its worker processes."""
    services = services_of(host)
    known = () if isinstance(services, Absent) else services
    return tuple(_pair(host, spec, service, side, known) for service in spec.services)


def _pair(host: Host, spec: Spec, wanted: ServiceSpec, side: Side, known: tuple[Service, ...]) -> Pair:
    unit = wanted.replaces or wanted.unit
    running = next((one for one in known if one.unit == unit), None)
    identities = () if running is None else tuple(_of_pool(host, wanted, one) for one in running.identities)
    identities = tuple(one for one in identities if one.pids)
    before = None
    if running is not None and identities:
        before = msgspec.structs.replace(running, name=wanted.name, identities=identities)
    sockets = tuple(f"unix {path}" for path in wanted.paths("sockets"))
    sockets += tuple(need.shown for need in wanted.listen)
    after = Service(wanted.name, wanted.unit, sockets, (_identity(host, spec, wanted, side, identities),))
    return Pair(wanted, before, after)


def _of_pool(host: Host, wanted: ServiceSpec, identity: Identity) -> Identity:
    """An identity's processes that work for the pool; all of them where it is not about one."""
    if wanted.pool is None:
        return identity
    title = _TITLE + wanted.pool.name
    pids = tuple(
        process.pid
        for process in host.each("processes.all")
        if process.pid in identity.pids and process.arguments and process.arguments[0].strip() == title
    )
    return msgspec.structs.replace(identity, pids=pids)


def _identity(host: Host, spec: Spec, wanted: ServiceSpec, side: Side, now: tuple[Identity, ...]) -> Identity:
    """What its processes will be to the kernel: the account and capabilities of the specification."""
    label = process_context(spec, wanted) if side == "selinux" else names.profile(spec, wanted)
    subject = names.domain(spec, wanted) if side == "selinux" else label
    uids = {name: uid for uid, name in host.users.items()}
    first = now[0] if now else None
    uid = uids.get(wanted.user, first.uid if first else -1)
    gid = first.gid if first else -1
    return Identity(
        uid=uid,
        gid=gid,
        user=wanted.user or (first.user if first else ""),
        label=label,
        subject=subject,
        state="enforced",
        capabilities=wanted.capabilities,
        seccomp=first.seccomp if first else "unknown",
        no_new_privileges=True,
        pids=first.pids if first else (),
        executables=(wanted.executable,),
    )
