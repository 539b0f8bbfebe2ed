"""Write docs/report-schema.json, the JSON Schema of the JSON report, from the types it is written with."""

from __future__ import annotations

import json
from pathlib import Path

from hardcheck.render.json import report_schema

TARGET = Path(__file__).resolve().parent.parent / "docs" / "report-schema.json"


def schema_text() -> str:
    """The file's content: sorted as the types are, two spaces, a line feed at the end."""
    return json.dumps(report_schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the file."""
    TARGET.write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
