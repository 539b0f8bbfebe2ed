"""The common question of both frameworks: may SUBJECT do ACTION to OBJECT, and why."""

from hardcheck.access.model import (
    AccessAnswer,
    AccessPolicy,
    Action,
    Capability,
    Native,
    Object,
    Path,
    Port,
    Subject,
    Verdict,
    subject_name,
)

__all__ = [
    "AccessAnswer",
    "AccessPolicy",
    "Action",
    "Capability",
    "Native",
    "Object",
    "Path",
    "Port",
    "Subject",
    "Verdict",
    "subject_name",
]
