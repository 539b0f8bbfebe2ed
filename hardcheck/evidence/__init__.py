"""Evidence and the bundle it is kept in: audit now, or years later."""

from hardcheck.evidence.model import Evidence, Failure, HostEvidence, HostIdentity, Privilege
from hardcheck.reasons import Reason

__all__ = ["Evidence", "Failure", "HostEvidence", "HostIdentity", "Privilege", "Reason"]
