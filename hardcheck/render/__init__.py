"""One module a format: a `Report` in, bytes out. No clock, no network, no status recomputed."""
