"""The tests of hardcheck; a package so that helpers are imported as ``tests.corpora``."""
