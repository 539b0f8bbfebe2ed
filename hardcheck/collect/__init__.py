"""What to fetch from a host, as data, and the one probe that fetches it."""
