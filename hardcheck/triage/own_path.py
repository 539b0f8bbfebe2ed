"""A path of the site's own: file_contexts knows it only by a rule for everything below a top folder."""

from __future__ import annotations

import posixpath
import re

from hardcheck.facts import Absent
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.file_contexts import FileContexts
from hardcheck.triage.danger import hits_of
from hardcheck.triage.labels import LabelOfPath
from hardcheck.triage.model import Cause, Cure, Found, Proof, Step
from hardcheck.triage.request import Request
from hardcheck.triage.selinux_case import SelinuxCase

GENERIC = frozenset(
    [
        "default_t",
        "var_t",
        "usr_t",
        "mnt_t",
        "root_t",
        "var_lib_t",
        "var_run_t",
        "var_spool_t",
        "var_log_t",
        "tmp_t",
        "etc_t",
        "public_content_t",
        "unlabeled_t",
        "file_t",
        "src_t",
        "device_t",
        "fixed_disk_device_t",
    ]
)
"""Types that say nothing of a path but the top folder that it lies in."""
_TOP = frozenset(
    [
        "/",
        "/srv",
        "/opt",
        "/mnt",
        "/media",
        "/data",
        "/var",
        "/usr",
        "/home",
        "/var/lib",
        "/var/opt",
        "/var/log",
        "/run",
        "/usr/local",
    ]
)
_PLAIN = re.compile(r"[A-Za-z0-9_/,:@%+=-]")
_SHARED = ("public_content_t", "public_content_rw_t")
_MOST = 6


def own_path(case: SelinuxCase, labels: tuple[LabelOfPath, ...]) -> Found | None:
    """The path has no rule of its own, and a type exists that the domain is meant to use for it."""
    own = [one for one in labels if _has_no_rule(one)]
    if not own or len(own) < len(labels):
        return None
    types = content_types(case, own[0].path)
    if not types:
        return None
    folder = _folder([one.path for one in own], case)
    if not folder:
        return None
    spec = f"{escaped(folder)}(/.*)?"
    where = own[0].rule.where if own[0].rule is not None else "no rule"
    shown = own[0].expected or "no label"
    proof = (
        Proof(
            f"{own[0].path}: file_contexts has {shown} by a rule for everything there "
            f"({own[0].rule.spec if own[0].rule else 'none'}, {where})",
            "selinux.file_contexts",
        ),
        Proof(
            f"the policy allows {case.group.source} {types[0]}:{case.group.class_} "
            f"{{ {' '.join(case.wanted)} }}",
            case.proof_of_policy,
        ),
    )
    steps = (
        Step(
            "command",
            ("semanage", "fcontext", fcontext_verb(case, spec), "-t", types[0], spec),
            undo=("semanage", "fcontext", "-d", spec),
        ),
        Step("command", ("restorecon", "-R", "-v", "--", folder)),
        Step("fc", text=f"{spec}    {_raw_context(case, types[0])}"),
    )
    others = [f"type {name} instead of {types[0]}" for name in types[1:_MOST]]
    others += _equivalences(case, types[0], folder)
    cure = Cure(f"Give {folder} a label of its own", steps, True, alternatives=tuple(others))
    says = (
        f"{folder} is a place of this host's own. file_contexts has no rule for it but the one for all of "
        f"{posixpath.dirname(folder) or '/'}, whose label {case.group.source} may not use."
    )
    return Found(Cause.OWN_PATH, says, proof, cure)


def _raw_context(case: SelinuxCase, type_: str) -> str:
    return f"system_u:object_r:{type_}" + (":s0" if case.policy.mls else "")


def shared_content(case: SelinuxCase) -> Found | None:
    """Content of one service that another one hands out as well: the policy has a type for both."""
    target = case.group.target
    stem = case.group.source.removesuffix("_t")
    if "content" not in target or target.startswith(stem) or target in _SHARED:
        return None
    path = next(iter(case.group.paths.values), "")
    type_ = _SHARED[0]
    if (
        type_ not in case.policy.names.types
        or case.refused(case.with_type(type_))
        or not path.startswith("/")
    ):
        return None
    folder = (
        path if case.group.class_ == "dir" or "." not in posixpath.basename(path) else posixpath.dirname(path)
    )
    if folder in _TOP:
        return None
    spec = f"{escaped(folder)}(/.*)?"
    steps = (
        Step(
            "command",
            ("semanage", "fcontext", fcontext_verb(case, spec), "-t", type_, spec),
            undo=("semanage", "fcontext", "-d", spec),
        ),
        Step("command", ("restorecon", "-R", "-v", "--", folder)),
    )
    proof = Proof(
        f"the policy allows {case.group.source} {type_}:{case.group.class_} {{ {' '.join(case.wanted)} }}",
        case.proof_of_policy,
    )
    says = (
        f"{path} is content of another service ({target}). For content that several services hand out the "
        f"policy has the type {type_}, which all of them may read."
    )
    return Found(Cause.OWN_PATH, says, (proof,), Cure(f"Label {folder} {type_}", steps, True))


def _has_no_rule(one: LabelOfPath) -> bool:
    """No rule, or a rule for a whole top folder; homes have rules of their own."""
    if one.differs and one.recorded not in GENERIC:
        return False
    if one.rule is None or not one.expected:
        return not one.path.startswith("/home/")
    return one.expected in GENERIC


def content_types(case: SelinuxCase, path: str) -> tuple[str, ...]:
    """Types that the domain may use for all that was asked, the likeliest first: those named after it,
    the ones it can do least else with; none that the danger list has."""
    source = case.group.source
    stem = source.removesuffix("_t")
    wanted = _with_companions(case)
    usable = case.usable_types(wanted)
    contexts = case.world.file_contexts
    if isinstance(contexts, Absent) or not usable:
        return ()
    exact = (
        case.usable_types((*wanted, "write")) if "write" not in wanted and case.group.class_ == "file" else 0
    )
    named = []
    for type_ in values_of(usable):
        name = case.policy.names.type_names.get(type_, "")
        if not name or name in GENERIC - set(_SHARED) or not _is_content(case, contexts, name):
            continue
        request = Request("selinux", source, name, case.group.class_, case.wanted)
        if hits_of(request):
            continue
        shared = name in _SHARED
        belongs = name.startswith((f"{stem}_", stem))
        if not belongs and not shared:
            continue
        rules = sum(rule.kind in ("", case.group.class_) for rule in contexts.specs_of(name))
        writable = bool(exact >> (type_ - 1) & 1)
        named.append((shared, writable, not _says_content(name), -rules, name))
    return tuple(name for *_, name in sorted(named))


def _with_companions(case: SelinuxCase) -> tuple[str, ...]:
    """What the rest of the call will ask for: nobody reads a file that he may not open."""
    more: tuple[str, ...] = ()
    if case.group.class_ == "file" and set(case.wanted) & {"read", "open", "getattr"}:
        more = ("open", "read", "getattr")
    elif case.group.class_ == "file" and set(case.wanted) & {"write", "append", "create"}:
        more = ("open", "getattr")
    return tuple(dict.fromkeys((*case.wanted, *more)))


def _is_content(case: SelinuxCase, contexts: FileContexts, name: str) -> bool:
    """A type for files on disk that somebody may label with: it has rules, or says content."""
    if name.endswith(("_exec_t", "_tmp_t", "_tmpfs_t", "_var_run_t", "_runtime_t", "_lock_t", "_unit_t")):
        return False
    return bool(contexts.specs_of(name)) or _says_content(name)


def _says_content(name: str) -> bool:
    return "content" in name or name.endswith(("_db_t", "_data_t", "_image_t"))


def _folder(paths: list[str], case: SelinuxCase) -> str:
    """The folder to label: the docroot that all lie in, else what they have in common below a top folder."""
    sites = case.world.sites
    roots = (
        [] if isinstance(sites, Absent) else [root.rstrip("/") for site in sites for root in site.docroots]
    )
    for root in roots:
        if root.count("/") >= 2 and all(path == root or path.startswith(f"{root}/") for path in paths):
            return root
    parents = [path if case.group.class_ == "dir" else posixpath.dirname(path) for path in paths]
    try:
        common = posixpath.commonpath(parents)
    except ValueError:
        return ""
    return "" if common in _TOP else common


def escaped(path: str) -> str:
    """A path as an expression of file_contexts that matches it alone."""
    return "".join(char if _PLAIN.fullmatch(char) else f"\\{char}" for char in path)


def fcontext_verb(case: SelinuxCase, spec: str) -> str:
    """``-a``, or ``-m`` for a specification that the host has already."""
    local = case.world.local
    known = [] if isinstance(local, Absent) else [one.pattern for one in local.fcontexts]
    return "-m" if spec in known else "-a"


def _equivalences(case: SelinuxCase, type_: str, folder: str) -> list[str]:
    """A folder of the distribution's that is labelled so as a whole, to be made equal to."""
    contexts = case.world.file_contexts
    if isinstance(contexts, Absent):
        return []
    whole = [
        rule.spec
        for rule in contexts.specs_of(type_)
        if rule.spec.startswith("/var/") and rule.spec.endswith("(/.*)?")
    ]
    found = [
        spec.removesuffix("(/.*)?") for spec in whole if _PLAIN.sub("", spec.removesuffix("(/.*)?")) == ""
    ]
    return [
        f"semanage fcontext -a -e {one} {folder}: all labels of {one}, also of what lies below it"
        for one in found[:1]
    ]
