"""A module in its languages: CIL, and .te with .fc and .if for checkmodule or refpolicy.

CIL is what is installed: it needs no compiler and no policy sources, and it is the text that is judged.
The plain .te says the same rules for ``checkmodule``. The one for refpolicy uses its interfaces, which grant
what they grant; it is for sites that keep their policy in that form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hardcheck.confine import names
from hardcheck.confine.spec import Spec
from hardcheck.selinux.cil import Extension, FileContext

VERSION = "1.0"
_CIL_KINDS = {
    "": "any",
    "file": "file",
    "dir": "dir",
    "lnk_file": "symlink",
    "sock_file": "socket",
    "fifo_file": "pipe",
    "chr_file": "char",
    "blk_file": "block",
}
_FC_KINDS = {"": "", "file": "--", "dir": "-d", "lnk_file": "-l", "sock_file": "-s", "fifo_file": "-p"}
_NUMBERS = re.compile(r"c([0-9]+)")


def cil(module: Extension) -> str:
    """The module as CIL."""
    lines = [f"(type {name})" for name in module.types]
    lines += [f"(roletype {role} {type_})" for role, type_ in module.roles]
    lines += [f"(typeattributeset {attribute} ({type_}))" for attribute, type_ in module.attributes]
    lines += [
        f"(allow {one.source} {one.target} ({one.class_} ({' '.join(one.permissions)})))"
        for one in module.allows
    ]
    lines += [
        f"(typetransition {one.source} {one.target} {one.class_} {one.new})" for one in module.transitions
    ]
    lines += [f"(typepermissive {name})" for name in module.permissive]
    lines += [_filecon(one) for one in module.file_contexts]
    return "\n".join(lines) + "\n"


def permissive_cil(spec: Spec) -> str:
    """The second module: every domain of the first only logs."""
    domains = dict.fromkeys(names.domain(spec, service) for service in spec.services)
    return "".join(f"(typepermissive {name})\n" for name in domains)


def _filecon(one: FileContext) -> str:
    user, role, type_, level = one.context.split(":", 3)
    sensitivity, _, categories = level.partition(":")
    cil_level = f"({sensitivity} ({categories.replace(',', ' ')}))" if categories else f"({sensitivity})"
    kind = _CIL_KINDS[one.kind]
    return f'(filecon "{one.spec}" {kind} ({user} {role} {type_} ({cil_level} {cil_level})))'


def fc(module: Extension, *, refpolicy: bool) -> str:
    """File contexts: one rule a line, ``gen_context`` where refpolicy's macros expand it."""
    lines = []
    for one in module.file_contexts:
        label = one.context
        if refpolicy:
            user, role, type_, level = label.split(":", 3)
            label = f"gen_context({user}:{role}:{type_},{level.replace(':', ',', 1)})"
        lines.append("\t".join(part for part in (one.spec, _FC_KINDS[one.kind], label) if part))
    return "\n".join(lines) + "\n"


def te(spec: Spec, module: Extension, *, refpolicy: bool) -> str:
    """The module in the reference language."""
    head = (
        f"policy_module({names.module(spec)}, {VERSION})"
        if refpolicy
        else f"module {names.module(spec)} {VERSION};"
    )
    parts = [head, _requirements(module, refpolicy=refpolicy)]
    attributes: dict[str, list[str]] = {}
    for attribute, type_ in module.attributes:
        attributes.setdefault(type_, []).append(attribute)
    parts += [f"type {', '.join((name, *attributes.get(name, ())))};" for name in module.types]
    parts += [f"role {role} types {type_};" for role, type_ in _process_roles(module)]
    if refpolicy:
        parts += _interfaces(module)
    parts += [
        f"allow {one.source} {one.target}:{one.class_} {{ {' '.join(one.permissions)} }};"
        for one in module.allows
    ]
    parts += [
        f"type_transition {one.source} {one.target}:{one.class_} {one.new};" for one in module.transitions
    ]
    return "\n".join(parts) + "\n"


def _requirements(module: Extension, *, refpolicy: bool) -> str:
    """Every name that the module uses and does not define."""
    own = set(module.types)
    used = [name for one in module.allows for name in (one.source, one.target)]
    used += [name for one in module.transitions for name in (one.source, one.target)]
    classes: dict[str, dict[str, None]] = {}
    for one in module.allows:
        classes.setdefault(one.class_, {}).update(dict.fromkeys(one.permissions))
    for rule in module.transitions:
        classes.setdefault(rule.class_, {})
    lines = [f"\ttype {name};" for name in dict.fromkeys(used) if name not in own and name != "self"]
    lines += [f"\tattribute {name};" for name in dict.fromkeys(name for name, _ in module.attributes)]
    lines += [f"\trole {name};" for name in dict.fromkeys(name for name, _ in _process_roles(module))]
    lines += [f"\tclass {name} {{ {' '.join(sorted(found))} }};" for name, found in classes.items() if found]
    body = "\n".join(lines)
    return f"gen_require(`\n{body}\n')" if refpolicy else f"require {{\n{body}\n}}"


def _process_roles(module: Extension) -> list[tuple[str, str]]:
    """Roles without object_r, which the compiler of this language gives to every type itself."""
    return [(role, type_) for role, type_ in module.roles if role != "object_r"]


def _interfaces(module: Extension) -> list[str]:
    """Refpolicy's own words for what the types are; the runtime one has two names by version."""
    lines = []
    entries = {one.target: one.source for one in module.allows if "entrypoint" in one.permissions}
    lines += [
        f"init_daemon_domain({domain}, {program})"
        for program, domain in entries.items()
        if program in module.types
    ]
    by_attribute = {"logfile": "logging_log_file", "tmpfile": "files_tmp_file"}
    for attribute, type_ in module.attributes:
        if attribute in by_attribute:
            lines.append(f"{by_attribute[attribute]}({type_})")
        elif attribute == "pidfile":
            lines.append(
                f"ifdef(`files_runtime_file',`files_runtime_file({type_})',`files_pid_file({type_})')"
            )
        elif attribute == "file_type":
            lines.append(f"files_type({type_})")
    return lines


def interfaces(spec: Spec, module: Extension) -> str:
    """The .if file: what other modules may ask for, named after the types that there are."""
    parts: list[str] = [f"## <summary>Services confined by {names.module(spec)}.</summary>"]
    for name in module.types:
        if name.endswith("_content_t"):
            parts.append(_interface(f"{name[:-2]}_read", name, ("file", "read_files"), ("dir", "list")))
        elif name.endswith("_socket_t"):
            parts.append(_connect(name.removesuffix("_socket_t")))
    return "\n".join(parts) + "\n"


_RIGHTS = {"read_files": "getattr ioctl lock map open read", "list": "getattr ioctl lock open read search"}


def _interface(name: str, type_: str, *rights: tuple[str, str]) -> str:
    rules = "".join(f"\tallow $1 {type_}:{class_} {{ {_RIGHTS[words]} }};\n" for class_, words in rights)
    classes = "".join(f"\t\tclass {class_} {{ {_RIGHTS[words]} }};\n" for class_, words in rights)
    return _block(name, "Read the content.", f"\t\ttype {type_};\n{classes}", rules)


def _connect(stem: str) -> str:
    needs = (
        f"\t\ttype {stem}_t, {stem}_socket_t;\n\t\tclass sock_file {{ getattr write }};\n"
        "\t\tclass unix_stream_socket connectto;\n"
    )
    rules = (
        f"\tallow $1 {stem}_socket_t:sock_file {{ getattr write }};\n"
        f"\tallow $1 {stem}_t:unix_stream_socket connectto;\n"
    )
    return _block(f"{stem}_stream_connect", "Connect to the sockets.", needs, rules)


def _block(name: str, summary: str, needs: str, rules: str) -> str:
    head = _comment((summary, "param: the domain that may"))
    return f"{head}interface(`{name}',`\n\tgen_require(`\n{needs}\t')\n{rules}')\n"


def _comment(lines: Iterable[str]) -> str:
    summary, parameter = lines
    return (
        f"## <summary>{summary}</summary>\n"
        f'## <param name="domain"><summary>{parameter.removeprefix("param: ")}</summary></param>\n'
    )
