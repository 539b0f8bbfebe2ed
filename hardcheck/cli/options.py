"""Options that several commands share, declared once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from hardcheck.findings import Severity

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = ("html", "pdf", "json", "text", "csv", "junit", "sarif")
DEFAULT_FORMATS = ("html", "pdf", "json")


class Words(click.ParamType[tuple[str, ...]]):
    """A list of words joined by commas, each of a closed set."""

    name = "words"

    def __init__(self, known: tuple[str, ...]) -> None:
        self.known = known

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Split, check and drop repeats."""
        if isinstance(value, tuple):
            return value
        words = tuple(dict.fromkeys(word.strip().lower() for word in str(value).split(",") if word.strip()))
        unknown = [word for word in words if word not in self.known]
        if unknown or not words:
            self.fail(f"{', '.join(unknown) or 'nothing'}: known are {', '.join(self.known)}", param, ctx)
        return words


def together(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Several option decorators as one, in the order in which ``--help`` shows them."""

    def decorate(function: F) -> F:
        return functools.reduce(lambda done, option: option(done), reversed(options), function)

    return decorate


inventory = together(
    click.option(
        *("-i", "--inventory"),
        type=click.Path(path_type=Path),
        help="An Ansible inventory (file, directory, script), or a plain list of hosts, one a line.",
    ),
    click.option(
        "--vault-password-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="For an inventory with vaulted values.",
    ),
)

targets = together(
    click.argument("targets", nargs=-1, metavar="[TARGET]..."),
    inventory,
    click.option(
        "--limit", metavar="PATTERN", default="", help="Only these hosts, as Ansible's --limit reads it."
    ),
)

connection = together(
    click.option(
        "--transport",
        type=click.Choice(["auto", "ssh", "local", "ansible"]),
        default="auto",
        show_default=True,
        help="auto: ssh, unless the inventory asks for another connection.",
    ),
    click.option(
        "--forks",
        type=click.IntRange(1, 512),
        default=32,
        show_default=True,
        help="Hosts at the same time.",
    ),
    click.option(
        "--host-keys",
        type=click.Choice(["strict", "accept-new"]),
        default=None,
        show_default="strict, unless the SSH configuration of a host says otherwise",
        help="accept-new adds the keys of hosts never seen before to known_hosts; strict adds none.",
    ),
    click.option("--ask-pass", is_flag=True, help="Ask for the SSH password once, for all hosts."),
    click.option("--ask-sudo-pass", is_flag=True, help="Ask for the sudo password once, for all hosts."),
    click.option(
        "--no-sudo", is_flag=True, help="Stay the account that logs in; say what that leaves unknown."
    ),
    click.option(
        *("--connect-timeout", "connect_s"),
        type=click.FloatRange(1),
        default=15,
        show_default=True,
        metavar="SECONDS",
        help="To connect and log in.",
    ),
    click.option(
        *("--idle-timeout", "idle_s"),
        type=click.FloatRange(1),
        default=60,
        show_default=True,
        metavar="SECONDS",
        help="Without a byte from the host.",
    ),
    click.option(
        *("--timeout", "total_s"),
        type=click.FloatRange(5),
        default=300,
        show_default=True,
        metavar="SECONDS",
        help="For one host in all.",
    ),
)

output_folder = click.option(
    *("-o", "--output"),
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out"),
    show_default=True,
    help="Where reports and bundles go.",
)

resume = click.option(
    "--resume",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="RUN",
    help="Go on with the run in this folder: collect only the hosts without a whole bundle.",
)

own_rules = click.option(
    *("--rules", "own"),
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Rules and profiles of your own beside the shipped ones: DIR/rules, DIR/profiles, DIR/cases.",
)

_file = click.Path(exists=True, dir_okay=False, path_type=Path)
as_of = click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day on which waivers and attestations have to hold.  [default: that of the last evidence]",
)

judging = together(
    own_rules,
    click.option("--waivers", type=_file, metavar="FILE", help="Failures that are accepted for a time."),
    click.option(
        "--attestations", type=_file, metavar="FILE", help="What people have seen of controls, for a time."
    ),
    as_of,
    click.option(
        *("-p", "--profile", "profiles"),
        multiple=True,
        metavar="ID",
        help="What to audit for; may be given several times.  [default: mac]  See: hardcheck controls list",
    ),
    click.option(
        "--fail-on",
        type=click.Choice([severity.value for severity in Severity]),
        default=Severity.LOW.value,
        show_default=True,
        help="The least severity of which a failure gives exit code 1.",
    ),
    click.option(
        "--max-unknown",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        metavar="N",
        help="More findings that could not be judged give exit code 3.",
    ),
)

formats = click.option(
    *("-f", "--format", "formats"),
    type=Words(FORMATS),
    default=",".join(DEFAULT_FORMATS),
    show_default=True,
    metavar="LIST",
    help=f"Reports to write, joined by commas: {', '.join(FORMATS)}.",
)

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines instead of tables.")
quiet = click.option(
    "-q", "--quiet", is_flag=True, help="No progress and no table; reports and exit code only."
)

title = click.option(
    "--title",
    default="Mandatory access control and hardening audit",
    show_default=True,
    help="Title of the report.",
)
