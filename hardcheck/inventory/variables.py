"""Which inventory variables may be shown: all but secrets.

A variable is withheld when its name speaks of a secret, when its value has the form of one, or when any
part of it does. What came out of a vault is withheld before it gets here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_MAX_VALUE = 1000
_MAX_VARIABLES = 500
_MAX_DEPTH = 20

_SECRET_NAME = re.compile(
    r"pass(?!ive|age|enger|port)|passwd|pwd|secret|token|credential|private|vault|community|salt|bearer|cookie"
    r"|(^|[_.-])(key|keys|auth|pin|psk|cred|creds|hash|pw|pass|dsn)([_.-]|$)|api_?key|access_?key|_key$",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE|\$ANSIBLE_VAULT"
    r"|\$(?:1|2[aby]|5|6|y|7|argon2[id]{1,2})\$"  # crypt(5)
    r"|://[^/\s:@]*:[^/\s@]+@"  # a URL with a password
    r"|\b(?:gh[opsu]_|github_pat_|glpat-|xox[abpr]-|AKIA|ASIA|eyJ[A-Za-z0-9_-]{8,}\.|sk-|hvs\.)"
    r"[A-Za-z0-9_./+=-]{8,}"
    r"|(?<![A-Za-z0-9+/=])(?=[A-Za-z0-9+/]*[0-9])(?=[A-Za-z0-9+/]*[A-Za-z])[A-Za-z0-9+/]{40,}"
    r"|\bpassw(?:or)?d\s*[=:]\s*\S",
    re.IGNORECASE,
)


def shown_variables(variables: Mapping[str, object]) -> dict[str, str]:
    """The variables that may be shown, as text: scalars as they are, lists and mappings as JSON.

    At most 500 variables; values above 1,000 characters are cut and end in ``...``.
    """
    shown: dict[str, str] = {}
    for name in sorted(variables):
        if len(shown) == _MAX_VARIABLES:
            break
        value = variables[name]
        if value is None or _SECRET_NAME.search(name) or holds_secret(value):
            continue
        text = _text(value)
        shown[name] = text if len(text) <= _MAX_VALUE else text[: _MAX_VALUE - 3] + "..."
    return shown


def holds_secret(value: object, depth: int = 0) -> bool:
    """True when a value, or any part of it, looks like a secret; also when it is nested too deep to tell."""
    if depth > _MAX_DEPTH:
        return True
    if isinstance(value, str):
        return _SECRET_VALUE.search(value) is not None
    if isinstance(value, Mapping):
        return any(_SECRET_NAME.search(str(k)) or holds_secret(v, depth + 1) for k, v in value.items())
    if isinstance(value, list):
        return any(holds_secret(part, depth + 1) for part in value)
    return False


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
