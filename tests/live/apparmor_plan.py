"""Plans for the AppArmor prober: random and shipped profiles, questions, and what we expect of each."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec

from hardcheck.access.model import AccessAnswer
from hardcheck.apparmor import ProfileSet
from hardcheck.apparmor.decision import decide
from hardcheck.apparmor.objects import FileObject, LinkObject
from hardcheck.apparmor.rules.file import FileRule

ROOT = "/hardcheck-live"
PREFIX = "hardcheck-live-"
_NAMES = ("a", "b", "ab", "abc", "b1", ".x", "x-y", "a b", "é", "long-name")
_SEGMENTS = (
    *("a", "b", "ab", "*", "**", "?", "[ab]", "[^a]", "a*", "*b", "?b", "{a,b}", "{a,ab*}", "*.x", "x-?"),
    *("{,a}b", "a{b,}*", "[a-b]1", "@{HC}", "l*-n*e"),
)
# A doing, the checks that the kernel makes for it (what each asks for at once), and whether the file is
# one that the doing creates: the user's own.
_READ, _WRITE, _APPEND = ("read",), ("write",), ("append",)
FILE_NEEDS: dict[str, tuple[tuple[tuple[str, ...], ...], bool]] = {
    "read": ((_READ,), False),
    "list": ((_READ,), False),
    "write": ((_WRITE,), False),
    "append": ((_APPEND,), False),
    "read-write": ((("read", "write"),), False),
    "read-append": ((("read", "append"),), False),
    "truncate-open": ((_WRITE,), False),
    "create": ((("create",),), True),
    "create-append": ((("create",), _APPEND), True),
    "truncate": ((_WRITE,), False),
    "unlink": ((("delete",),), False),
    "mkdir": ((("create",),), True),
    "rmdir": ((("delete",),), False),
    "fifo": ((("create",),), True),
    "symlink": ((("create",),), True),
    "chmod": ((_WRITE,), False),
    "lock-shared": ((_READ, ("lock",)), False),
    "lock-exclusive": ((_READ, ("lock", "write")), False),
    "map": ((_READ, ("read", "mmap-execute")), False),
    "stat": ((), False),
}
# What a segment of a pattern stands for, among other texts.
_EXAMPLES: dict[str, tuple[str, ...]] = {
    "*": ("ab", "x-y", "a b", "é"),
    "**": ("abc", "a/b", "b1/.x/a"),
    "?": ("a", "b"),
    "[ab]": ("a", "b"),
    "[^a]": ("b", "c"),
    "a*": ("a", "ab", "abc"),
    "*b": ("b", "ab", ".xb"),
    "?b": ("ab", "bb"),
    "{a,b}": ("a", "b"),
    "{a,ab*}": ("a", "ab", "abc"),
    "*.x": ("a.x", "ab.x", ".x"),
    "x-?": ("x-y", "x-a"),
    "{,a}b": ("b", "ab"),
    "a{b,}*": ("ab", "ac", "a"),
    "[a-b]1": ("a1", "b1"),
    "@{HC}": ("ab", "a1", "long-name"),
    "l*-n*e": ("long-name", "l-ne"),
}
RANDOM_PROFILES = 40
COMPLAINING = 37  # profiles from this number on are in complain mode
_FOLDERS = frozenset(("list", "mkdir", "rmdir"))


class Group(msgspec.Struct):
    """One group of a plan as the prober takes it, and the expected answers in the same order."""

    profile: str
    questions: list[dict[str, object]]
    expected: list[object]
    how: str = "group"
    drop: bool = True
    mounts: bool = False
    target: str = ""


def random_pattern(rng: random.Random) -> str:
    """Return a pattern of paths below a numbered folder of the tree."""
    parts = [rng.choice(_SEGMENTS) for _ in range(rng.randint(1, 3))]
    pattern = f"{ROOT}/[0-9]*/" + "/".join(parts)
    if rng.random() < 0.2:
        pattern += "/"
    elif rng.random() < 0.1:
        pattern += "{,/}"
    return pattern


def random_profile(rng: random.Random, number: int) -> str:
    """Return a profile with random file rules that has no exec."""
    flags = " flags=(complain)" if number >= COMPLAINING else ""
    lines = [f"profile {PREFIX}{number}{flags} {{"]
    for _ in range(rng.randint(4, 14)):
        letters = "".join(letter for letter in "rwlkm" if rng.random() < 0.45)
        if "w" not in letters and rng.random() < 0.3:
            letters += "a"
        prefix = rng.choice(("", "", "", "owner ", "deny ", "audit deny ", "audit ", "deny owner "))
        pattern = random_pattern(rng)
        if rng.random() < 0.15:
            subset = rng.choice(("", "", "subset "))
            other = random_pattern(rng)
            lines.append(f"  {prefix.replace('audit ', '')}link {subset}{pattern} -> {other},")
        else:
            lines.append(f"  {prefix}{pattern} {letters or 'r'},")
    return "\n".join((*lines, "}"))


def random_path(rng: random.Random, tree: int) -> str:
    """Return a path in the numbered folder ``tree``."""
    parts = (rng.choice(_NAMES) for _ in range(rng.randint(1, 3)))
    return f"{ROOT}/{tree}/" + "/".join(parts)


def path_of(rng: random.Random, pattern: str, tree: int) -> str:
    """Return a path that a random pattern is likely to match, in the numbered folder ``tree``."""
    segments = pattern.removeprefix(f"{ROOT}/[0-9]*/").removesuffix("{,/}").rstrip("/").split("/")
    parts = (rng.choice(_EXAMPLES.get(segment, (segment,))) for segment in segments)
    return f"{ROOT}/{tree}/" + "/".join(parts)


def _file_question(rng: random.Random, rules: list[FileRule], tree: int) -> dict[str, object]:
    """Return a question about a path of the tree, more often than not one that a rule speaks of."""
    rule = rng.choice(rules)
    doing = rng.choice((*FILE_NEEDS, "rename", "link", "link"))
    if rule.pattern.endswith("/") and rng.random() < 0.7:
        doing = rng.choice(sorted(_FOLDERS))
    if rule.target is not None and rng.random() < 0.6:
        doing = "link"

    def path(pattern: str | None) -> str:
        likely = pattern is not None and rng.random() < 0.7
        return path_of(rng, pattern or "", tree) if likely else random_path(rng, tree)

    two = doing in ("rename", "link")
    made = {"kind": "file", "do": doing, "uid": rng.choice((0, 65534))}
    while True:
        first, second = path(rule.pattern), path(rule.target or rng.choice(rules).pattern)
        if not two:
            return {**made, "path": first}
        if f"{first}/".startswith(f"{second}/") or f"{second}/".startswith(f"{first}/"):
            continue
        # link(2) takes the existing file first; rules have the new name first.
        return (
            {**made, "path": second, "other": first}
            if doing == "link"
            else {**made, "path": first, "other": second}
        )


def file_groups(
    policy: ProfileSet, rng: random.Random, names: list[str], per_profile: int
) -> Iterator[Group]:
    """Yield a group of file questions for each profile; each question has a folder of its own."""
    tree = 0
    for name in names:
        group = Group(name, [], [])
        rules = policy.profiles[name].file_rules
        for _ in range(per_profile):
            tree += 1
            question = _file_question(rng, rules, tree)
            group.questions.append(question)
            group.expected.append(expected_file(policy, name, question))
        yield group


def expected_file(policy: ProfileSet, name: str, question: dict[str, object]) -> bool:
    """Return whether we say that the profile may do what a file question does."""
    doing, path, owner = str(question["do"]), str(question["path"]), question["uid"] == 0
    if doing == "link":
        link = LinkObject(str(question["other"]), path, owner)
        return _passes([decide(policy, name, "link", link)])
    if doing == "rename":
        other = FileObject(str(question["other"]), owner)
        from_here = _passes([decide(policy, name, "rename", FileObject(path, owner))])
        return from_here and _passes([decide(policy, name, "write", other)])
    checks, created = FILE_NEEDS[doing]
    if doing in _FOLDERS:
        path += "/"
    object_ = FileObject(path, owner or created)
    return all(_passes([decide(policy, name, action, object_) for action in check]) for check in checks)


def _passes(answers: list[AccessAnswer]) -> bool:
    """Whether the kernel lets one check through: all is allowed, or something of what is not is but logged.

    (In complain mode a check is refused where quiet deny rules refuse all that it lacks.)
    """
    refused = [answer for answer in answers if not answer.allowed]
    return not refused or any(not answer.enforced for answer in refused)
