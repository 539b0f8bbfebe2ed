"""Tests of the SELinux reader, with the programs that serve as oracles."""
