"""What is known of a host: typed facts or a typed `Absent`. One module a subject; no I/O."""

from hardcheck.facts.base import Absent, Facts, FactSpec, fixed_facts
from hardcheck.reasons import Reason

__all__ = ["Absent", "FactSpec", "Facts", "Reason", "fixed_facts"]
