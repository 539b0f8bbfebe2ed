"""Put the parts of a policy file together: includes, variables, conditions, blocks.

The result of one file is a `ResolvedFile`: its profiles and its faults. A file with any fault is
refused as a whole by apparmor_parser, so its profiles are there to be looked at, not to be trusted.
"""

from __future__ import annotations

import msgspec

from hardcheck.apparmor.abi import DEFAULT_FEATURES, Features
from hardcheck.apparmor.conditions import holds
from hardcheck.apparmor.faults import MAX_FAULTS, Fault, SourceText
from hardcheck.apparmor.flags import Flags, read_flags
from hardcheck.apparmor.includes import Library
from hardcheck.apparmor.profile import NEWEST_PARSER, Profile
from hardcheck.apparmor.rules.file import FileRule
from hardcheck.apparmor.syntax import (
    NO_PREFIX,
    Abi,
    Alias,
    Assignment,
    Block,
    BoolAssignment,
    Conditional,
    Expression,
    Include,
    Item,
    Mode,
    Owner,
    Prefix,
    ProfileBlock,
    Rule,
    Run,
    Unit,
)
from hardcheck.apparmor.variables import Scope, VariableFault

MAX_INCLUDES = 20_000  # files put into one file, counted each time
MAX_INCLUDE_DEPTH = 64  # includes and profiles within each other
MAX_PROFILES = 5_000  # in one file
MAX_RULES = 500_000  # in one file, after includes


class ResolvedFile(msgspec.Struct, frozen=True):
    """What one policy file gives: profiles with their children behind them, in the file's order."""

    path: str
    profiles: tuple[Profile, ...]
    faults: tuple[Fault, ...]
    features: Features
    scope: Scope
    unit_items: tuple[Item, ...]  # the file itself, as written


class _Shared(msgspec.Struct, frozen=True):
    """What including a preamble file into an empty scope gives: shared by all that begin with it."""

    scope: Scope
    seen: frozenset[str]
    aliases: tuple[tuple[str, str], ...]
    features: Features | None
    includes: int


class Resolver:
    """Resolves the files of one library; preambles that many files share are resolved once."""

    def __init__(
        self,
        library: Library,
        default_features: Features = DEFAULT_FEATURES,
        parser_version: tuple[int, ...] = NEWEST_PARSER,
    ) -> None:
        self.library = library
        self.default_features = default_features
        self.parser_version = parser_version
        self._shared: dict[str, _Shared | None] = {}

    def resolve(self, path: str, unit: Unit) -> ResolvedFile:
        """Resolve one file that is policy on its own."""
        work = _File(self, path, unit)
        work.run()
        features = work.features or self.default_features
        profiles, faults = tuple(work.profiles), tuple(work.faults)
        return ResolvedFile(path, profiles, faults, features, work.scope, unit.items)

    def shared(self, path: str) -> _Shared | None:
        """Return what including ``path`` at the very start gives; None when that cannot be shared."""
        if path not in self._shared:
            self._shared[path] = None  # while it is being made: a file that includes itself
            unit = self.library.unit(path)
            if unit is not None:
                work = _File(self, path, unit)
                work.seen.add(path)
                work.run()
                if not work.faults and not work.profiles:
                    self._shared[path] = _Shared(
                        work.scope, frozenset(work.seen), tuple(work.aliases), work.features, work.includes
                    )
        return self._shared[path]


class _File:
    """One file being resolved."""

    def __init__(self, resolver: Resolver, path: str, unit: Unit) -> None:
        self.resolver, self.library = resolver, resolver.library
        self.path, self.unit = path, unit
        self.scope = Scope()
        self.fresh = True  # nothing declared yet: a shared preamble may stand for the scope
        self.aliases: list[tuple[str, str]] = []
        self.features: Features | None = None
        self.profiles: list[Profile] = []
        self.faults: list[Fault] = []
        self.seen: set[str] = set()
        self.noted: set[str] = set()
        self.includes = 0
        self.rules = 0
        self.source: SourceText = unit.source

    def run(self) -> None:
        """Walk the file."""
        self.note_unit(self.unit)
        try:
            self.preamble(self.unit, 0)
        except RecursionError:  # the caller stood deep in its own stack already
            self.fault(self.unit.source, 0, "nested too deep")

    def note_unit(self, unit: Unit) -> None:
        """Take over the faults of a file, once."""
        if unit.source.name not in self.noted:
            self.noted.add(unit.source.name)
            self.faults += unit.faults[: MAX_FAULTS - len(self.faults)]

    def fault(self, source: SourceText, at: int, message: str) -> None:
        """Note a fault."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(source.fault(at, message))

    # -- outside of profiles ---------------------------------------------------------------------

    def preamble(self, unit: Unit, depth: int) -> None:
        """Walk statements outside of profiles."""
        for item in unit.items:
            if len(self.faults) >= MAX_FAULTS:
                return
            if isinstance(item, Include):
                self.preamble_include(unit, item, depth)
            elif isinstance(item, ProfileBlock):
                self.profile(unit, item, None)
            elif isinstance(item, Abi):
                self.abi(unit, item)
            elif isinstance(item, (Run, Block)):
                at = next(iter(item.rules.values()))[0].at if isinstance(item, Run) else item.at
                self.fault(unit.source, at, "a rule outside of any profile")
            elif isinstance(item, Conditional):
                self.fault(unit.source, item.at, "'if' outside of any profile")
            elif self.profiles:
                self.fault(unit.source, item.at, "a declaration after the first profile of the file")
            elif isinstance(item, Alias):
                self.fresh = False
                self.aliases.append((item.old, item.new))
            elif isinstance(item, Assignment):
                self.assign(unit, item)
            else:
                self.assign_bool(unit, item)

    def preamble_include(self, unit: Unit, item: Include, depth: int) -> None:
        """Include a file outside of profiles, by its shared result where nothing stood before it."""
        for path in self.files(unit, item, self.seen, depth):
            shared = self.resolver.shared(path) if self.fresh and depth == 0 else None
            if shared is not None and self.seen.isdisjoint(shared.seen - {path}):
                self.fresh = False
                self.scope = Scope(shared.scope)
                self.seen |= shared.seen
                self.aliases += shared.aliases
                self.features = self.features or shared.features
                self.includes += shared.includes
                continue
            included = self.library.unit(path)
            assert included is not None
            self.note_unit(included)
            self.preamble(included, depth + 1)

    def files(self, unit: Unit, item: Include, seen: set[str], depth: int) -> list[str]:
        """Return the files of an include that are not in ``seen`` yet, and add them to it."""
        found = self.library.find(item)
        if found is None:
            if not item.if_exists:
                self.fault(unit.source, item.at, f"there is no file '{item.path}' to include")
            return []
        fresh = [path for path in found if path not in seen and self.library.unit(path) is not None]
        seen.update(fresh)
        self.includes += len(fresh)
        if fresh and (self.includes > MAX_INCLUDES or depth >= MAX_INCLUDE_DEPTH):
            self.fault(unit.source, item.at, "includes without end")
            return []
        return fresh

    def abi(self, unit: Unit, item: Abi) -> None:
        """The first abi statement of a file counts."""
        features = self.library.features(item)
        if features is None:
            self.fault(unit.source, item.at, f"there is no feature set '{item.path}'")
        elif self.features is None:
            self.features = features

    def assign(self, unit: Unit, item: Assignment) -> None:
        """``@{NAME} OP VALUES``."""
        self.fresh = False
        name, values = item.name, tuple(dict.fromkeys(item.values))
        if item.operator == "+=":
            before = self.scope.values(name)
            if before is None:
                self.fault(unit.source, item.at, f"@{{{name}}} is not declared, so nothing can be added")
                return
            self.scope.sets[name] = tuple(dict.fromkeys((*before, *values)))
        elif item.operator == ":=" or not self.scope.declared(name):
            self.scope.sets[name] = values
        elif item.operator == "=":
            self.fault(unit.source, item.at, f"@{{{name}}} is declared already")

    def assign_bool(self, unit: Unit, item: BoolAssignment) -> None:
        """``$NAME OP EXPRESSION``."""
        self.fresh = False
        truth = self.holds(unit, item.value)
        if item.operator == ":=" or not self.scope.declared(item.name):
            self.scope.booleans[item.name] = truth
        elif item.operator == "=":
            self.fault(unit.source, item.at, f"${item.name} is declared already")

    def holds(self, unit: Unit, condition: Expression) -> bool:
        """Evaluate a condition; a faulty one is noted and does not hold."""
        try:
            return holds(condition, self.scope)
        except VariableFault as error:
            self.fault(unit.source, condition.at, str(error))
            return False

    # -- profiles --------------------------------------------------------------------------------

    def profile(self, unit: Unit, item: ProfileBlock, parent: Profile | None, depth: int = 0) -> None:
        """A profile, child profile or hat with its body."""
        head = item.head
        name, namespace = self.profile_name(unit, item)
        flags = read_flags(head.flags)
        if not isinstance(flags, Flags):
            self.fault(unit.source, flags[1], flags[0])
            flags = Flags()
        full = f"{parent.name}//{name}" if parent else name
        features = self.features or self.resolver.default_features
        made = Profile(unit.source, item.at, full, parent, self.scope, features, flags)
        made.local_name = name
        made.namespace = parent.namespace if parent else namespace
        made.xattrs, made.is_hat = head.xattrs, head.keyword == "hat"
        made.aliases = tuple(self.aliases)
        made.parser_version = self.resolver.parser_version
        made.attachment = head.attachment or (name if name.startswith("/") else "")
        siblings = parent.children if parent else {p.name: p for p in self.profiles if p.parent is None}
        if name in siblings and siblings[name].namespace == made.namespace:
            self.fault(unit.source, item.at, f"profile '{full}' is defined twice")
        if not parent and head.keyword == "" and not (name.startswith("/") or namespace):
            self.fault(
                unit.source, item.at, "the name of a profile without the word 'profile' begins with '/'"
            )
        if head.attachment:
            self.check_path(unit, item.at, "attachment", head.attachment)
        for flag, at in head.flags:
            if flag.startswith("attach_disconnected.") and "=" in flag:
                self.check_path(unit, at, *flag.split("=", 1))
        if parent:
            parent.children[name] = made
        self.profiles.append(made)
        if len(self.profiles) > MAX_PROFILES:
            self.fault(unit.source, item.at, f"more than {MAX_PROFILES} profiles in one file")
            return
        _Body(self, made).walk(unit, item.items, NO_PREFIX, live=True, depth=depth)
        if self.features is not None:
            made.features = self.features

    def profile_name(self, unit: Unit, item: ProfileBlock) -> tuple[str, str]:
        """Return name and namespace, with the variables put in."""
        written, namespace = item.head.name, ""
        if written.startswith("&"):
            self.fault(unit.source, item.at, "a profile cannot be named as a stack")
        if written.startswith(":"):
            namespace, colon, rest = written[1:].partition(":")
            rest = rest.removeprefix("//")
            if not colon or not namespace or not rest:
                self.fault(unit.source, item.at, f"'{written}' is no ':namespace:name'")
            else:
                written = rest
        try:
            forms = self.scope.expand(written)
        except VariableFault as error:
            self.fault(unit.source, item.at, str(error))
            return written, namespace
        return forms[0] if len(forms) == 1 else "{" + ",".join(forms) + "}", namespace

    def check_path(self, unit: Unit, at: int, what: str, pattern: str) -> None:
        """Every form of an attachment or of a flag's value is an absolute path."""
        try:
            forms = self.scope.expand(pattern)
        except VariableFault as error:
            self.fault(unit.source, at, str(error))
            return
        if not all(form.startswith(("/", "{")) for form in forms):
            self.fault(unit.source, at, f"{what} '{pattern}' is no absolute path")


class _Body:
    """The body of one profile being walked."""

    def __init__(self, file: _File, profile: Profile) -> None:
        self.file, self.profile = file, profile
        self.seen: set[str] = set()

    def walk(self, unit: Unit, items: tuple[Item, ...], prefix: Prefix, live: bool, depth: int) -> None:
        """Walk statements; in a branch not taken (``live`` False) only the includes are counted."""
        for item in items:
            if len(self.file.faults) >= MAX_FAULTS:
                return
            if isinstance(item, Run):
                if live:
                    self.take(item, prefix)
            elif isinstance(item, Include):
                for path in self.file.files(unit, item, self.seen, depth):
                    included = self.file.library.unit(path)
                    assert included is not None
                    self.file.note_unit(included)
                    self.profile.included.setdefault(included.source.name, (unit.source, item.at))
                    self.walk(included, included.items, prefix, live, depth + 1)
            elif isinstance(item, Block):
                inner = item.prefix.within(prefix)
                if isinstance(inner, str):
                    self.file.fault(unit.source, item.at, inner)
                else:
                    self.walk(unit, item.items, inner, live, depth)
            elif isinstance(item, Conditional):
                self.branch(unit, item, prefix, live, depth)
            elif isinstance(item, ProfileBlock):
                self.child(unit, item, live, depth + 1)
            elif isinstance(item, Abi):
                self.file.abi(unit, item)
            else:
                self.file.fault(unit.source, item.at, "a declaration inside a profile")

    def child(self, unit: Unit, item: ProfileBlock, live: bool, depth: int) -> None:
        """A child profile or hat."""
        if not item.head.keyword:
            self.file.fault(
                unit.source, item.at, "a profile inside a profile begins with 'profile', 'hat' or '^'"
            )
        elif depth > MAX_INCLUDE_DEPTH:
            self.file.fault(unit.source, item.at, "profiles within profiles without end")
        elif live:
            self.file.profile(unit, item, self.profile, depth)

    def branch(self, unit: Unit, item: Conditional, prefix: Prefix, live: bool, depth: int) -> None:
        """Take the first branch whose condition holds; all conditions are evaluated."""
        taken = False
        for condition, items in item.branches:
            true = condition is None or self.file.holds(unit, condition)
            self.walk(unit, items, prefix, live and true and not taken, depth)
            taken = taken or true

    def take(self, run: Run, prefix: Prefix) -> None:
        """Add rules to the profile, with the qualifiers of the blocks around them."""
        rules = self.profile.rules
        for kind, found in run.rules.items():
            self.file.rules += len(found)
            if self.file.rules > MAX_RULES:
                self.file.fault(found[0].source, found[0].at, f"more than {MAX_RULES} rules after includes")
                return
            kept = rules.get(kind)
            if kept is None:
                kept = rules[kind] = []
            if prefix is NO_PREFIX:
                kept.extend(found)
            else:
                put = (self.inside(prefix, rule) for rule in found)
                kept.extend(rule for rule in put if rule is not None)

    def inside(self, prefix: Prefix, rule: Rule) -> Rule | None:
        """Return a rule with the qualifiers of the block around it; None when they do not go together."""
        both = rule.prefix.within(prefix)
        wrong = both if isinstance(both, str) else ""
        if not isinstance(both, str):
            if both.owner is not Owner.ANY and not isinstance(rule, FileRule):
                wrong = f"'{both.owner}' is not allowed on {rule.kind} rules"
            mode = rule.exec_mode if isinstance(rule, FileRule) else None
            if mode is not None and both.mode is Mode.DENY and mode.kind:
                wrong = f"a deny rule takes a bare 'x', not '{mode}'"
        if wrong:
            self.file.fault(rule.source, rule.at, wrong)
            return None
        return msgspec.structs.replace(rule, prefix=both)
