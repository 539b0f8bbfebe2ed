"""Which folders a login gets of its own: pam_namespace(8) in the stack, namespace.conf(5) behind it."""

from __future__ import annotations

from collections.abc import Mapping

from hardcheck.derive.pam_lockout import SERVICES, stack
from hardcheck.facts import Absent, Reason
from hardcheck.facts.pam import LoginNamespace, PamLine, PolyDir

_REQUIRED = ("required", "requisite")


def login_namespaces(
    services: Mapping[str, tuple[PamLine, ...]], folders: tuple[PolyDir, ...]
) -> tuple[LoginNamespace, ...] | Absent:
    """What a login comes to, for each service that is there. A module that is optional may fail unseen."""
    known = [name for name in SERVICES if name in services]
    if not known:
        return Absent(Reason.NOT_PRESENT, ("pam.files",), "no service of PAM through which people log in")
    return tuple(_of_service(name, services, folders) for name in known)


def _of_service(
    name: str, services: Mapping[str, tuple[PamLine, ...]], folders: tuple[PolyDir, ...]
) -> LoginNamespace:
    lines = [line for line in stack(services, name, "session", 0) if line.module == "pam_namespace.so"]
    if not lines:
        return LoginNamespace(name, (), "pam_namespace is not in its stack")
    if lines[0].control not in _REQUIRED:
        return LoginNamespace(
            name, (), f"{lines[0].place}: {lines[0].control}, it may fail and nobody sees it"
        )
    if not folders:
        return LoginNamespace(name, (), "namespace.conf names no folder")
    places = dict.fromkeys(folder.place for folder in folders)
    return LoginNamespace(name, tuple(dict.fromkeys(each.path for each in folders)), ", ".join(places))
