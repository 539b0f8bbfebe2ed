"""Imports run one way. The table is the one of docs/architecture.md."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "hardcheck"
COMMON = {"errors", "reasons"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "reasons": set(),
    "resources": set(),
    "access": COMMON,
    "evidence": COMMON,
    "facts": COMMON,
    "findings": COMMON,
    "transport": COMMON | {"evidence"},
    "inventory": COMMON | {"evidence", "transport"},
    "collect": COMMON | {"evidence", "transport"},
    "denials": COMMON,
    "refpolicy": COMMON,
    "triage": COMMON | {"access", "apparmor", "denials", "facts", "refpolicy", "selinux"},
    "selinux": COMMON | {"access"},
    "apparmor": COMMON | {"access"},
    "parse": COMMON | {"access", "denials", "evidence", "facts", "selinux", "apparmor"},
    "derive": COMMON | {"denials", "triage", "evidence", "facts", "parse", "selinux", "apparmor", "access"},
    "ask": COMMON | {"access", "apparmor", "derive", "evidence", "facts", "parse", "selinux"},
    "engine": COMMON | {"access", "derive", "evidence", "facts", "findings", "parse"},
    "exposure": COMMON
    | {
        *("access", "apparmor", "ask", "derive", "engine", "evidence", "facts", "findings", "parse"),
        *("resources", "selinux"),
    },
    "confine": COMMON
    | {
        *("access", "apparmor", "engine", "evidence", "exposure", "facts", "findings", "selinux"),
    },
    "compare": COMMON | {"apparmor", "derive", "engine", "evidence", "facts", "findings", "selinux"},
    "render": COMMON | {"findings", "resources"},
    "cli": COMMON
    | {
        *(
            "access",
            "apparmor",
            "ask",
            "collect",
            "compare",
            "confine",
            "denials",
            "derive",
            "engine",
            "evidence",
            "exposure",
        ),
        *("facts", "findings", "inventory", "parse", "refpolicy", "render", "resources", "selinux"),
        *("transport", "triage"),
    },
    "__main__": {"cli"},
}


def imports_of(path: Path) -> set[str]:
    """First-level parts of hardcheck that a module imports, at any depth of its code."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names = [node.module or ""]
            if node.module == "hardcheck":
                names = [f"hardcheck.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("hardcheck.")}
    return found - {"__version__"}


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_layer_may(path: Path) -> None:
    part = part_of(path)
    if part == "__init__":
        return
    assert part in MAY_IMPORT, f"{part} has no line in the table"
    assert imports_of(path) - {part} <= MAY_IMPORT[part]


def test_the_table_has_no_cycle() -> None:
    done: set[str] = set()
    while len(done) < len(MAY_IMPORT):
        ready = {part for part, needs in MAY_IMPORT.items() if part not in done and needs - {part} <= done}
        assert ready, f"a cycle among {sorted(set(MAY_IMPORT) - done)}"
        done |= ready


def test_the_table_names_only_what_exists() -> None:
    here = {part_of(path) for path in PACKAGE.rglob("*.py")} - {"__init__"}
    assert set(MAY_IMPORT) == here
