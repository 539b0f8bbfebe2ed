"""The draft put through the frameworks' own compilers, where this machine has them.

A tool that is not here is told, not passed over: the module is then judged by our readers alone.
``secilc`` needs the sources of a whole policy, so CIL is compiled with a small base that declares what the
module uses. ``apparmor_parser -Q -K`` compiles without loading and without a cache.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Literal

import msgspec

from hardcheck.selinux.cil import Extension

_TIMEOUT_S = 60
_MOST_OUTPUT = 2000


class Compiled(msgspec.Struct, frozen=True):
    """One tool over one file: ``accepted``, ``refused`` with its words, or ``not installed``."""

    tool: str
    file: str
    result: Literal["accepted", "refused", "not installed"]
    detail: str = ""


def compile_module(te: str, fc: str, cil: str, name: str, module: Extension) -> tuple[Compiled, ...]:
    """checkmodule and semodule_package over the plain .te and .fc, secilc over the CIL."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / f"{name}.te").write_text(te, encoding="ascii")
        (path / f"{name}.fc").write_text(fc, encoding="ascii")
        (path / f"{name}.cil").write_text(cil, encoding="ascii")
        (path / "base.cil").write_text(base_cil(module), encoding="ascii")
        found = [_run(("checkmodule", "-M", "-m", "-o", f"{name}.mod", f"{name}.te"), f"{name}.te", path)]
        if found[0].result == "accepted":
            command = ("semodule_package", "-o", f"{name}.pp", "-m", f"{name}.mod", "-f", f"{name}.fc")
            found.append(_run(command, f"{name}.fc", path))
        command = ("secilc", "-o", "policy", "-f", "contexts", "base.cil", f"{name}.cil")
        return (*found, _run(command, f"{name}.cil", path))


def compile_profiles(files: dict[str, str]) -> tuple[Compiled, ...]:
    """apparmor_parser over each profile, with this machine's abstractions."""
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for name, text in files.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
            found.append(_run(("apparmor_parser", "-Q", "-K", name), name, Path(folder)))
        return tuple(found)


def _run(command: tuple[str, ...], file: str, folder: Path) -> Compiled:
    tool = shutil.which(command[0], path="/usr/sbin:/usr/bin:/sbin:/bin")
    if tool is None:
        return Compiled(command[0], file, "not installed")
    try:
        done = subprocess.run(
            (tool, *command[1:]),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Compiled(command[0], file, "refused", f"no end within {_TIMEOUT_S} s")
    said = done.stdout.decode("utf-8", "replace").strip()[-_MOST_OUTPUT:]
    return Compiled(command[0], file, "accepted" if done.returncode == 0 else "refused", said)


def base_cil(module: Extension) -> str:
    """A policy that declares exactly what a module takes from others, for secilc to link it with."""
    own = set(module.types)
    used = [name for one in module.allows for name in (one.source, one.target)]
    used += [name for one in module.transitions for name in (one.source, one.target)]
    types = [name for name in dict.fromkeys(used) if name not in own and name != "self"]
    classes: dict[str, dict[str, None]] = {}
    for one in module.allows:
        classes.setdefault(one.class_, {}).update(dict.fromkeys(one.permissions))
    for rule in module.transitions:
        classes.setdefault(rule.class_, {"getattr": None})
    lines = [f"(class {name} ({' '.join(permissions)}))" for name, permissions in classes.items()]
    categories = " ".join(f"c{number}" for number in range(1024))
    lines += [
        f"(classorder ({' '.join(classes)}))",
        "(sid kernel)",
        "(sidorder (kernel))",
        "(sensitivity s0)",
        "(sensitivityorder (s0))",
        *(f"(category c{number})" for number in range(1024)),
        f"(categoryorder ({categories}))",
        "(sensitivitycategory s0 (range c0 c1023))",
        "(user system_u)",
        "(role object_r)",
        "(role system_r)",
        "(userrole system_u object_r)",
        "(userrole system_u system_r)",
        "(userlevel system_u (s0))",
        "(userrange system_u ((s0) (s0 (range c0 c1023))))",
        "(type base_t)",
        "(roletype object_r base_t)",
        "(sidcontext kernel (system_u object_r base_t ((s0) (s0))))",
        *(f"(type {name})" for name in types),
        *(f"(typeattribute {name})" for name in dict.fromkeys(name for name, _ in module.attributes)),
    ]
    return "\n".join(lines) + "\n"
