"""The rules, profiles and cases that hardcheck ships, loaded once for a test process."""

from __future__ import annotations

import functools
from pathlib import Path

from hardcheck.derive import DERIVED
from hardcheck.engine.catalog import load_setup
from hardcheck.engine.heads import rule_files
from hardcheck.engine.inherit import load_profiles
from hardcheck.engine.judge import Setup
from hardcheck.engine.profile import AuditProfile
from hardcheck.engine.rule import Rule
from hardcheck.engine.variants import known_rules
from hardcheck.parse import PARSERS
from hardcheck.resources import resource_folder

CASES = Path(__file__).resolve().parents[2] / "rules"
RULE_FILES = rule_files(resource_folder("rules"))


@functools.cache
def setup() -> Setup:
    return load_setup(resource_folder("rules"), PARSERS, DERIVED)


@functools.cache
def rules() -> dict[str, Rule]:
    return {rule.id: rule for rule in setup().rules}


@functools.cache
def profiles() -> dict[str, AuditProfile]:
    return load_profiles(resource_folder("profiles"), known_rules(setup().rules))
