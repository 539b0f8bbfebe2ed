"""How far the sites of one host are kept apart: by owners and modes, by the MAC policy, by labels.

Not weighed: ACLs beyond the mode bits, and folders that are reached by a link.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from hardcheck.access import AccessPolicy, Action, Path, Subject, Verdict, subject_name
from hardcheck.facts import Absent, Reason
from hardcheck.facts.accounts import Group, User
from hardcheck.facts.files import OwnedFile
from hardcheck.facts.labels import FileLabel, FileLabels
from hardcheck.facts.processes import Process
from hardcheck.facts.web import ContentLabels, DocrootAccess, Site, TenantReach

_TITLE = "php-fpm: pool "
_CONTENT = re.compile(
    r"httpd_(?!unconfined)[a-z0-9_]*(?:content|htaccess|script_exec)_t|public_content(?:_rw)?_t"
)
_WRITABLE = re.compile(
    r"httpd_[a-z0-9_]*(?:rw|ra)_content_t|httpd_[a-z0-9_]*(?:_rw|_ra)_t|public_content_rw_t"
)
_PROGRAM = re.compile(r".*\.(?:php[0-9]?|phtml|phar|cgi|pl|py|rb|sh|jsp)")
_MOST = 20
_MOST_SITES = 60


def _runs_code(site: Site) -> bool:
    """Whether it does, or may do so."""
    return bool(site.pools or site.backends) or isinstance(site.user, Absent) or bool(site.user)


def _name(site: Site) -> str:
    return site.names[0] if site.names else f"(default) {site.place}"


def docroots(
    sites: tuple[Site, ...],
    folders: Mapping[str, OwnedFile],
    users: tuple[User, ...] | Absent,
    groups: tuple[Group, ...] | Absent,
) -> tuple[DocrootAccess, ...] | Absent:
    """Every folder of a site that runs code, with the other sites whose account may enter it. What a site
    without code has is handed out to everybody as it is."""
    if isinstance(users, Absent):
        return users
    if isinstance(groups, Absent):
        return groups
    found = []
    for site in sites[:_MOST_SITES]:
        for path in site.docroots if _runs_code(site) else ():
            others = [
                each for each in sites if each is not site and not set(each.docroots) & set(site.docroots)
            ]
            found.append(DocrootAccess(path, _name(site), _open_to(path, others, folders, users, groups)))
    return tuple(found)


def _open_to(
    path: str,
    others: Iterable[Site],
    folders: Mapping[str, OwnedFile],
    users: tuple[User, ...],
    groups: tuple[Group, ...],
) -> tuple[str, ...] | Absent:
    entered: dict[str, None] = {}
    unknown: Absent | None = None
    for site in others:
        if isinstance(site.user, Absent):
            unknown = unknown or site.user
            continue
        if not site.user:
            continue
        user = next((each for each in users if each.name == site.user), None)
        if user is None:
            detail = f"the account {site.user} is not in passwd"
            unknown = unknown or Absent(Reason.NOT_PRESENT, ("accounts.passwd",), detail[:200])
            continue
        enters = _may_enter(path, user, groups, folders)
        if enters is True:
            entered[f"{_name(site)} as {site.user}"] = None
        elif isinstance(enters, Absent):
            unknown = unknown or enters
    return tuple(entered) if entered or unknown is None else unknown


def _may_enter(
    path: str, user: User, groups: tuple[Group, ...], folders: Mapping[str, OwnedFile]
) -> bool | Absent:
    """Whether an account may enter a folder and all above it. One that is surely shut is enough for no."""
    mine = {user.gid, *(group.gid for group in groups if user.name in group.members)}
    unknown: Absent | None = None
    for place in _way(path):
        folder = folders.get(place)
        if folder is None:
            detail = f"owner and mode of {place} were not looked at"
            unknown = unknown or Absent(Reason.NOT_COLLECTED, ("web.folders",), detail[:200])
            continue
        bits = int(folder.mode, 8)
        shift = 6 if folder.uid == user.uid else 3 if folder.gid in mine else 0
        if user.uid != 0 and not bits >> shift & 0o1:
            return False
    return unknown or True


def _way(path: str) -> Iterator[str]:
    """The folders from the root down to the path itself."""
    parts = [part for part in posixpath.normpath(path).split("/") if part]
    yield "/"
    for count in range(1, len(parts) + 1):
        yield "/" + "/".join(parts[:count])


def tenants(
    sites: tuple[Site, ...],
    policy: AccessPolicy,
    processes: tuple[Process, ...] | Absent,
    labels: FileLabels | Absent,
) -> tuple[TenantReach, ...]:
    """Every site that runs code, and the others that do so whose files the policy lets it read."""
    by_path = {} if isinstance(labels, Absent) else {each.path: each for each in labels.files}
    known = sites[:_MOST_SITES]
    return tuple(
        _reach(site, _labels_of(site, processes), known, policy, by_path)
        for site in known
        if _runs_code(site)
    )


def _labels_of(site: Site, processes: tuple[Process, ...] | Absent) -> tuple[str, ...] | Absent:
    """The labels of the processes of its pools, which php-fpm names by the pool."""
    if isinstance(processes, Absent):
        return processes
    titles = {_TITLE + pool for pool in site.pools}
    mine = [each for each in processes if each.arguments and each.arguments[0].strip() in titles]
    found = dict.fromkeys(each.label for each in mine if isinstance(each.label, str))
    if found and all(isinstance(each.label, str) for each in mine):
        return tuple(found)
    detail = f"no process of the site {_name(site)} was seen"
    return Absent(Reason.NOT_COLLECTED, ("processes.files",), detail[:200])


def _reach(
    site: Site,
    labels: tuple[str, ...] | Absent,
    sites: Iterable[Site],
    policy: AccessPolicy,
    by_path: Mapping[str, FileLabel],
) -> TenantReach:
    if isinstance(labels, Absent):
        return TenantReach(_name(site), (), labels)
    reads: dict[str, None] = {}
    unknown: Absent | None = None
    for owner in sites:
        if owner is site or not _runs_code(owner) or set(owner.docroots) & set(site.docroots):
            continue
        for path in _files(owner, by_path):
            context = by_path[path].label if path in by_path else ""
            if policy.framework == "selinux" and not context:
                detail = f"no label below the folders of {_name(owner)} was looked at"
                unknown = unknown or Absent(Reason.NOT_COLLECTED, ("labels.files",), detail[:200])
                continue
            for label in labels:
                subject = Subject(label if policy.framework == "selinux" else subject_name(label))
                answer = policy.may(subject, Action.READ, Path(path, context=context))
                if answer.verdict in (Verdict.ALLOWED, Verdict.LOGGED) or label == "unconfined":
                    reads[_name(owner)] = None
                elif answer.verdict is Verdict.UNKNOWN:
                    detail = f"read {path}: {answer.unknown}"
                    unknown = unknown or Absent(Reason.NOT_PRESENT, ("access.policy",), detail[:200])
    return TenantReach(_name(site), labels, tuple(reads) if reads or unknown is None else unknown)


def _files(owner: Site, by_path: Mapping[str, FileLabel]) -> list[str]:
    """Files of a site, one of each label; its index where none was seen."""
    roots = tuple(root.rstrip("/") + "/" for root in owner.docroots)
    found: dict[str, str] = {}
    for path, file in by_path.items():
        if file.kind == "f" and path.startswith(roots):
            found.setdefault(file.label, path)
    return list(found.values())[:6] or [f"{root}index.php" for root in roots]


def content_labels(sites: tuple[Site, ...], labels: FileLabels) -> tuple[ContentLabels, ...]:
    """The types of every site's files."""
    found = []
    for site in sites[:_MOST_SITES]:
        for docroot in site.docroots:
            root = docroot.rstrip("/")
            mine = [each for each in labels.files if each.path == root or each.path.startswith(f"{root}/")]
            if not mine:
                detail = f"no label below {docroot} was looked at"
                unseen = Absent(Reason.NOT_COLLECTED, ("labels.files",), detail[:200])
                found.append(ContentLabels(_name(site), docroot, unseen, unseen))
                continue
            foreign = [_typed(each) for each in mine if not _is_content(each)]
            code = [
                _typed(each) for each in mine if _is_code(each, root) and _WRITABLE.fullmatch(_type(each))
            ]
            found.append(ContentLabels(_name(site), docroot, tuple(foreign[:_MOST]), tuple(code[:_MOST])))
    return tuple(found)


def _type(file: FileLabel) -> str:
    return subject_name(file.label)


def _typed(file: FileLabel) -> str:
    return f"{file.path}: {_type(file)}"


def _is_content(file: FileLabel) -> bool:
    """What packages install below /usr has the type of all that is there, which every domain may read."""
    return _CONTENT.fullmatch(_type(file)) is not None or (
        file.path.startswith("/usr/") and _type(file) == "usr_t"
    )


def _is_code(file: FileLabel, root: str) -> bool:
    return file.path == root or (file.kind == "f" and _PROGRAM.fullmatch(file.path) is not None)
