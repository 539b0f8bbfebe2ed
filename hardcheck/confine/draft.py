"""From a specification, and a host where there is one, to all files of a draft and their judgement."""

from __future__ import annotations

import msgspec

from hardcheck.access import AccessPolicy
from hardcheck.apparmor.access import AppArmorPolicy
from hardcheck.confine import names
from hardcheck.confine.apparmor_text import Abi, apparmor_files
from hardcheck.confine.compiling import Compiled, compile_module, compile_profiles
from hardcheck.confine.drafted import DraftedHost, pairs_of, with_module, with_profiles
from hardcheck.confine.judge import Judged, Judgement, NeedLine, judge_goals, judge_needs, judge_tenants
from hardcheck.confine.labels import CommonLabels, HostLabels, Labels
from hardcheck.confine.needs import Need, Side, needs_of
from hardcheck.confine.scripts import Labelling, php_files, scripts, settings
from hardcheck.confine.selinux_rules import selinux_rules
from hardcheck.confine.selinux_text import cil, fc, interfaces, permissive_cil, te
from hardcheck.confine.spec import Spec
from hardcheck.confine.systemd_text import pool_main_text, systemd_files
from hardcheck.errors import ProfileError, UsageError
from hardcheck.exposure.host import Host
from hardcheck.exposure.model import Goal, Service
from hardcheck.exposure.services import services_of
from hardcheck.facts import Absent
from hardcheck.selinux.access import SelinuxPolicy
from hardcheck.selinux.cil import Extension, read_extension
from hardcheck.selinux.file_contexts import FileContexts

_LETTERS = {"": "a", "file": "f", "dir": "d", "sock_file": "s", "lnk_file": "l", "fifo_file": "p"}


class Draft(msgspec.Struct, frozen=True):
    """The files by path below the output folder, what the compilers said, and the judgement by framework."""

    files: dict[str, str]
    compiled: tuple[Compiled, ...]
    judgements: tuple[Judgement, ...]
    notes: tuple[str, ...] = ()

    @property
    def judged(self) -> Judged:
        """The worst of the judgements; a compiler's refusal is bad."""
        seen = {one.judged for one in self.judgements}
        if Judged.BAD in seen or any(one.result == "refused" for one in self.compiled):
            return Judged.BAD
        return Judged.UNKNOWN if Judged.UNKNOWN in seen or not seen else Judged.GOOD


class Choices(msgspec.Struct, frozen=True):
    """What is asked of a draft beside the specification."""

    abi: Abi = "3.0"
    refpolicy: bool = False


def draft(spec: Spec, host: Host | None, goals: tuple[Goal, ...], choices: Choices) -> Draft:
    """Write and judge a draft for both frameworks; the one that the host runs is judged on it.

    Raises:
        UsageError: what the specification asks for does not fit the host's policy.
    """
    profiles = apparmor_files(spec, choices.abi)
    policy = host.policy if host is not None else None
    files = {f"apparmor/{name}": text for name, text in profiles.items()}
    files |= {f"systemd/{name}": text for name, text in systemd_files(spec).items()}
    main = {one.name: pool_main_text(one) for one in spec.services if one.pool is not None}
    files |= {f"php/{name}": text for name, text in php_files(spec, main).items()}
    compiled: tuple[Compiled, ...] = ()
    judgements: list[Judgement | None] = []
    labellings: tuple[Labelling, ...] = ()
    notes: tuple[str, ...] = ()
    labels: Labels = HostLabels(policy) if isinstance(policy, SelinuxPolicy) else CommonLabels()
    module = Extension()
    if not spec.hats:
        try:
            module = selinux_rules(spec, labels)
        except UsageError as error:
            if labels.known:
                raise
            module, notes = Extension(), (f"no SELinux module was written: {error}",)
    if module.types:
        texts = _selinux_files(spec, module, choices)
        files |= {f"selinux/{name}": text for name, text in texts.items()}
        compiled += _compile(spec, module, texts)
        module = read_extension(texts[f"{names.module(spec)}.cil"])  # what is judged is what was written
        judgement, labellings = _judge_selinux(spec, host, module, goals)
        judgements.append(judgement)
    compiled += compile_profiles(profiles)
    judgements.append(_judge_apparmor(spec, host, profiles, goals))
    files |= scripts()
    files["settings.sh"] = settings(spec, names.module(spec) if module.types else "", labellings, profiles)
    return Draft(files, compiled, tuple(one for one in judgements if one is not None), notes)


def _selinux_files(spec: Spec, module: Extension, choices: Choices) -> dict[str, str]:
    name = names.module(spec)
    return {
        f"{name}.cil": cil(module),
        f"{name}_permissive.cil": permissive_cil(spec),
        f"{name}.te": te(spec, module, refpolicy=choices.refpolicy),
        f"{name}.fc": fc(module, refpolicy=choices.refpolicy),
        f"{name}.if": interfaces(spec, module),
    }


def _compile(spec: Spec, module: Extension, texts: dict[str, str]) -> tuple[Compiled, ...]:
    """The plain form, whichever form of .te is written: refpolicy's macros need its build tree."""
    name = names.module(spec)
    plain, contexts = te(spec, module, refpolicy=False), fc(module, refpolicy=False)
    return compile_module(plain, contexts, texts[f"{name}.cil"], name, module)


def _judge_selinux(
    spec: Spec, host: Host | None, module: Extension, goals: tuple[Goal, ...]
) -> tuple[Judgement | None, tuple[Labelling, ...]]:
    needs = needs_of(spec, "selinux")
    if host is None or not isinstance(host.policy, SelinuxPolicy):
        return _unjudged("selinux", needs, host), ()
    laid = with_module(host.policy, module)
    labellings = []
    for rule in laid.local:
        _, _, type_, level = rule.context.split(":", 3)
        labellings.append(Labelling(rule.spec, _LETTERS[rule.kind], type_, level))
    judgement = _judge(spec, host, laid.policy, laid.contexts, needs, goals)
    return msgspec.structs.replace(judgement, notes=laid.notes), tuple(labellings)


def _judge_apparmor(
    spec: Spec, host: Host | None, profiles: dict[str, str], goals: tuple[Goal, ...]
) -> Judgement | None:
    needs = needs_of(spec, "apparmor")
    if host is None or not isinstance(host.policy, AppArmorPolicy):
        return _unjudged("apparmor", needs, host)
    try:
        policy = with_profiles(host.policy, profiles)
    except ProfileError as error:
        faults = "; ".join(str(error).splitlines())
        raise UsageError(f"the profile does not fit the host's policy: {faults}") from None
    return _judge(spec, host, policy, None, needs, goals)


def _unjudged(side: Side, needs: tuple[Need, ...], host: Host | None) -> Judgement | None:
    """Every need as unknown; None where the host runs the other framework, and is judged for that."""
    if host is not None and host.framework in ("selinux", "apparmor") and host.framework != side:
        return None
    why = "name a host with --from TARGET: there is no policy to judge against"
    if host is not None:
        policy = host.policy
        why = policy.detail if isinstance(policy, Absent) else f"{host.name} runs neither framework"
    return Judgement(side, tuple(_unknown(need, why) for need in needs), (), notes=(why,))


def _unknown(need: Need, why: str) -> NeedLine:
    wanted = "allowed" if need.allowed else "denied"
    return NeedLine(need.service, need.shown, wanted, "unknown", Judged.UNKNOWN, (why,))


def _judge(
    spec: Spec,
    host: Host,
    policy: AccessPolicy,
    contexts: FileContexts | None,
    needs: tuple[Need, ...],
    goals: tuple[Goal, ...],
) -> Judgement:
    side: Side = "selinux" if contexts is not None else "apparmor"
    then = DraftedHost(host, policy, contexts)
    pairs = pairs_of(host, spec, side)
    asked = tuple((pair.spec, pair.before, pair.after) for pair in pairs)
    services = services_of(host)
    known = () if isinstance(services, Absent) else services
    new = tuple(pair.after for pair in pairs)
    return Judgement(
        side,
        judge_needs(policy, needs),
        judge_goals(host, then, goals, asked),
        judge_tenants(host, then, known, (*new, *_others(known, new))),
    )


def _others(known: tuple[Service, ...], new: tuple[Service, ...]) -> tuple[Service, ...]:
    """The services as they are, without the processes that the new ones will be."""
    moved = {pid for service in new for pid in service.pids}
    found = []
    for service in known:
        identities = (
            msgspec.structs.replace(one, pids=tuple(pid for pid in one.pids if pid not in moved))
            for one in service.identities
        )
        kept = tuple(one for one in identities if one.pids)
        if kept:
            found.append(msgspec.structs.replace(service, identities=kept))
    return tuple(found)
