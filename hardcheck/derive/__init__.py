"""Facts that follow from facts: reconciled states with a name. ``DERIVED`` is the table of all.

No I/O, no rule.
"""

from hardcheck.derive.access import ACCESS_DERIVED
from hardcheck.derive.base import DerivedFact
from hardcheck.derive.denial_triage import TRIAGE_DERIVED
from hardcheck.derive.filtering import FILTER_DERIVED
from hardcheck.derive.mac import MAC_DERIVED
from hardcheck.derive.records import RECORD_DERIVED
from hardcheck.derive.system import SYSTEM_DERIVED
from hardcheck.derive.web_table import WEB_DERIVED

DERIVED: tuple[DerivedFact, ...] = (
    *MAC_DERIVED,
    *SYSTEM_DERIVED,
    *FILTER_DERIVED,
    *WEB_DERIVED,
    *RECORD_DERIVED,
    *ACCESS_DERIVED,
    *TRIAGE_DERIVED,
)
