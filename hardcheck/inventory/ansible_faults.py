"""Why Ansible cannot read an inventory, as one file, one line and one sentence.

Part of the process that `hardcheck.inventory.ansible_reader` describes.
"""

from __future__ import annotations

import re
import stat
import tempfile
from pathlib import Path
from typing import Any

_MAX_SEARCHED_LINES = 500
_ORIGIN = re.compile(r"^Origin: (?P<path>[^<\n]+?):(?P<line>\d+)(?::\d+)?$", re.MULTILINE)
_FAILED_SOURCE = re.compile(r"parse inventory source (?P<path>.+)")
_NOISE = re.compile(r"^Failed to parse inventory[:.]\s*")
_UNCLOSED = "not enough values to unpack"  # what the INI parser says of "[web"


class Fault(Exception):
    """What is wrong: ``kind`` is "config" or "usage", ``where`` FILE, FILE:LINE or an option."""

    def __init__(self, kind: str, where: str, text: str) -> None:
        self.kind, self.where, self.text = kind, where, text
        super().__init__(text)


def parse_fault(error: Exception, loader: Any) -> Fault:
    """Name the file, the line and what its own parser says: Ansible tries every parser it has on
    every file and reports all of their complaints."""
    match = _FAILED_SOURCE.search(str(error))
    path = match["path"].strip() if match else ""
    if not match:
        return Fault("config", "inventory", first_line(error))
    if not Path(path).exists():
        return Fault("config", path, "no such file")
    if path.endswith((".yml", ".yaml", ".json")):
        return _yaml_fault(path) or _plugin_fault("yaml", path, loader)
    if Path(path).stat().st_mode & stat.S_IXUSR and not Path(path).is_dir():
        return _plugin_fault("script", path, loader)
    return _plugin_fault("ini", path, loader)


def _yaml_fault(path: str) -> Fault | None:
    import yaml

    try:
        with Path(path).open(encoding="utf-8") as file:
            yaml.compose(file)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return Fault("config", f"{path}:{line}", f"YAML: {error.problem}")
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return Fault("config", path, first_line(error))
    return None


def _plugin_fault(name: str, path: str, loader: Any) -> Fault:
    """Parse once more with one parser alone, for its own words."""
    try:
        _parse_with(name, path, loader)
    except Exception as error:  # any error of a foreign parser is its answer
        origin = _ORIGIN.search(str(error))
        line = origin["line"] if origin else _first_bad_line(path, loader) if name == "ini" else None
        return Fault("config", f"{path}:{line}" if line else path, first_line(error))
    return Fault("config", path, "no inventory plugin can read it")


def _parse_with(name: str, path: str, loader: Any) -> None:
    from ansible.inventory.data import InventoryData
    from ansible.plugins.loader import inventory_loader

    plugin = inventory_loader.get(name)
    plugin.parse(InventoryData(), loader, path, cache=False)


def _first_bad_line(path: str, loader: Any) -> int | None:
    """The line at which an INI inventory stops being one, found by reading ever longer beginnings.

    A group that is only used later is no fault of a beginning.
    """
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    with tempfile.TemporaryDirectory() as folder:
        for count in range(1, min(len(lines), _MAX_SEARCHED_LINES) + 1):
            beginning = Path(folder) / f"{count}.ini"
            beginning.write_text("".join(lines[:count]), encoding="utf-8")
            try:
                _parse_with("ini", str(beginning), loader)
            except Exception as error:  # any error of a foreign parser is its answer
                if "undefined group" not in str(error).lower():
                    return count
    return None


def first_line(error: Exception) -> str:
    """What an error says, without what Ansible wraps round it."""
    text = _NOISE.sub("", str(error).strip())
    if _UNCLOSED in text:
        return "a section header without its closing bracket"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
