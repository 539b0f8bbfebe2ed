"""One module a format: evidence in, facts out. ``PARSERS`` is the table of all."""

from hardcheck.parse.access_policy import ACCESS_PARSERS
from hardcheck.parse.base import ParsedFact
from hardcheck.parse.mac import MAC_PARSERS
from hardcheck.parse.system import SYSTEM_PARSERS

PARSERS: tuple[ParsedFact, ...] = (*MAC_PARSERS, *SYSTEM_PARSERS, *ACCESS_PARSERS)
