"""All profiles of a host, and the questions that can be asked of them.

policy = ProfileSet.read("/etc/apparmor.d")
policy.file("/usr/sbin/nginx", "/etc/shadow")        # FileAccess: "-"
policy.attached("/usr/sbin/nginx").name              # "/usr/sbin/nginx"
"""

from __future__ import annotations

import posixpath
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from hardcheck.apparmor.abi import DEFAULT_FEATURES, Features
from hardcheck.apparmor.answers.capabilities import allowed_capabilities
from hardcheck.apparmor.answers.sockets import answer_network
from hardcheck.apparmor.attachment import Attachable, Attachment, attached
from hardcheck.apparmor.check import check_profile
from hardcheck.apparmor.faults import Fault
from hardcheck.apparmor.file_access import FileAccess, FileTable, FileTableFault
from hardcheck.apparmor.flags import ProfileMode
from hardcheck.apparmor.grammar import parse_unit
from hardcheck.apparmor.includes import Library, decode
from hardcheck.apparmor.profile import NEWEST_PARSER, Profile
from hardcheck.apparmor.resolve import ResolvedFile, Resolver
from hardcheck.apparmor.rules.capability import CAPABILITIES
from hardcheck.apparmor.source import FolderSource, MappingSource, Source, is_skipped
from hardcheck.apparmor.syntax import Unit
from hardcheck.errors import ProfileError, UsageError

_KEPT_TABLES = 256  # compiled profiles kept at a time


class FileState(StrEnum):
    """What becomes of a policy file at boot."""

    ACTIVE = "active"
    DISABLED = "disabled"  # named in disable/
    BROKEN = "broken"  # has faults: apparmor_parser refuses it as a whole


class PolicyFile(msgspec.Struct, frozen=True):
    """One file of policy: ``name`` below the base folder; ``force_complain``: named in that folder."""

    name: str
    state: FileState
    force_complain: bool
    resolved: ResolvedFile


class ProfileSet:
    """Profiles by full name. Files that are broken or disabled are in ``files`` only."""

    def __init__(self, files: Iterable[PolicyFile], library: Library, kernel: Features | None = None) -> None:
        self.files = tuple(files)
        self.library = library
        self.kernel = kernel
        self.profiles: dict[str, Profile] = {}
        self._file_of: dict[str, PolicyFile] = {}
        for file in self.files:
            if file.state is FileState.ACTIVE:
                for profile in file.resolved.profiles:
                    self.profiles.setdefault(profile.full_name, profile)
                    self._file_of.setdefault(profile.full_name, file)
        self._tables: OrderedDict[str, FileTable] = OrderedDict()
        self._attachables: dict[str, list[Attachable]] = {}
        self.loaded: frozenset[str] | None = None

    @classmethod
    def read(
        cls,
        folder: str | Path | Source | Mapping[str, bytes],
        *,
        base: str = "/etc/apparmor.d",
        kernel: Features | None = None,
        default_features: Features = DEFAULT_FEATURES,
        parser_version: tuple[int, ...] = NEWEST_PARSER,
    ) -> ProfileSet:
        """Read a folder of policy: an apparmor.d on this machine, or files by path as collected.

        Faults do not stop the reading: see `faults`. ``base`` is the path of the folder within a
        mapping or source; for a folder on this machine it is the folder itself. ``kernel`` are the
        features of the host's kernel (None: a kernel that knows all that the policy asks for);
        ``default_features`` hold for files without an abi statement; ``parser_version`` is that of the
        host's apparmor_parser, as numbers: old ones compile some exec and mount rules otherwise.

        Raises:
            UsageError: there is no such folder.
        """
        if isinstance(folder, (str, Path)):
            source: Source = FolderSource(folder)
            base = str(Path(folder).resolve())
        elif isinstance(folder, Mapping):
            source = MappingSource(folder, base)
        else:
            source = folder
        names = source.names(base)
        if names is None:
            raise UsageError(f"{base}: there is no folder of AppArmor policy")
        library = Library(source, base)
        resolver = Resolver(library, default_features, parser_version)
        disabled = frozenset(source.names(posixpath.join(base, "disable")) or ())
        complaining = frozenset(source.names(posixpath.join(base, "force-complain")) or ())
        files: list[PolicyFile] = []
        for name in names:
            unit = None if is_skipped(name) else library.unit(posixpath.join(base, name))
            if unit is not None:
                resolved = resolver.resolve(posixpath.join(base, name), unit)
                state = FileState.BROKEN if resolved.faults else FileState.ACTIVE
                state = FileState.DISABLED if name in disabled else state
                files.append(PolicyFile(name, state, name in complaining, resolved))
        return cls(files, library, kernel)

    @classmethod
    def of_unit(
        cls, name: str, unit: Unit, library: Library, parser_version: tuple[int, ...] = NEWEST_PARSER
    ) -> ProfileSet:
        """Return the profiles of one file."""
        resolved = Resolver(library, parser_version=parser_version).resolve(name, unit)
        state = FileState.BROKEN if resolved.faults else FileState.ACTIVE
        return cls((PolicyFile(name, state, False, resolved),), library)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults of all broken files, in their order."""
        return tuple(fault for file in self.files for fault in file.resolved.faults)

    def check(self) -> tuple[Fault, ...]:
        """Return the faults of all files, those included that only a compilation shows. Takes its time."""
        found = list(self.faults)
        for profile in self.profiles.values():
            found += check_profile(profile)
        return tuple(found)

    def profile(self, profile: str | Profile) -> Profile:
        """Return the profile of this name.

        Raises:
            UsageError: there is none.
        """
        if isinstance(profile, Profile):
            return profile
        found = self.profiles.get(profile)
        if found is None:
            raise UsageError(f"there is no profile '{profile}'")
        return found

    def mode(self, profile: str | Profile) -> ProfileMode:
        """Return the mode that a profile is loaded in, ``force-complain/`` considered."""
        found = self.profile(profile)
        file = self._file_of.get(found.full_name)
        if file is not None and file.force_complain:
            return ProfileMode.COMPLAIN
        return found.flags.mode

    def table(self, profile: str | Profile) -> FileTable:
        """Return the compiled file rules of a profile.

        Raises:
            ProfileError: they cannot be compiled.
            UsageError: there is no such profile.
        """
        found = self.profile(profile)
        table = self._tables.get(found.full_name)
        if table is not None and table.profile is found:
            self._tables.move_to_end(found.full_name)
            return table
        try:
            table = FileTable(found)
        except FileTableFault as error:
            raise ProfileError(error.faults) from error
        self._tables[found.full_name] = table
        if len(self._tables) > _KEPT_TABLES:
            self._tables.popitem(last=False)
        return table

    def file(self, profile: str | Profile, path: str, owner: bool = True) -> FileAccess:
        """Return the permissions (r w a l k m) and the exec mode that the rules of a profile give.

        ``owner``: the file belongs to the user of the task. The rules alone: a profile in complain
        mode answers as if it enforced.
        """
        return self.table(profile).access(path, owner)

    def capabilities(self, profile: str | Profile) -> frozenset[str]:
        """Return the capabilities that a profile allows, in lower case without CAP_."""
        found = self.profile(profile)
        return allowed_capabilities(found) if self.mediates(found, "capability") else frozenset(CAPABILITIES)

    def network(self, profile: str | Profile, family: str, type_: str) -> bool:
        """Whether a profile allows sockets of ``family`` (``inet``) and ``type_`` (``stream``)."""
        found = self.profile(profile)
        return not self.mediates(found, "network") or answer_network(found, family, type_).allowed

    def why_missing(self, name: str) -> str:
        """Say why there is no profile of this name."""
        for file in self.files:
            if any(profile.full_name == name for profile in file.resolved.profiles):
                if file.state is FileState.BROKEN:
                    return f"the file of profile '{name}' has faults: {file.resolved.faults[0]}"
                if file.state is FileState.DISABLED:
                    return f"profile '{name}' is disabled: {file.name} is named in disable/"
        return f"there is no profile '{name}' in the policy read"

    def mediates(self, profile: Profile, class_: str) -> bool:
        """Whether rules of a class hold for a profile: its abi, the kernel and its mode decide."""
        if profile.flags.mode is ProfileMode.UNCONFINED:
            return False
        return class_ == "file" or profile.features.mediates(class_, self.kernel)

    def attached(
        self,
        executable: str,
        within: Profile | None = None,
        namespace: str = "",
        xattrs: Mapping[str, str] | None = None,
    ) -> Attachment:
        """Return the profile that attaches to ``executable`` when an unconfined task executes it.

        ``within``: among the children of that profile instead of the top-level profiles.
        """
        if within is not None:
            key, profiles = f"//{within.full_name}", list(within.children.values())
        else:
            key = namespace
            profiles = [p for p in self.profiles.values() if p.parent is None and p.namespace == namespace]
        candidates = self._attachables.get(key)
        if candidates is None:
            candidates = self._attachables[key] = [
                Attachable(profile)
                for profile in profiles
                if profile.attachment and self.exists(profile.full_name)
            ]
        return attached(candidates, executable, xattrs)

    def exists(self, name: str) -> bool:
        """Whether a profile of this full name is in the kernel, or would be (when that is not known)."""
        if self.loaded is not None:
            return name in self.loaded
        return name in self.profiles

    def with_loaded(self, names: Iterable[str]) -> ProfileSet:
        """Return the same policy on a host that has only the profiles ``names`` in its kernel."""
        copy = ProfileSet(self.files, self.library, self.kernel)
        copy.loaded = frozenset(names)
        return copy


def parse(
    path_or_text: str | Path,
    base: str | Path | None = None,
    *,
    cwd: str | Path | None = None,
    name: str = "policy",
    parser_version: tuple[int, ...] = NEWEST_PARSER,
) -> ProfileSet:
    """Read one file of policy, strictly: every fault is an error, also those of compilation.

    A `Path` is a file; a string is the text itself when it holds a line end or one of ``{ = , "``, else
    the path of a file. ``base`` is the folder of ``include <...>`` (default: the folder of the file),
    ``cwd`` that of ``include "..."`` (default: ``base``). Nothing outside of them is read.

    Raises:
        ProfileError: with every fault, located.
        UsageError: there is no such file.
    """
    if isinstance(path_or_text, str) and _is_text(path_or_text):
        roots = [folder for folder in (cwd, base) if folder is not None]
        source = FolderSource(*roots) if roots else MappingSource({})
        text = path_or_text.encode("utf-8", "surrogatepass")
    else:
        path = Path(path_or_text)
        base = path.resolve().parent if base is None else base
        source = FolderSource(cwd or base, base, path.resolve().parent)
        content = source.read(str(path.resolve()))
        if content is None:
            raise UsageError(f"{path}: there is no file of AppArmor policy")
        name, text = str(path), content
    library = Library(source, str(Path(base).resolve()) if base is not None else "/etc/apparmor.d")
    found = ProfileSet.of_unit(name, parse_unit(decode(name, text)), library, parser_version)
    faults = found.faults or found.check()
    if faults:
        raise ProfileError(faults)
    return found


def _is_text(text: str) -> bool:
    return not text or any(mark in text for mark in '\n{=,"')
