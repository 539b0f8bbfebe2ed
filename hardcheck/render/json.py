"""The report as one JSON object: everything, versioned, the same bytes for the same report.

Every other format can be made from it (`read_report`). Beside the fields of the report each score
has its two percentages. Unseen characters of host text are written as JSON escapes, so that the
file can be looked at in a terminal.
"""

from __future__ import annotations

import re
from typing import Any, BinaryIO

import msgspec

from hardcheck.errors import ConfigError
from hardcheck.findings import FORMAT_VERSION, Report, Score
from hardcheck.render.sanitise import json_safe, visible
from hardcheck.render.view import arrange

SCHEMA_ID = f"urn:hardcheck:report:{FORMAT_VERSION}"
_SURROGATE = re.compile("[\ud800-\udfff]")
_PERCENTAGES = ("percent", "coverage_percent")


def render(report: Report, out: BinaryIO) -> None:
    """Write the report as UTF-8, indented, with a line feed at the end.

    A lone surrogate, which no JSON text can hold, is written as the six characters of its escape.
    """
    document: dict[str, Any] = msgspec.to_builtins(report, order="deterministic")
    _add_percentages(document, report)
    try:
        encoded = msgspec.json.encode(document)
    except UnicodeEncodeError:
        encoded = msgspec.json.encode(_without_surrogates(document))
    out.write(json_safe(msgspec.json.format(encoded, indent=1).decode()).encode())
    out.write(b"\n")


def read_report(data: bytes, where: str = "report") -> Report:
    """Return the report that `render` wrote; ``where`` is the name of the file, for messages.

    Raises:
        ConfigError: no JSON, another format version, a field of another type, or a finding that
            names a rule or host that is not in the report.
    """
    try:
        head = msgspec.json.decode(data, type=_Head)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(where, "a JSON report of hardcheck", visible(str(error), 120)) from error
    if head.format_version != FORMAT_VERSION:
        found = f"format version {head.format_version}"
        raise ConfigError(where, f"a report of format version {FORMAT_VERSION}", found)
    try:
        report = msgspec.json.decode(data, type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(where, "a JSON report of hardcheck", visible(str(error), 120)) from error
    arrange(report)
    return report


def report_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of what `render` writes."""
    schema = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(Report)))  # no tuples left
    properties = schema["$defs"]["Score"]["properties"]
    for name in _PERCENTAGES:
        properties[name] = {
            "anyOf": [{"type": "integer", "minimum": 0, "maximum": 100}, {"type": "null"}],
            "description": "whole, rounded down; null where nothing applies",
        }
    _flatten_descriptions(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": f"Report of hardcheck, format version {FORMAT_VERSION}",
        **schema,
    }


def _flatten_descriptions(node: Any) -> None:
    """One line each: how far a docstring is indented depends on the Python that runs."""
    if isinstance(node, dict):
        if isinstance(node.get("description"), str):
            node["description"] = " ".join(node["description"].split())
        for item in node.values():
            _flatten_descriptions(item)
    elif isinstance(node, list):
        for item in node:
            _flatten_descriptions(item)


class _Head(msgspec.Struct):
    format_version: int


def _add_percentages(document: dict[str, Any], report: Report) -> None:
    parts: list[tuple[dict[str, Any], Score]] = [(document["score"], report.score)]
    parts += [(one["score"], host.score) for one, host in zip(document["hosts"], report.hosts, strict=True)]
    parts += [
        (one["score"], profile.score)
        for one, profile in zip(document["profiles"], report.profiles, strict=True)
    ]
    wires = (document, *document["hosts"], *document["profiles"])
    waived: list[Score | None] = [report.waived_score]
    waived += [host.waived_score for host in report.hosts]
    waived += [profile.waived_score for profile in report.profiles]
    parts += [(wire["waived_score"], one) for wire, one in zip(wires, waived, strict=True) if one is not None]
    for wire, score in parts:
        for name in _PERCENTAGES:
            wire[name] = getattr(score, name)


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", value)
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value
