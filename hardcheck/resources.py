"""Where the rules, profiles and report templates are: in a checkout, and installed from a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource_folder(name: str) -> Path:
    """The folder ``rules``, ``profiles`` or ``reports``.

    An installed wheel has them inside the package (``hardcheck/_data``); a checkout beside it.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    for folder in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"hardcheck's own folder '{name}' is missing: the installation is incomplete")
