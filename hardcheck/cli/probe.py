"""``hardcheck probe``: what runs on hosts, byte for byte."""

from __future__ import annotations

import sys

import click

from hardcheck.cli.options import as_json
from hardcheck.collect import SOURCES
from hardcheck.collect.probe import INSTALLED_PATH, build_probe, probe_sha256, sudoers_line


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--sha256", "only_digest", is_flag=True, help="Print only its sha256.")
@click.option("--sudoers", metavar="ACCOUNT", help="Print only the sudoers line for this account.")
@click.option("--list", "list_sources", is_flag=True, help="Print what it looks at: key, kind and origin.")
@as_json
def command(only_digest: bool, sudoers: str | None, list_sources: bool, as_json: bool) -> int:
    """Print the probe that runs on hosts, its sha256 and a sudoers line.

    The probe is one read-only POSIX sh program; its bytes are the same on every host for one version
    of hardcheck. Sites that forbid a root shell install it and allow exactly that file:

    \b
      hardcheck probe > hardcheck-probe
      sudo install -D -m 0755 -o root -g root hardcheck-probe /usr/local/libexec/hardcheck-probe
      hardcheck probe --sudoers auditor | sudo tee /etc/sudoers.d/hardcheck
      sudo visudo -c

    hardcheck uses the installed probe by itself where sudo allows it.
    """
    script = build_probe(SOURCES)
    digest = probe_sha256(script)
    if only_digest:
        click.echo(digest)
    elif sudoers is not None:
        click.echo(sudoers_line(sudoers, script))
    elif list_sources:
        _list(as_json)
    elif as_json:
        _json(script, digest)
    else:
        sys.stdout.buffer.write(script)
        click.echo(f"sha256:  {digest}", err=True)
        click.echo(f"sudoers: {sudoers_line('ACCOUNT', script)}", err=True)
        click.echo(f"install: install -D -m 0755 -o root -g root FILE {INSTALLED_PATH}", err=True)
    return 0


def _json(script: bytes, digest: str) -> None:
    import msgspec

    value = {
        "format_version": 1,
        "probe": script.decode("ascii"),
        "sha256": digest,
        "path": INSTALLED_PATH,
        "sudoers": sudoers_line("ACCOUNT", script),
    }
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def _list(as_json: bool) -> None:
    import msgspec

    from hardcheck.collect.decode import origin_of

    rows = [(s.key, type(s).__name__.removesuffix("Source").lower(), origin_of(s)) for s in SOURCES]
    if as_json:
        items = [dict(zip(("key", "kind", "origin"), row, strict=True)) for row in rows]
        click.echo(
            msgspec.json.format(msgspec.json.encode({"format_version": 1, "sources": items}), indent=2)
        )
        return
    from tabulate import tabulate

    shown = [(key, kind, " ".join(origin.split())[:90]) for key, kind, origin in rows]
    click.echo(tabulate(shown, headers=("key", "kind", "origin"), tablefmt="simple"))
