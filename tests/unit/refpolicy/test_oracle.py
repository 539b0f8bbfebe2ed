"""Every interface of the installed reference policy, beside what m4 and checkmodule make of it.

Needs selinux-policy-dev (or selinux-policy-devel), make, m4, checkmodule and semodule's converter to CIL;
skipped elsewhere. HARDCHECK_REFPOLICY names another folder of interface files.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from hardcheck.refpolicy.expand import Expander
from hardcheck.refpolicy.installed import installed_folder
from hardcheck.refpolicy.library import read_folder
from hardcheck.refpolicy.model import Given, Grant
from hardcheck.selinux.module_store import words_of

PP = next(
    (path for path in map(Path, ("/usr/libexec/selinux/hll/pp", "/usr/lib/selinux/hll/pp")) if path.exists()),
    None,
)
FOLDER = (
    Path(os.environ["HARDCHECK_REFPOLICY"]) if "HARDCHECK_REFPOLICY" in os.environ else installed_folder()
)
Right = tuple[str, str, str]
Tree = list["str | Tree"]


def compiled(folder: Path, work: Path, calls: list[str]) -> str:
    """CIL of a module with one domain ``hcN_t`` for each interface, which it calls."""
    lines = ["policy_module(hcheck, 1.0)", *(f"type hc{n}_t;" for n in range(len(calls)))]
    lines += [f"{name}(hc{n}_t)" for n, name in enumerate(calls)]
    for end, text in (("te", "\n".join(lines) + "\n"), ("if", ""), ("fc", "")):
        (work / f"hcheck.{end}").write_text(text)
    tools = [f"{name}={os.environ[name]}" for name in ("M4", "AWK") if name in os.environ]
    make = [
        "make",
        "-f",
        str(folder / "Makefile"),
        f"NAME={folder.parent.name}",
        f"HEADERDIR={folder}",
        *tools,
    ]
    done = subprocess.run([*make, "hcheck.pp"], cwd=work, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert PP is not None
    return subprocess.run([PP, work / "hcheck.pp"], capture_output=True, text=True, check=True).stdout


def tree_of(cil: str) -> Tree:
    stack: list[Tree] = [[]]
    for _, word in words_of(cil):
        if word == "(":
            stack.append([])
        elif word == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(word)
    return stack[0]


def rules_of(cil: str) -> tuple[dict[str, set[Right]], dict[str, set[Right]]]:
    """The rights of each domain: outside of all blocks, and anywhere."""
    tree = tree_of(cil)
    sets = {str(node[1]): node[2] for node in tree if node[0] == "typeattributeset"}
    outside: dict[str, set[Right]] = defaultdict(set)
    anywhere: dict[str, set[Right]] = defaultdict(set)

    def walk(nodes: Tree, *, top: bool) -> None:
        for node in nodes:
            if isinstance(node, list) and node[0] == "allow":
                source, rights = str(node[1]), node[3]
                assert isinstance(rights, list)
                class_, words = rights
                for target in targets(str(node[2]), source, sets):
                    found = {(target, str(class_), str(word)) for word in words}
                    anywhere[source] |= found
                    outside[source] |= found if top else set()
            elif isinstance(node, list) and node[0] in ("optional", "booleanif", "true", "false"):
                walk(node, top=False)

    walk(tree, top=True)
    return outside, anywhere


def targets(name: str, source: str, sets: dict[str, str | Tree]) -> list[str]:
    """A target; of a set that the compiler made its members, or what is taken out of what."""
    if name == source:
        return ["self"]
    members = sets.get(name)
    if not isinstance(members, list) or not re.fullmatch(r"[a-z]+_typeattr_[0-9]+", name):
        return [name]
    if members[0] != "and":
        return [str(member) for member in members]
    return [f"{' '.join(sorted(members[1]))} - {' '.join(sorted(members[2][1]))}"]  # type: ignore[arg-type]


def rights_of(grant: Grant) -> set[Right]:
    named = grant.targets
    if grant.without:
        named = (f"{' '.join(sorted(grant.targets))} - {' '.join(sorted(grant.without))}",)
    return {
        (target, class_, word) for target in named for class_ in grant.classes for word in grant.permissions
    }


@pytest.mark.skipif(FOLDER is None or PP is None, reason="needs selinux-policy-dev and semodule's hll/pp")
def test_every_interface_gives_what_m4_and_checkmodule_say(tmp_path: Path) -> None:
    assert FOLDER is not None
    library = read_folder(FOLDER)
    expander = Expander(library)
    told = [found for name in library.interfaces if isinstance(found := expander.expand(name), Given)]
    assert len(told) > len(library.interfaces) // 3
    outside, anywhere = rules_of(compiled(FOLDER, tmp_path, [one.name for one in told]))
    assert set(anywhere) <= {f"hc{number}_t" for number in range(len(told))}
    for number, one in enumerate(told):
        domain = f"hc{number}_t"
        sure = set().union(*(rights_of(grant) for grant in one.grants if grant.sure))
        every = set().union(*(rights_of(grant) for grant in one.grants))
        assert sure <= outside[domain], one.name
        assert anywhere[domain] <= every, one.name
