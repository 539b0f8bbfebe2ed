"""The shipped rules and profiles with the fact tables behind them, loaded once per command or worker."""

from __future__ import annotations

from pathlib import Path

from hardcheck.collect import SOURCES
from hardcheck.collect.probe import INSTALLED_PATH, build_probe, sudoers_line
from hardcheck.derive import DERIVED
from hardcheck.engine import catalog
from hardcheck.engine.judge import Setup
from hardcheck.engine.profile import AuditProfile, choose, load_profiles
from hardcheck.engine.report import chosen_rules
from hardcheck.errors import UsageError
from hardcheck.evidence import HostEvidence
from hardcheck.parse import PARSERS
from hardcheck.resources import resource_folder

DEFAULT_PROFILES = ("mac",)


def load_setup(rules: Path | None = None) -> Setup:
    """Every rule of a folder (default: the shipped ones), compiled over the known facts.

    Raises:
        ConfigError: a rule file has a fault.
    """
    return catalog.load_setup(rules or resource_folder("rules"), PARSERS, DERIVED, cure_of)


def load_all_profiles(setup: Setup) -> dict[str, AuditProfile]:
    """Every shipped profile by id."""
    return load_profiles(resource_folder("profiles"), {rule.id for rule in setup.rules})


def load_chosen(ids: tuple[str, ...]) -> tuple[Setup, tuple[AuditProfile, ...]]:
    """The named profiles and the rules that they use. A module's function, so that workers can call it.

    Raises:
        UsageError: a profile that does not exist.
    """
    setup = load_setup()
    profiles = choose(load_all_profiles(setup), ids or DEFAULT_PROFILES)
    return chosen_rules(setup, profiles), profiles


def load_chosen_setup(ids: tuple[str, ...]) -> Setup:
    """The setup alone, for worker processes."""
    return load_chosen(ids)[0]


def cure_of(host: HostEvidence) -> str:
    """The sudoers line that would turn this host's denied unknowns into verdicts."""
    user = host.host.user or "ACCOUNT"
    try:
        line = sudoers_line(user, build_probe(SOURCES))
    except UsageError:
        line = sudoers_line("ACCOUNT", build_probe(SOURCES))
    return f"{line}  # the file is what 'hardcheck probe' prints, installed as {INSTALLED_PATH}"
