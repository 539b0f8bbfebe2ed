"""Evidence and the bundle it is kept in: audit now, or years later."""

from hardcheck.evidence.bundle import (
    BundleWriter,
    bundle_name,
    read_bundle,
    read_bundles,
    unpack_bundle,
    write_bundle,
)
from hardcheck.evidence.listing import TreeEntry, escape_path, format_listing, parse_listing, unescape_path
from hardcheck.evidence.model import Evidence, Failure, HostEvidence, HostIdentity, Privilege
from hardcheck.evidence.zip_reader import ZipLimits
from hardcheck.reasons import Reason

__all__ = [
    "BundleWriter",
    "Evidence",
    "Failure",
    "HostEvidence",
    "HostIdentity",
    "Privilege",
    "Reason",
    "TreeEntry",
    "ZipLimits",
    "bundle_name",
    "escape_path",
    "format_listing",
    "parse_listing",
    "read_bundle",
    "read_bundles",
    "unescape_path",
    "unpack_bundle",
    "write_bundle",
]
