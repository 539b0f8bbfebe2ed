"""What the documents promise is what there is: commands, exit codes, options, layers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hardcheck.cli.app import COMMANDS, EXIT_CODES, app
from hardcheck.findings.exit_code import ExitCode
from hardcheck.transport.base import Limits
from tests.test_layers import MAY_IMPORT

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme_and_has_help(name: str) -> None:
    assert f"hardcheck {name}" in README
    command = app.get_command(app.make_context("hardcheck", [name, "--help"], resilient_parsing=True), name)
    assert command is not None
    assert command.help


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_is_in_the_readme_and_in_the_help(code: ExitCode) -> None:
    assert re.search(rf"^\| {code.value} \| ", README, re.MULTILINE)
    assert re.search(rf"^  {code.value}  ", EXIT_CODES, re.MULTILINE)


def test_options_that_the_readme_names_exist() -> None:
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README))
    known = set()
    for name in COMMANDS:
        command = app.get_command(app.make_context("hardcheck", [name], resilient_parsing=True), name)
        assert command is not None
        for parameter in command.params:
            known |= set(parameter.opts)
    assert named <= known | {"--help"}


def test_the_architecture_page_names_every_layer() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    missing = [
        part for part in MAY_IMPORT if f"`{part}/`" not in page and (ROOT / "hardcheck" / part).is_dir()
    ]
    assert not missing


def test_links_between_documents_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for link in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.relative_to(ROOT)}: {link}"


def test_no_file_names_a_path_of_one_machine_or_an_index() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    assert "--hash=sha256:" in lock


def test_the_default_limits_are_those_of_the_help() -> None:
    command = app.get_command(app.make_context("hardcheck", ["audit"], resilient_parsing=True), "audit")
    assert command is not None
    defaults = {parameter.name: parameter.default for parameter in command.params}
    limits = Limits()
    given = (defaults["connect_s"], defaults["idle_s"], defaults["total_s"])
    assert given == (limits.connect_s, limits.idle_s, limits.total_s)
