"""Write hardcheck/compare/catalogue.json: which executables SELinux and AppArmor ship policy for.

    tools/build_catalogue.py --selinux "ID;VERSION;FAMILIES;FOLDER" --apparmor "ID;VERSION;FAMILIES;FOLDER"...
    tools/build_catalogue.py --add --facts "ID;VERSION;FAMILIES;tools/fedora_executables.tsv"

FOLDER of SELinux holds a binary policy (``policy.N``) and its contexts, as below /etc/selinux/TYPE; or, with
``--selinux-fc``, refpolicy's ``*.fc`` files, whose domains then follow refpolicy's names (``X_exec_t`` runs
as ``X_t``); or, with ``--facts``, it is a table of such facts. FOLDER of AppArmor is an apparmor.d; a second
one, after a comma, holds its abstractions and tunables (`tools/fetch_debian_profiles.sh` makes one). FAMILIES
are those that ship it, parted by commas, none for a project's own. With ``--add`` the sources are put among
those that the file has, in place of one of the same name.

Kept are facts alone: pattern of the executable, domain or profile, and whether it binds. Of SELinux also the
patterns that overrule one of these (with no domain). No rule of any policy is copied.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from hardcheck.apparmor import ProfileSet
from hardcheck.apparmor.file_access import pattern_forms
from hardcheck.apparmor.flags import ProfileMode
from hardcheck.apparmor.profile import Profile
from hardcheck.compare.catalogue import CATALOGUE, Catalogue, Entry, Side, Source, State
from hardcheck.errors import PolicyError
from hardcheck.selinux import FileContexts, Policy
from hardcheck.selinux.hygiene import permissive_types, unconfined_by_attribute, unconfined_by_power

Reader = Callable[[str, Path], Iterator[Entry]]

_INIT = "system_u:system_r:init_t:s0"
_FC_LINE = re.compile(r"^(/\S+)\s+(?:(--)\s+)?gen_context\(\s*\w+:\w+:(\w+)_exec_t\s*,")
_PLAIN = re.compile(r"(?:\\[^0-9A-Za-z]|[^.^$?*+|\[({\\])*")
_STATES: dict[ProfileMode, State] = {
    ProfileMode.ENFORCE: "enforced",
    ProfileMode.KILL: "enforced",
    ProfileMode.PROMPT: "enforced",
    ProfileMode.COMPLAIN: "permissive",
    ProfileMode.UNCONFINED: "unconfined",
    ProfileMode.DEFAULT_ALLOW: "unconfined",
}


def selinux_entries(source: str, folder: Path) -> Iterator[Entry]:
    """Every pattern of an executable that init, or the service's own master, starts in a domain."""
    policy = Policy.read(max(folder.glob("policy.*")))
    contexts = FileContexts.read(folder)
    loose = set(unconfined_by_attribute(policy)) | set(unconfined_by_power(policy))
    permissive = set(permissive_types(policy))
    domains: dict[str, str] = {}
    kept: list[tuple[str, str]] = []  # literal beginning and domain
    for rule in contexts.rules:
        type_ = rule.context.split(":")[2] if rule.context.count(":") >= 2 else ""
        if rule.kind not in ("", "file") or (not type_.endswith("_exec_t") and not kept):
            continue
        if type_ not in domains:
            domains[type_] = _domain(policy, type_)
        domain = domains[type_]
        state: State = (
            "unconfined" if domain in loose else "permissive" if domain in permissive else "enforced"
        )
        beginning = _PLAIN.match(rule.spec)
        assert beginning is not None
        literal = beginning.group().replace("\\", "")
        if domain:
            kept.append((literal, domain))
            yield Entry(source, rule.spec, domain, state)
        elif any(literal.startswith(one) and one != literal for one, _ in kept):
            yield Entry(source, rule.spec, "", "")


def _domain(policy: Policy, type_: str) -> str:
    """The domain that an executable's type leads to; empty where it stays its caller's."""
    if not type_.endswith("_exec_t"):
        return ""
    try:
        new = policy.transition(_INIT, f"system_u:object_r:{type_}:s0", "process").context.split(":")[2]
        if new != "init_t":
            return new
        own = type_.removesuffix("_exec_t") + "_t"
        context = f"system_u:system_r:{own}:s0"
        allowed = policy.access(context, f"system_u:object_r:{type_}:s0", "file").allowed
    except PolicyError:
        return ""
    return own if "entrypoint" in allowed else ""


def fc_entries(source: str, folder: Path) -> Iterator[Entry]:
    """Every ``*_exec_t`` line of refpolicy's file context sources, by the naming of its domains."""
    for file in sorted(folder.glob("**/*.fc")):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            match = _FC_LINE.match(line)
            if match is not None:
                yield Entry(source, match[1], f"{match[3]}_t", "enforced")


def fact_entries(source: str, table: Path) -> Iterator[Entry]:
    """The rows of a table: file, commit, pattern, domain, state; ``#`` begins a comment."""
    for line in table.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            _, _, pattern, domain, state = line.split("\t")
            yield Entry(source, pattern, domain, msgspec.convert(state, State))


def apparmor_entries(source: str, folders: list[Path]) -> Iterator[Entry]:
    """Every attachment of every profile, its variables filled in."""
    files = {
        "/etc/apparmor.d/" + str(file.relative_to(folder)): file.read_bytes()
        for folder in reversed(folders)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
    files |= {f"/etc/apparmor.d/local/{file.name}": b"" for file in folders[0].iterdir()}  # made on install
    own = {str(file.relative_to(folders[0])) for file in folders[0].rglob("*")}
    found = ProfileSet.read(files)
    for profile in found.profiles.values():
        if profile.parent is None and profile.attachment and profile.source.name in own:
            state = _STATES[found.mode(profile)]
            for form in _forms(profile):
                yield Entry(source, form, profile.full_name, state)


def _forms(profile: Profile) -> Iterable[str]:
    return pattern_forms(profile, profile.attachment)


def main() -> None:
    """Read the sources named on the command line and write the catalogue."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--selinux", "--selinux-fc", "--facts", "--apparmor"):
        parser.add_argument(name, action="append", default=[], metavar="ID;VERSION;FAMILIES;FOLDER")
    parser.add_argument("--add", action="store_true", help="keep the sources that are not named here")
    options = parser.parse_args()
    sources: list[Source] = []
    entries: list[Entry] = []
    readers: tuple[tuple[Side, Reader, list[str]], ...] = (
        ("selinux", selinux_entries, options.selinux),
        ("selinux", fc_entries, options.selinux_fc),
        ("selinux", fact_entries, options.facts),
    )
    for framework, read, words in readers:
        for word in words:
            source, folders = _source(framework, word)
            sources.append(msgspec.structs.replace(source, whole=read is not fact_entries))
            entries += read(source.id, folders[0])
    for word in options.apparmor:
        source, folders = _source("apparmor", word)
        sources.append(source)
        entries += apparmor_entries(source.id, folders)
    if options.add:
        kept = msgspec.json.decode(CATALOGUE.read_bytes(), type=Catalogue)
        named = {source.id for source in sources}
        sources = [*(one for one in kept.sources if one.id not in named), *sources]
        entries = [*(one for one in kept.entries if one.source not in named), *entries]
    CATALOGUE.write_bytes(_lines(Catalogue(tuple(sources), tuple(dict.fromkeys(entries)))))


def _source(framework: Side, word: str) -> tuple[Source, list[Path]]:
    name, version, families, where = word.split(";")
    folders = [Path(each).expanduser() for each in where.split(",")]
    return Source(name, framework, version, tuple(filter(None, families.split(",")))), folders


def _lines(catalogue: Catalogue) -> bytes:
    """The JSON of it with an entry a line, so that a new version shows what changed."""
    sources = b",\n".join(map(msgspec.json.encode, catalogue.sources))
    entries = b",\n".join(map(msgspec.json.encode, catalogue.entries))
    return b'{"sources":[\n' + sources + b'],\n"entries":[\n' + entries + b"]}\n"


if __name__ == "__main__":
    main()
