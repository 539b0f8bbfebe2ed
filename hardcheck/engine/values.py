"""Values of a rule that standards set differently: 900 seconds for one, 300 for another.

A rule declares them with a default, and uses them in its text::

    values:
      seconds: {default: 900, tighter: lower, key: sshd_set_idle_timeout}
    check: {fact: "sshd.effective[clientaliveinterval]", at_most: $seconds}
    remedies: [{steps: ["printf 'ClientAliveInterval {$seconds}\\n' > ..."], ...}]

``$name`` as a whole scalar becomes the value itself, ``{$name}`` inside a text becomes its words (a
list joined by commas). Words are of characters that mean nothing to a shell, YAML or Jinja, so that
a profile cannot smuggle a command into a remedy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from hardcheck.engine.yaml_source import Value, near

Setting = int | str | tuple[str, ...]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_WHOLE = re.compile(r"\$([a-z][a-z0-9_]*)")
_INSIDE = re.compile(r"\{\$([a-z][a-z0-9_]*)\}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9@.:_+/=-]*")


class RuleValue(msgspec.Struct, frozen=True):
    """A value that a profile may set. ``tighter`` is ``lower`` or ``higher`` where numbers have a strict
    end, else empty; ``key`` is the check of the control data whose standard values it takes."""

    default: Setting
    tighter: str = ""
    key: str = ""


def read_values(at: Value) -> dict[str, RuleValue]:
    """The declarations under ``values``. Raises ConfigError."""
    found = {}
    for name, each in at.mapping("a mapping of names").items():
        if not _NAME.fullmatch(name):
            raise each.fault("a name of small letters, digits and _", repr(name[:40]))
        entries = each.fields(("default", "tighter", "key"), ("default",))
        default = read_setting(entries["default"])
        if "tighter" in entries and not isinstance(default, int):
            raise entries["tighter"].fault("no 'tighter' beside a default that is not a number")
        found[name] = RuleValue(
            default,
            entries["tighter"].word(("lower", "higher")) if "tighter" in entries else "",
            entries["key"].text() if "key" in entries else "",
        )
    if not found:
        raise at.fault("a mapping that is not empty")
    return found


def read_setting(at: Value) -> Setting:
    """A whole number, a word, or a list of words. Raises ConfigError."""
    if isinstance(at.data, list):
        words = tuple(_word(each) for each in at.data)
        if not words:
            raise at.fault("a list that is not empty")
        return words
    return _word(at) if isinstance(at.data, str) else at.integer()


def _word(at: Value) -> str:
    text = at.text("a word")
    if not _WORD.fullmatch(text):
        raise at.fault("a word of letters, digits and @.:_+/=-")
    return text


def read_chosen(at: Value, declared: Mapping[str, RuleValue]) -> dict[str, Setting]:
    """What a profile sets: names that the rule declares, each with a value of the default's kind."""
    chosen = {}
    for name, each in at.mapping("a mapping of the rule's values").items():
        if name not in declared:
            raise each.fault("a value that the rule declares", near(name, declared))
        setting = read_setting(each)
        if type(setting) is not type(declared[name].default):
            raise each.fault(f"a value like the default, {words_of(declared[name].default)}")
        chosen[name] = setting
    return chosen


def words_of(setting: Setting) -> str:
    """The value as it stands in a text."""
    return ",".join(setting) if isinstance(setting, tuple) else str(setting)


def put_in(at: Value, settings: Mapping[str, Setting]) -> None:
    """Put the values in their places, in the whole tree. Raises ConfigError: a name not declared."""
    if isinstance(at.data, dict):
        for each in at.data.values():
            put_in(each, settings)
    elif isinstance(at.data, list):
        for each in at.data:
            put_in(each, settings)
    elif isinstance(at.data, str):
        _put_scalar(at, settings)


def _put_scalar(at: Value, settings: Mapping[str, Setting]) -> None:
    text: str = at.data
    names = [match[1] for match in (_WHOLE.fullmatch(text), *_INSIDE.finditer(text)) if match]
    for name in names:
        if name not in settings:
            raise at.fault("a value that the rule declares", near(name, settings))
    if _WHOLE.fullmatch(text):
        setting = settings[names[0]]
        at.data = (
            [Value(word, at.file, at.line, f"{at.key}[{place}]") for place, word in enumerate(setting)]
            if isinstance(setting, tuple)
            else setting
        )
    elif names:
        at.data = _INSIDE.sub(lambda match: words_of(settings[match[1]]), text)
