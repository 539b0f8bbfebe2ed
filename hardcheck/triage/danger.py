"""Which entries of the danger list a request is on; and whether a change of policy newly allows one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache

import msgspec

from hardcheck.triage.danger_list import DANGERS, NETWORK_SERVICES
from hardcheck.triage.danger_model import WORDS, ApparmorClause, Danger, PathClause, SelinuxClause
from hardcheck.triage.danger_paths import path_fits
from hardcheck.triage.request import Request

Faces = Callable[[Request], bool]
"""Whether the network reaches the one who asks."""


class Hit(msgspec.Struct, frozen=True):
    """A request that is on the list: the entry, and what of the request it is."""

    danger: Danger
    what: str


def warning(danger: Danger) -> str:
    """The sentence that a denial on the list is explained with."""
    tail = "" if danger.relabel else " Take it for a possible intrusion first."
    return f"{danger.title}: {danger.why}{tail}"


def hits_of(request: Request, faces_network: Faces | None = None, *, tenant: bool = False) -> tuple[Hit, ...]:
    """Every entry that a request is on, in the order of the list.

    ``faces_network`` decides for shells; without it the names of `NETWORK_SERVICES` do. ``tenant``: the
    path is known to belong to another site than the one who asks.
    """
    faces = faces_network or named_service
    return tuple(
        Hit(danger, what)
        for danger in _possible(request)
        if (what := _what(danger, request, faces, tenant=tenant)) is not None
    )


def hits_of_any(requests: Iterable[Request], faces_network: Faces | None = None) -> tuple[Hit, ...]:
    """Every entry that one of some requests of SELinux is on, each once; they differ by their path alone."""
    found: dict[str, Hit] = {}
    for number, request in enumerate(requests):
        if number == 0 or _listed(request.path):
            for hit in hits_of(request, faces_network):
                found.setdefault(hit.danger.id, hit)
    return tuple(found.values())


def _possible(request: Request) -> Iterable[Danger]:
    """The entries that can fit: most requests are on none, and are about no path of the list."""
    if request.framework != "selinux" or (request.path and _listed(request.path)):
        return DANGERS
    about = _clauses_about(request.class_, request.target)
    return [danger for danger in DANGERS if danger.id in about] if about else ()


def named_service(request: Request) -> bool:
    """Whether the one who asks has the name of a network service."""
    stem = request.source.rpartition("/")[2].removesuffix("_t")
    program = request.exe.rpartition("/")[2]
    return any(fits(name, pattern) for name in (stem, program) if name for pattern in NETWORK_SERVICES)


def _what(danger: Danger, request: Request, faces: Faces, *, tenant: bool) -> str | None:
    if request.framework == "selinux":
        for clause in _clauses_about(request.class_, request.target).get(danger.id, ()):
            if _selinux(clause, request, faces):
                return f"{request.target}:{request.class_} {' '.join(request.wanted)}".strip()
    elif any(_apparmor(clause, request, tenant=tenant) for clause in danger.apparmor):
        return f"{request.class_} {request.target or request.path or ' '.join(request.wanted)}".strip()
    if request.path and danger.paths and _listed(request.path):
        for place in danger.paths:
            if _path(place, request, faces):
                return request.path
    return None


@lru_cache(maxsize=4096)
def _clauses_about(class_: str, target: str) -> dict[str, list[SelinuxClause]]:
    """The clauses by entry that a class and a target type fit; not to be changed."""
    found: dict[str, list[SelinuxClause]] = {}
    for id_, clause in _clauses_of(class_):
        if not clause.target or _named(clause.target, target):
            found.setdefault(id_, []).append(clause)
    return found


@lru_cache(maxsize=256)
def _clauses_of(class_: str) -> tuple[tuple[str, SelinuxClause], ...]:
    """The clauses that a class fits, each with the name of its entry."""
    return tuple(
        (danger.id, clause)
        for danger in DANGERS
        for clause in danger.selinux
        if not clause.class_ or class_ in clause.class_
    )


def _selinux(clause: SelinuxClause, request: Request, faces: Faces) -> bool:
    return (
        (not clause.apart or request.apart)
        and _meets(clause.permission, request.wanted)
        and (not clause.across or request.source != request.target)
        and (not clause.shells or faces(request))
    )


def _apparmor(clause: ApparmorClause, request: Request, *, tenant: bool) -> bool:
    if clause.kind == ("tenant",):
        return tenant
    if request.class_ not in clause.kind:
        return False
    names = request.wanted if request.class_ == "capability" else (request.target,)
    return (not clause.name or any(_named(clause.name, name) for name in names)) and (
        not clause.across or request.source != request.target
    )


def _path(clause: PathClause, request: Request, faces: Faces) -> bool:
    wanted = request.wanted
    if request.framework == "apparmor" and request.class_ == "exec":
        wanted = (*wanted, "x")
    if not _meets(clause.access, wanted) or (clause.shells and not faces(request)):
        return False
    return path_fits(request.path, clause.paths)


@lru_cache(maxsize=4096)
def _listed(path: str) -> bool:
    """Whether a path is any of the list's: most are none, and this asks once for all entries."""
    return path_fits(path, _EVERY_PATH)


_EVERY_PATH = tuple(
    dict.fromkeys(pattern for danger in DANGERS for clause in danger.paths for pattern in clause.paths)
)


def _meets(words: tuple[str, ...], wanted: Iterable[str]) -> bool:
    return not words or not words_of(words).isdisjoint(wanted)


@cache
def words_of(words: tuple[str, ...]) -> frozenset[str]:
    """Permissions and mask letters with the sets in place of their names."""
    return frozenset().union(*(WORDS.get(word, frozenset({word})) for word in words))


def _named(patterns: tuple[str, ...], name: str) -> bool:
    if not patterns:
        return True
    exact, beginnings, ends, others = _parted(patterns)
    return (
        name in exact
        or name.startswith(beginnings)
        or name.endswith(ends)
        or (bool(others) and any(fits(name, pattern) for pattern in others))
    )


@cache
def _parted(
    patterns: tuple[str, ...],
) -> tuple[frozenset[str], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Plain names, beginnings (``a*``), ends (``*a``) and other patterns."""
    globs = [pattern for pattern in patterns if "*" in pattern]
    beginnings = tuple(one[:-1] for one in globs if one.endswith("*") and one.count("*") == 1)
    ends = tuple(one[1:] for one in globs if one.startswith("*") and one.count("*") == 1)
    others = tuple(one for one in globs if one.count("*") > 1 or "*" in one[1:-1])
    return frozenset(patterns) - frozenset(globs), beginnings, ends, others


def fits(name: str, pattern: str) -> bool:
    """Whether a name is a pattern's, where ``*`` stands at one end, both, or once in the middle."""
    if pattern.startswith("*") and pattern.endswith("*"):
        return pattern[1:-1] in name
    first, star, last = pattern.partition("*")
    if not star:
        return name == pattern
    return len(name) >= len(first) + len(last) and name.startswith(first) and name.endswith(last)
