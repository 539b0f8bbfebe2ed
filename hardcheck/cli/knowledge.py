"""The rules and profiles, shipped and a site's own, with the fact tables behind them; loaded once per command
or worker."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec

from hardcheck.collect import SOURCES
from hardcheck.collect.probe import INSTALLED_PATH, build_probe, sudoers_line
from hardcheck.derive import DERIVED
from hardcheck.engine import catalog
from hardcheck.engine.inherit import load_profiles
from hardcheck.engine.judge import Exposing, Setup
from hardcheck.engine.overlay_files import load_attestations, load_waivers
from hardcheck.engine.overlays import Answers
from hardcheck.engine.profile import AuditProfile, choose
from hardcheck.engine.variants import bind, known_rules
from hardcheck.errors import ConfigError, UsageError
from hardcheck.evidence import HostEvidence
from hardcheck.parse import PARSERS
from hardcheck.resources import resource_folder

DEFAULT_PROFILES = ("mac",)


class Own(msgspec.Struct, frozen=True):
    """A site's own folder, as ``--rules`` names it: its ``rules``, ``profiles`` and ``cases``, each None
    where it has none. A folder without these names is one of rules alone."""

    rules: Path | None = None
    profiles: Path | None = None
    cases: Path | None = None


def own_folder(folder: Path | None) -> Own:
    """What a site's folder holds. Raises ConfigError: it has cases but neither rules nor profiles."""
    if folder is None:
        return Own()
    rules, profiles, cases = (
        folder / name if (folder / name).is_dir() else None for name in ("rules", "profiles", "cases")
    )
    if rules is None and profiles is None:
        if cases is not None:
            raise ConfigError(str(folder), "a folder 'rules' or 'profiles' beside 'cases'", "neither")
        rules = folder
    return Own(rules, profiles, cases)


def load_setup(own: Path | None = None) -> Setup:
    """Every rule, the shipped ones and those of a site's folder, compiled over the known facts.

    Raises:
        ConfigError: a rule file has a fault.
    """
    site = own_folder(own)
    return catalog.load_setup(resource_folder("rules"), PARSERS, DERIVED, cure_of, site.rules)


def load_all_profiles(setup: Setup, own: Path | None = None) -> dict[str, AuditProfile]:
    """Every profile by id, the shipped ones and those of a site's folder.

    Raises:
        ConfigError: a profile has a fault.
    """
    known = known_rules(setup.rules)
    shipped = load_profiles(resource_folder("profiles"), known)
    site = own_folder(own)
    if site.profiles is None:
        return shipped
    return {**shipped, **load_profiles(site.profiles, known, shipped)}


def load_chosen(ids: tuple[str, ...], own: Path | None = None) -> tuple[Setup, tuple[AuditProfile, ...]]:
    """The named profiles and the rules that they use, as they set them. A module's function, so that
    workers can call it.

    Raises:
        ConfigError: a file has a fault. UsageError: a profile that does not exist.
    """
    setup = msgspec.structs.replace(load_setup(own), exposing=load_exposing(), denials=True)
    return bind(setup, choose(load_all_profiles(setup, own), ids or DEFAULT_PROFILES))


def load_exposing() -> Exposing:
    """The shipped attack goals, and how hosts are asked them."""
    from hardcheck.exposure.goals import load_goals
    from hardcheck.exposure.reporting import exposing, goal_infos

    goals = load_goals()
    return Exposing(goal_infos(goals), exposing(goals))


def load_chosen_setup(ids: tuple[str, ...], own: Path | None = None) -> Setup:
    """The setup alone, for worker processes."""
    return load_chosen(ids, own)[0]


def load_answers(
    own: Path | None, waivers: Path | None, attestations: Path | None, as_of: date | None
) -> Answers:
    """The waivers and attestations of a run, checked against all rules and profiles.

    Raises:
        ConfigError: a fault of a file; ConfigFaults: several.
    """
    day = as_of.strftime("%Y-%m-%d") if as_of is not None else ""
    if waivers is None and attestations is None:
        return Answers(day=day)
    setup = load_setup(own)
    rules = {rule.id for rule in setup.rules}
    return Answers(
        load_waivers(waivers, rules) if waivers is not None else (),
        load_attestations(attestations, load_all_profiles(setup, own)) if attestations is not None else (),
        day,
    )


def cure_of(host: HostEvidence) -> str:
    """The sudoers line that would turn this host's denied unknowns into verdicts."""
    user = host.host.user or "ACCOUNT"
    try:
        line = sudoers_line(user, build_probe(SOURCES))
    except UsageError:
        line = sudoers_line("ACCOUNT", build_probe(SOURCES))
    return f"{line}  # the file is what 'hardcheck probe' prints, installed as {INSTALLED_PATH}"
