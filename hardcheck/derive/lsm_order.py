"""Which exclusive security module a kernel command line selects.

Source: kernel security/security.c (``ordered_lsm_init``, since 5.1): ``lsm=`` gives the order, otherwise
CONFIG_LSM does; ``security=`` then switches the other legacy modules off, and is ignored beside
``lsm=``. Of the exclusive modules the first that is not switched off by its own parameter gets the
place. Older kernels have ``security=`` and CONFIG_DEFAULT_SECURITY_* alone. A boot entry with another
kernel is taken to be built like the running one.
"""

from __future__ import annotations

from collections.abc import Mapping

from hardcheck.facts import Absent
from hardcheck.facts.host import CommandLine

EXCLUSIVE = ("selinux", "apparmor", "smack")
_DECIDING = ("lsm", "security", "selinux", "apparmor")


def switched_off(line: CommandLine, module: str) -> bool:
    """Whether ``selinux=0`` or ``apparmor=0`` has the last word."""
    value = line.value(module)
    return value is not None and value.strip().lower() in ("0", "n", "no", "off", "false")


def selected_module(
    line: CommandLine,
    config: Mapping[str, str] | Absent,
    running: CommandLine | Absent,
    active: str | None,
) -> str | None:
    """The exclusive module that ``line`` leads to, ``""`` for none, None where that cannot be told.

    ``config`` are build options without ``CONFIG_``; ``active`` is the module that ``running`` led to,
    None where that was not seen.
    """
    order = line.value("lsm")
    chosen = line.value("security") if order is None else None
    names = _built_in(config) if order is None else tuple(order.split(","))
    if names is None:
        same = not isinstance(running, Absent) and all(line.value(n) == running.value(n) for n in _DECIDING)
        if same and active is not None:
            return active
        if chosen in EXCLUSIVE:
            return "" if switched_off(line, chosen) else chosen
        return None
    if chosen in EXCLUSIVE:
        names = (chosen,)
    elif chosen is not None:
        names = ()
    return next((name for name in names if name in EXCLUSIVE and not switched_off(line, name)), "")


def _built_in(config: Mapping[str, str] | Absent) -> tuple[str, ...] | None:
    if isinstance(config, Absent):
        return None
    if "LSM" in config:
        return tuple(config["LSM"].split(","))
    for module in EXCLUSIVE:
        if config.get(f"DEFAULT_SECURITY_{module.upper()}") == "y":
            return (module,)
    return ()
