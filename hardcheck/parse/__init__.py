"""One module a format: evidence in, facts out. The table of parsers is in this package's `PARSERS`."""
