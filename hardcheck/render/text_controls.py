"""The part of the text report that is about controls, waivers and attestations."""

from __future__ import annotations

from collections.abc import Iterator

from hardcheck.findings import Attestation, Overlays, ProfileResult, Report, Term, Waiver
from hardcheck.render.sanitise import visible
from hardcheck.render.words import ATTESTED, STANDING, TERM, plural


def control_lines(report: Report) -> Iterator[str]:
    """A line a profile: how many of its controls stand where, and where letter and effect part."""
    lines = [_profile(profile) for profile in report.profiles if any(profile.standings.values())]
    if lines:
        yield "Controls, by where they stand (a pass is evidence; in part: the rest is for a person)"
        yield ""
        yield from lines
        yield ""


def _profile(profile: ProfileResult) -> str:
    parts = [
        f"{count} {STANDING[standing].word.lower()}"
        for standing in STANDING
        if (count := profile.standings.get(standing, 0))
    ]
    apart = sum(control.literal is not None for control in profile.controls)
    letter = f"; {apart} {'differs' if apart == 1 else 'differ'} by the letter" if apart else ""
    return f"  {visible(profile.id, 40)}: {', '.join(parts)}{letter}"


def answer_lines(overlays: Overlays) -> Iterator[str]:
    """Every waiver and attestation with its term; those that do not hold are told too."""
    if not (overlays.waivers or overlays.attestations):
        return
    yield f"Waivers and attestations, as of {visible(overlays.day, 20)}; no status changes by them"
    yield ""
    for result in overlays.waivers:
        about = f"rule {visible(result.waiver.rule, 120)}"
        yield from _answer(result.waiver, about, result.term, plural(result.findings, "finding"))
    for said in overlays.attestations:
        entry = said.attestation
        verdict = ATTESTED[entry.says].word.lower()
        about = f"{visible(entry.profile, 60)} {visible(entry.control, 60)} {verdict}"
        yield from _answer(entry, about, said.term, plural(said.hosts, "host"))
    yield ""


def _answer(entry: Waiver | Attestation, about: str, term: Term, holds_for: str) -> Iterator[str]:
    word = TERM[term].word.lower() + (f" for {holds_for}" if term is Term.ACTIVE else "")
    dates = f"{visible(entry.start, 20)} to {visible(entry.expires, 20)}"
    who = f"{visible(entry.owner, 80)}, {visible(entry.ticket, 80)}"
    yield f"  {visible(entry.id, 60)}: {about}: {word} ({dates}, {who})"
