"""The causes of one group of AppArmor denials, asked in the order of preference."""

from __future__ import annotations

from hardcheck.apparmor import ProfileSet
from hardcheck.denials.model import Group
from hardcheck.facts import Absent
from hardcheck.triage.apparmor_case import ApparmorCase, Tenancy, tenancy_of
from hardcheck.triage.apparmor_place import Abstractions, Place, place_of, with_rules
from hardcheck.triage.apparmor_rules import exec_rule, file_rules, other_rule
from hardcheck.triage.danger import Faces, Hit, hits_of, warning
from hardcheck.triage.model import Cause, Cure, Found, Proof, Step
from hardcheck.triage.not_mac import done_without, granted, ordinary_permissions
from hardcheck.triage.request import requests_of
from hardcheck.triage.world import World

_TEXT = "apparmor.files"


def case_of(group: Group, world: World, abstractions: Abstractions | None) -> ApparmorCase:
    """The group beside the profiles of its host, where there are any."""
    profiles = world.profiles
    return ApparmorCase(group, world, None if isinstance(profiles, Absent) else profiles, abstractions)


def danger_of(case: ApparmorCase, faces: Faces | None) -> tuple[Hit, ...]:
    """Every entry of the danger list that one of the group's requests is on."""
    tenant = tenancy_of(case)
    found: dict[str, Hit] = {}
    for request in requests_of(case.group):
        for hit in hits_of(request, faces, tenant=tenant is not None):
            found.setdefault(hit.danger.id, hit)
    return tuple(found.values())


def explain_apparmor(case: ApparmorCase, dangers: tuple[Hit, ...]) -> Found:
    """The cause of a group by the profiles of its host, or what can be said by the log alone."""
    group = case.group
    capabilities = case.capabilities if case.kind == "capability" else ()
    found = (
        granted(group)
        or done_without(group, capabilities, danger=bool(dangers))
        or ordinary_permissions(group, capabilities)
        or _by_info(case)
    )
    if found is not None:
        return found
    if case.policy is not None and case.profile is not None:
        found = _by_text(case)
        if found is not None:
            return found
    if dangers:
        return _danger(case, dangers, tenancy_of(case))
    if case.kind == "exec" or case.program:
        return _transition(case)
    return _gap(case)


def _by_info(case: ApparmorCase) -> Found | None:
    """What the kernel itself says of the reason."""
    info = case.example.info.lower()
    proof = (Proof(f'info="{case.example.info[:200]}"', "log"),)
    if "disconnected" in info or "deleted entry" in info:
        flag = "mediate_deleted" if "deleted" in info else "attach_disconnected"
        says = (
            f"The kernel could not name the path ({case.example.info[:120]}): the file is outside of the "
            f"name space that {case.name} sees, or deleted. No file rule fits such a name; the profile needs "
            f"the flag {flag}."
        )
        place = place_of(case.policy, case.name) if case.policy is not None else None
        note = Step(
            "note",
            text=f"Add {flag} to the flags of profile {case.name} and rules for the paths that then show; "
            "the flag lets rules for paths fit files of other mount name spaces too.",
            place=place.profile_file if place else "",
        )
        return Found(Cause.DISCONNECTED, says, proof, Cure(f"Flag {flag}", (note,)))
    if "no new privs" in info:
        says = (
            "The process has no_new_privs (systemd's NoNewPrivileges, a container): it may change only to a "
            "profile that allows no more than its own. Use ix, a stack, or leave the setting off for this "
            "unit."
        )
        return Found(Cause.CONSTRAINT, says, proof)
    if "conflicting profile attachments" in info:
        says = "Several profiles attach to the program with equal rank, so that none does."
        return Found(Cause.TRANSITION, says, proof)
    if "profile" in info and "not found" in info:
        says = (
            "The exec rule leads to a profile that is not loaded: "
            f"{case.example.target[:200] or 'not named'}."
        )
        steps = (Step("command", ("aa-status",)), Step("note", text="Load the profile that the rule names."))
        return Found(Cause.TRANSITION, says, proof, Cure("Load the profile", steps))
    return None


def _by_text(case: ApparmorCase) -> Found | None:
    """What the text of the profile on disk says of it."""
    denied = case.deny_rules()
    if denied:
        says = (
            f"A deny rule of {case.name} forbids this on purpose; it holds in complain mode as well. Such "
            "denials are silent unless the rule says audit."
        )
        return Found(Cause.DENY_RULE, says, tuple(Proof(line, _TEXT) for line in denied))
    if case.program or not case.answers(case.name) or case.refused_by(case.name):
        return None
    rules = tuple(Proof(line, _TEXT) for answer in case.answers(case.name) for line in answer.because[:1])[:3]
    check = None
    if not isinstance(case.world.checks, Absent):
        check = next((one for one in case.world.checks if one.name == case.name), None)
    if check is not None and check.state == "changed":
        return _stale(case, rules, check.files)
    if _loaded_before(case):
        says = (
            "The text on disk allows this and was loaded before the denial: the kernel saw another name than "
            "the record shows (another mount name space, a hard link, an owner condition)."
        )
        return Found(Cause.UNDECIDED, says, rules)
    says = "The profile on disk allows this now: it was changed and loaded after the denial."
    return Found(Cause.NOW_ALLOWED, says, rules)


def _loaded_before(case: ApparmorCase) -> bool:
    entries = case.world.loaded
    entry = None if isinstance(entries, Absent) else next((e for e in entries if e.name == case.name), None)
    last = case.group.last
    return entry is not None and entry.loaded_at is not None and last is not None and entry.loaded_at < last


def _stale(case: ApparmorCase, rules: tuple[Proof, ...], files: tuple[str, ...]) -> Found:
    assert case.policy is not None
    place = place_of(case.policy, case.name)
    file = place.profile_file if place is not None else ""
    says = (
        f"The kernel holds an older {case.name} than the file on disk, whose text allows this: it was "
        "changed and not loaded."
    )
    proof = (
        *(Proof(f"changed since the profile was loaded: {name}", "apparmor.times") for name in files),
        *rules,
    )
    step = Step("command", ("apparmor_parser", "-r", "--", file))
    return Found(Cause.STALE, says, proof, Cure("Load the profile again", (step,), True))


def _danger(case: ApparmorCase, dangers: tuple[Hit, ...], tenancy: Tenancy | None) -> Found:
    hit = dangers[0]
    proof = [Proof(line, _TEXT) for answer in case.answers(case.name) for line in answer.because[:1]][:3]
    if tenancy is not None:
        own = ", ".join(tenancy.own)
        proof.append(Proof(f"{tenancy.path} lies in {tenancy.owner}; {case.name} is for {own}", "web.sites"))
    says = warning(hit.danger)
    return Found(Cause.DANGER, says, tuple(proof))


def _transition(case: ApparmorCase) -> Found:
    """A program was run without a rule that says under which profile."""
    program = case.program or next(iter(case.paths), "")
    if case.program and case.kind != "exec":
        return _in_learning_child(case)
    rule, why = exec_rule(case.policy, program)
    says = f"{case.name} ran {program} without an exec rule. With {rule or 'a rule'}: {why}."
    if not rule:
        return Found(Cause.UNDECIDED, f"{case.name} ran a program whose name cannot be written as a rule.")
    cure, proof = _cure(case, (rule,), "Add an exec rule")
    child = Step(
        "note", text=f"If {program} should have bounds of its own, write it a profile and use Cx or Px."
    )
    cure = Cure(cure.title, (*cure.steps, child), cure.checked, cure.leaves)
    return Found(Cause.TRANSITION, says, proof, cure, _missing(case))


def _in_learning_child(case: ApparmorCase) -> Found:
    """What a program did in the learning child that the kernel made for want of an exec rule."""
    attached = case.policy.attached(case.program).name if case.policy is not None else ""
    if attached:
        says = (
            f"{case.program} runs in a learning child because {case.name} has no exec rule for it. With one "
            f"to Px it runs under {attached}, and its own rules decide about this."
        )
        return Found(Cause.TRANSITION, says, (Proof(f"{attached} attaches to {case.program}", _TEXT),))
    found = _gap(case)
    says = (
        f"{case.program} did this in a learning child of {case.name}; with an exec rule ix it is the "
        "parent's."
    )
    return Found(Cause.TRANSITION, says, found.proof, found.cure, found.missing)


def _gap(case: ApparmorCase) -> Found:
    """The narrowest rule, in the right place, asked again of our reader."""
    rules = (
        file_rules(case.profile, case.group, case.letters)
        if case.kind == "file"
        else tuple(
            rule
            for rule in [other_rule(case.kind, case.example, case.capabilities or case.group.wanted)]
            if rule
        )
    )
    if not rules:
        says = f"The profile has no rule for it, and none can be written from this record ({case.kind})."
        return Found(Cause.UNDECIDED, says, (Proof("the record alone", "log"),), None, _missing(case))
    cure, proof = _cure(case, rules, "Add the narrowest rule")
    says = f"{case.name} has no rule for this. Ask first whether the program should do it at all."
    return Found(Cause.GAP, says, proof, cure, _missing(case))


def _missing(case: ApparmorCase) -> tuple[str, ...]:
    if case.policy is None:
        why = case.world.profiles
        detail = why.detail or why.reason if isinstance(why, Absent) else ""
        return (f"the profiles of the host ({detail}): what it allows already cannot be said",)
    if case.profile is None:
        space = f" in name space {case.example.namespace}" if case.example.namespace else ""
        return (f"the text of profile {case.name}{space}",)
    return ()


def _cure(case: ApparmorCase, rules: tuple[str, ...], title: str) -> tuple[Cure, tuple[Proof, ...]]:
    """Rules with their place, and whether the profile with them allows it."""
    place = place_of(case.policy, case.name) if case.policy is not None else None
    steps = [Step("apparmor", text=rule, place=_place_text(place, case)) for rule in rules]
    proof: list[Proof] = []
    checked = False
    leaves: tuple[str, ...] = ()
    if case.policy is not None and case.profile is not None:
        before = [line for answer in case.answers(case.name) for line in answer.because[:1]]
        proof = [Proof(line, _TEXT) for line in dict.fromkeys(before)][:3]
        changed = with_rules(case.policy, case.name, rules)
        checked = changed is not None and case.allowed_in(changed, case.name)
        if not checked:
            leaves = ("our reader could not show that these rules suffice",)
    if place is not None:
        steps.append(Step("command", ("apparmor_parser", "-r", "--", place.profile_file)))
        if not place.local:
            steps.append(Step("note", text=f"Put the rules into the block of {case.name} in {place.file}."))
    return Cure(title, tuple(steps), checked, leaves, alternatives=_abstractions(case)), tuple(proof)


def _place_text(place: Place | None, case: ApparmorCase) -> str:
    return place.file if place is not None else f"profile {case.name}"


_ABSTRACTIONS = (
    "base",
    "nameservice",
    "openssl",
    "ssl_certs",
    "php",
    "mysql",
    "python",
    "perl",
    "fonts",
    "consoles",
)


def _abstractions(case: ApparmorCase) -> tuple[str, ...]:
    """Abstractions of the host that hold the rule as well, to be taken where more of them is needed."""
    known = case.abstractions
    if known is None or case.profile is None or case.kind not in ("file", "network", "capability"):
        return ()
    found = []
    for name in _ABSTRACTIONS:
        path = f"abstractions/{name}"
        changed = known.added(case.name, path) if case.may_be_allowed_by(path) else None
        if changed is not None and case.allowed_in(changed, case.name):
            found.append(f"include <{path}>, which allows more than this")
    return tuple(found[:2])


def profiles_of(world: World) -> ProfileSet | None:
    """The profiles of a world, None where they are not known."""
    return None if isinstance(world.profiles, Absent) else world.profiles
