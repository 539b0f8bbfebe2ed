"""The command group, and the one place where errors become a sentence and an exit code."""

from __future__ import annotations

import atexit
import importlib
import os
import sys
import threading
import traceback
from contextlib import suppress
from typing import Any, NoReturn

import click

from hardcheck import __version__
from hardcheck.cli.garbage import collect_rarely
from hardcheck.errors import BundleError, HardcheckError, TransportError

EXIT_CODES = """\
\b
Exit codes:
  0  clean: everything that applies was judged and passed
  1  a finding at or above --fail-on
  2  wrong usage, or a file of yours has a fault
  3  something could not be judged (more unknowns than --max-unknown), or nothing was
  4  a host could not be reached
  5  internal error
  130  stopped by Ctrl-C
When several apply, 1 wins over 4, and 4 over 3."""

COMMANDS: dict[str, tuple[str, str]] = {
    "audit": ("hardcheck.cli.audit", "Collect evidence from hosts, evaluate it, write the reports."),
    "collect": ("hardcheck.cli.collect", "Collect evidence into bundles; judge nothing yet."),
    "evaluate": ("hardcheck.cli.evaluate", "Evaluate bundles offline and write the reports."),
    "report": ("hardcheck.cli.report", "Write a finished run again in other formats."),
    "ask": ("hardcheck.cli.ask", "May SUBJECT do ACTION to OBJECT? Answers by the loaded policy."),
    "exposure": ("hardcheck.cli.exposure", "What could an attacker do who runs code in a service?"),
    "denials": (
        "hardcheck.cli.denials",
        "Explain what was refused: the cause, the cure, what to leave denied.",
    ),
    "compare": ("hardcheck.cli.compare", "What runs, and what the other framework would give."),
    "confine": ("hardcheck.cli.confine", "Draft what confines a service, and judge the draft."),
    "rules": ("hardcheck.cli.rules", "List, show and test the rules."),
    "controls": ("hardcheck.cli.controls", "List the standards and show their controls."),
    "waivers": ("hardcheck.cli.waivers", "Check a file of waivers or attestations."),
    "probe": ("hardcheck.cli.probe", "Print the probe that runs on hosts, its digest and a sudoers line."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they run, so that ``--help`` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The command names, in the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module; its ``command`` is the command."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list from the table, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=EXIT_CODES,
)
@click.version_option(__version__, "-V", "--version", prog_name="hardcheck")
@click.option("--debug", is_flag=True, help="Show a traceback for every error, and what the libraries log.")
@click.pass_context
def app(ctx: click.Context, debug: bool) -> None:
    """Audit what SELinux and AppArmor really enforce on Linux hosts.

    \b
    Start here:
      hardcheck audit local                      this machine (as root, or with sudo)
      hardcheck audit -i inventory.ini           every host of an Ansible inventory, over SSH
      hardcheck audit web1 admin@db1:2222        hosts by name, as ~/.ssh/config knows them
      hardcheck evaluate out/bundles             judge evidence that was collected earlier

    A check passes only when evidence was seen that makes it pass. What could not be looked at is
    `unknown`, with the reason and the command that would cure it.
    """
    ctx.obj = {"debug": debug}
    if debug:
        import logging

        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)


def exit_code_of(error: HardcheckError) -> int:
    """The exit code that an error which ends the run stands for."""
    if isinstance(error, TransportError):
        return 4
    return 3 if isinstance(error, BundleError) else 2


def main() -> None:
    """The console script: run, and end with the documented exit code."""
    collect_rarely()
    leave(run(sys.argv[1:]))


def leave(code: int) -> NoReturn:
    """End the program as `sys.exit` does, but do not free every object one by one first.

    That is only done where nothing is left to wait for: what was registered for the end has run, all is
    written, and no thread is at work.
    """
    if threading.active_count() == 1:
        atexit._run_exitfuncs()
        with suppress(OSError, ValueError):  # closed, or the reader went away: the usual way tells
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command line and give its exit code; everything is said on stderr in one line."""
    debug = "--debug" in arguments
    try:
        result: Any = app.main(arguments, prog_name="hardcheck", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("hardcheck: stopped", err=True)
        return 130
    except HardcheckError as error:
        if debug:
            traceback.print_exc()
        click.echo(f"hardcheck: {error}", err=True)
        return exit_code_of(error)
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away; there is nobody to tell
        return 0
    except Exception as error:
        if debug:
            traceback.print_exc()
        kind = type(error).__name__
        click.echo(f"hardcheck: internal error: {kind}: {error} (run with --debug for details)", err=True)
        return 5
