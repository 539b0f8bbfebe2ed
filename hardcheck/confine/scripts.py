"""install.sh, verify.sh and rollback.sh, and the settings that they read.

The scripts are fixed text, the same for every specification; all that differs is in ``settings.sh``: lists
of function calls whose words are quoted for the shell. Nothing of a specification is ever code.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from pathlib import Path

import msgspec

from hardcheck.confine import names
from hardcheck.confine.quoting import shell_word
from hardcheck.confine.spec import OWN_KINDS, ServiceSpec, Spec

SCRIPTS = ("install.sh", "verify.sh", "rollback.sh", "common.sh")
STATE = "/var/lib/hardcheck-confine"


class Labelling(msgspec.Struct, frozen=True):
    """A label that semanage has to set beside the module, because a local rule of the host comes first:
    ``spec`` is the expression, ``kind`` the letter of semanage-fcontext(8)."""

    spec: str
    kind: str
    type_: str
    level: str


def scripts() -> dict[str, str]:
    """The fixed scripts by name."""
    return {name: (Path(__file__).parent / name).read_text(encoding="utf-8") for name in SCRIPTS}


def settings(spec: Spec, module: str, labellings: tuple[Labelling, ...], profiles: Iterable[str]) -> str:
    """``settings.sh``: variables, and one function for each list, which calls its argument for each row.
    ``module`` is empty where no SELinux module was written."""
    shared = dict.fromkeys(service.replaces for service in spec.services if _lets_go(spec, service))
    paths = dict.fromkeys(path.rstrip("/") for service in spec.services for path in _labelled(service))
    labels = ((one.kind, one.type_, one.level, one.spec) for one in labellings)
    lines = [
        f"name={shell_word(spec.name)}",
        f"module={shell_word(module)}",
        f"hats={'yes' if spec.hats else 'no'}",
        f"state={shell_word(f'{STATE}/{spec.name}')}",
        "# NAME UNIT DOMAIN PROFILE MAKES-UNIT POOL POOL-FILE MOVED-TO MAIN-FILE",
        *_list("each_service", (_service(spec, service) for service in spec.services)),
        "# units that let go of what the new ones take",
        *_list("each_shared", ((unit,) for unit in shared)),
        "# paths with labels of their own",
        *_list("each_path", ((path,) for path in paths)),
        "# labels beside the module's, against rules of this host: KIND TYPE LEVEL EXPRESSION",
        *_list("each_label", labels),
        *_list("each_profile", ((name,) for name in profiles)),
    ]
    return "\n".join(lines) + "\n"


def _list(name: str, rows: Iterable[tuple[str, ...]]) -> list[str]:
    calls = [f'    "$1" {" ".join(shell_word(word) for word in row)}' for row in rows]
    return [f"{name}() {{", *(calls or ["    :"]), "}"]


def _service(spec: Spec, service: ServiceSpec) -> tuple[str, ...]:
    makes = "yes" if service.makes_unit and not spec.hats else "no"
    unit = service.replaces if spec.hats else service.unit
    profile = names.parent_profile(spec) if spec.hats else names.profile(spec, service)
    row = (service.name, unit, names.domain(spec, service), profile, makes)
    if service.pool is None:
        return (*row, "", "", "", "")
    moved, main = names.pool_file(service), names.pool_main_file(service)
    return (*row, service.pool.name, service.pool.file, moved, main)


def _lets_go(spec: Spec, service: ServiceSpec) -> bool:
    return bool(service.replaces) and (service.makes_unit or spec.hats)


def _labelled(service: ServiceSpec) -> Iterable[str]:
    if not service.shared_executable:
        yield service.executable
    for kind in OWN_KINDS:
        yield from names.own_paths(service, kind)


def php_files(spec: Spec, text_of: dict[str, str]) -> dict[str, str]:
    """The configuration files of pools by their base name; none where hats tell pools apart."""
    if spec.hats:
        return {}
    return {
        posixpath.basename(names.pool_main_file(service)): text_of[service.name]
        for service in spec.services
        if service.pool is not None
    }
