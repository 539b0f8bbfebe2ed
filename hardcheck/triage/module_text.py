"""The module with the rules of true gaps: raw as .te and CIL, and as a .te with refpolicy's interfaces.

Each gap stands in both .te with the raw rule and the interface that gives it, the one in force, the other as
a comment. The raw module needs checkmodule alone; the other one refpolicy's Makefile.
"""

from __future__ import annotations

from hardcheck.triage.gap import RULE
from hardcheck.triage.model import Explanation, Interface
from hardcheck.triage.written import MODULE, SuggestedFile, answers, opens_beside, plain, steps_of

_VERSION = "1.0"
_MAKE = "make -f /usr/share/selinux/devel/Makefile"
_RAW = (
    "# Raw rules. Where an interface of the reference policy gives the same it stands beside, as a comment;",
    f"# refpolicy/{MODULE}.te has the interfaces in force.",
)
_PLAIN = ("# Raw rules: no interface of the reference policy was at hand, or none fits.",)
_REFPOLICY = (
    f"# For refpolicy's Makefile, in a folder of its own: {_MAKE} {MODULE}.pp",
    "# It takes the place of the raw module, which has the same name.",
)


class _Rule:
    """One raw rule with the interface in its place, where there is one."""

    def __init__(self, about: str, text: str, interface: Interface | None) -> None:
        self.about, self.text, self.interface = about, text, interface
        match = RULE.fullmatch(text)
        assert match is not None
        self.source, self.target, self.class_, wanted = match.groups()
        self.permissions = wanted.split()

    @property
    def types(self) -> set[str]:
        """The types that the raw rule names."""
        return {self.source} | ({self.target} if self.target != "self" else set())


def modules(cured: list[Explanation]) -> list[SuggestedFile]:
    """The files of the module; none where no cure is a rule."""
    rules = [rule for one in cured for rule in _rules(one)]
    if not rules:
        return []
    cil = [
        line
        for one in cured
        for step in steps_of(one)
        if step.kind == "cil"
        for line in (f"; {answers(one)}", step.text)
    ]
    files = [
        SuggestedFile(f"{MODULE}.te", _raw_module(rules), "module, for checkmodule"),
        SuggestedFile(f"{MODULE}.cil", "\n".join(cil) + "\n", "the same for semodule -i"),
    ]
    if any(rule.interface is not None for rule in rules):
        about = "the same with interfaces, for refpolicy's Makefile"
        files.append(SuggestedFile(f"refpolicy/{MODULE}.te", _refpolicy_module(rules), about))
    return files


def _rules(one: Explanation) -> list[_Rule]:
    interface = one.cure.interface if one.cure is not None else None
    return [
        _Rule(answers(one), step.text, interface)
        for step in steps_of(one)
        if step.kind == "te" and RULE.fullmatch(step.text)
    ]


def _raw_module(rules: list[_Rule]) -> str:
    types = sorted(set().union(*(rule.types for rule in rules)))
    classes: dict[str, set[str]] = {}
    for rule in rules:
        classes.setdefault(rule.class_, set()).update(rule.permissions)
    lines = [*(_RAW if any(rule.interface for rule in rules) else _PLAIN)]
    lines += [f"module {MODULE} {_VERSION};", "", "require {"]
    lines += [f"    type {name};" for name in types]
    lines += [f"    class {name} {{ {' '.join(sorted(words))} }};" for name, words in sorted(classes.items())]
    lines += ["}", ""]
    for rule in rules:
        lines += [f"# {rule.about}", rule.text]
        if rule.interface is not None:
            lines += _instead(rule.interface)
    return "\n".join(lines) + "\n"


def _instead(interface: Interface) -> list[str]:
    """An interface as a comment below the raw rule."""
    lines = [
        f"# in its place the interface {interface.call}  (of {plain(interface.defined)})",
        f"#   {plain(interface.why)}",
    ]
    return lines + opens_beside(interface.opens)


def _refpolicy_module(rules: list[_Rule]) -> str:
    types = sorted(
        {name for rule in rules for name in ({rule.source} if _calls(rule) else rule.types)},
    )
    lines = [*_REFPOLICY, f"policy_module({MODULE}, {_VERSION})", "", "gen_require(`"]
    lines += [*(f"\ttype {name};" for name in types), "')", ""]
    for rule in rules:
        interface = rule.interface
        lines.append(f"# {_unquoted(rule.about)}")
        if interface is not None and interface.preferred:
            lines += [interface.call, f"# {_unquoted(interface.why)}"]
            lines += [_unquoted(line) for line in opens_beside(interface.opens)]
            lines.append(f"# in its place the raw rule {rule.text}")
        else:
            lines.append(rule.text)
            lines += [_unquoted(line) for line in _instead(interface)] if interface is not None else []
    return "\n".join(lines) + "\n"


def _calls(rule: _Rule) -> bool:
    return rule.interface is not None and rule.interface.preferred


def _unquoted(text: str) -> str:
    """A comment without m4's quotes, in case that something takes it into a quoted text."""
    return text.replace("`", " ").replace("'", " ")
