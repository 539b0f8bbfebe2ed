"""Write the JSON Schemas in docs/ from the types: of the JSON report, of waivers, of attestations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from hardcheck.findings import Attestation, Waiver
from hardcheck.render.json import report_schema

DOCS = Path(__file__).resolve().parent.parent / "docs"
_DATE = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


def answer_schema(name: str, entry: type[Waiver] | type[Attestation]) -> dict[str, Any]:
    """The schema of a file of waivers or attestations: a list of entries with an explicit scope."""
    (_, defs) = msgspec.json.schema_components([entry], ref_template="#/$defs/{name}")
    one = defs[entry.__name__]
    one["additionalProperties"] = False
    one["properties"] |= {"start": _DATE, "expires": _DATE}
    for field, shape in one["properties"].items():
        if shape.get("type") == "string" and shape is not _DATE:
            one["properties"][field] = {"type": "string", "minLength": 1}
        if shape.get("type") == "array":
            one["properties"][field] = {"type": "array", "items": shape["items"], "minItems": 1}
    one["anyOf"] = [{"required": [scope]} for scope in ("hosts", "groups", "tags")]
    one.pop("description", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{name.capitalize()} of hardcheck",
        "type": "object",
        "properties": {name: {"type": "array", "items": {"$ref": f"#/$defs/{entry.__name__}"}}},
        "required": [name],
        "additionalProperties": False,
        "$defs": defs,
    }


def schemas() -> dict[str, dict[str, Any]]:
    """Every schema by the name of its file in docs/."""
    return {
        "report-schema.json": report_schema(),
        "waivers-schema.json": answer_schema("waivers", Waiver),
        "attestations-schema.json": answer_schema("attestations", Attestation),
    }


def main() -> None:
    """Write the files: sorted as the types are, two spaces, a line feed at the end."""
    for name, schema in schemas().items():
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
