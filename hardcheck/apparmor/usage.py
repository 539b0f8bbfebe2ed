"""Which variables a policy file declares itself and never uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hardcheck.apparmor.profileset import PolicyFile
from hardcheck.apparmor.syntax import Assignment
from hardcheck.apparmor.variables import Scope

_USE = re.compile(r"@\{?([A-Za-z][A-Za-z0-9_]*)")
_KNOWN_TO_INCLUDES = frozenset(("exec_path", "attach_path", "profile_name"))


def unused_variables(file: PolicyFile) -> Iterator[tuple[str, str]]:
    """Yield name and place of the set variables that the file declares and no text refers to.

    Looked at are the file and all that its profiles include; a variable that an include of the
    preamble uses counts as used.
    """
    resolved = file.resolved
    if not resolved.profiles:
        return
    own = resolved.profiles[0].source
    declared = {item.name: item.at for item in resolved.unit_items if isinstance(item, Assignment)}
    if not declared:
        return
    used: set[str] = set(_KNOWN_TO_INCLUDES)
    texts = {own.name: own.text}
    for profile in resolved.profiles:
        for rules in profile.rules.values():
            for rule in rules:
                texts.setdefault(rule.source.name, rule.source.text)
    for name, text in texts.items():
        for match in _USE.finditer(text):
            declares = name == own.name and declared.get(match[1]) == match.start()
            if not declares:
                used.add(match[1])
    for name, at in declared.items():
        if name not in used and not _used_by_values(resolved.scope, name):
            yield name, own.where(at)


def _used_by_values(scope: Scope, name: str) -> bool:
    needle = "@{" + name + "}"
    return any(
        needle in value for other in scope.names() if other != name for value in scope.values(other) or ()
    )
