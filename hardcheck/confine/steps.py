"""The text that goes with a draft: what to do in which order, and the judgement as a table."""

from __future__ import annotations

from pathlib import Path

from hardcheck.confine import names
from hardcheck.confine.draft import Draft
from hardcheck.confine.judge import Judged, Judgement
from hardcheck.confine.spec import Spec

_WITHHELD = """\
install.sh is not written: a line of the judgement is bad (see judgement.txt). Change the specification, or
see there which rule opens what, and run hardcheck confine again.
"""


def readme(spec: Spec, draft: Draft) -> str:
    """README.md of the folder: permissive first, watch, tighten, enforce."""
    domains = ", ".join(dict.fromkeys(names.domain(spec, service) for service in spec.services))
    profiles = ", ".join(dict.fromkeys(names.profile(spec, service) for service in spec.services))
    lines = [
        f"# Confinement of {', '.join(service.name for service in spec.services)}",
        "",
        f"SELinux domains: {'none, hats are of AppArmor' if spec.hats else domains}",
        f"AppArmor profiles: {profiles}",
        "",
        "`hardcheck confine` wrote this from `spec.yaml`. `judgement.txt` says what it allows and closes.",
        "",
    ]
    if draft.judged is Judged.BAD:
        return "\n".join((*lines, _WITHHELD))
    steps = (Path(__file__).parent / "steps.md").read_text(encoding="utf-8")
    return "\n".join((*lines, steps, *_of_pools(spec), *_of_peers(spec)))


def _of_pools(spec: Spec) -> list[str]:
    pools = [service for service in spec.services if service.pool is not None]
    if not pools or spec.hats:
        return []
    lines = [
        "Each pool gets a unit of its own. Its file moves beside the folder that the shared php-fpm reads,",
        "so that the shared one lets go of its socket. Tools that edit pools must edit these files:",
        "",
    ]
    return [*lines, *(f"    {names.pool_file(service)}" for service in pools), ""]


def _of_peers(spec: Spec) -> list[str]:
    peers = dict.fromkeys(peer.profile for service in spec.services for peer in service.served_by)
    confined = [name for name in peers if name not in ("", "unconfined")]
    if not confined:
        return []
    return [
        f"AppArmor: the profile of {', '.join(confined)} must itself allow the content and the sockets;",
        "`judgement.txt` says whether it does.",
        "",
    ]


def judgement_text(draft: Draft) -> str:
    """judgement.txt: compilers, needs, attack goals and sites, one line each."""
    lines = ["Compilers on the machine where this was drafted"]
    lines += [f"  {one.result:<13} {one.tool} {one.file}" for one in draft.compiled]
    lines += [
        f"    {line}" for one in draft.compiled if one.result == "refused" for line in one.detail.splitlines()
    ]
    for judgement in draft.judgements:
        lines += ["", *_of(judgement)]
    if not draft.judgements:
        lines += ["", "Nothing was judged."]
    return "\n".join(lines) + "\n"


def _of(judgement: Judgement) -> list[str]:
    lines = [f"{judgement.side}: {judgement.judged}", *(f"  note: {note}" for note in judgement.notes)]
    lines.append("  What the specification needs, and what one service must not get of another")
    for need in judgement.needs:
        lines.append(
            f"    {need.judged:<8}{need.service}: {need.question}: {need.answer}, wanted {need.wanted}"
        )
        if need.judged is not Judged.GOOD:
            lines += [f"            {ground}" for ground in need.because]
    if judgement.goals:
        lines.append("  What an attacker in the service could do: now, and with the draft")
    for goal in judgement.goals:
        before = goal.before or "does not run"
        lines.append(f"    {goal.judged:<8}{goal.service}: {goal.title}: {before} -> {goal.after}")
        lines += [f"            {ground}" for ground in goal.because]
    if judgement.tenants:
        lines.append("  What the code of a site may do to the files of another: now, and with the draft")
    for one in judgement.tenants:
        read, write = f"{one.read_before} -> {one.read_after}", f"{one.write_before} -> {one.write_after}"
        lines.append(f"    {one.reader} on {one.owner}: read {read}; write {write}")
    return lines
