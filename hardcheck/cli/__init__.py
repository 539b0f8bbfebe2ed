"""One module a command; the only place that wires the stages together."""

from hardcheck.cli.app import main

__all__ = ["main"]
