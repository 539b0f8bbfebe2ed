"""Causes and cures of denials, and readiness to enforce, from the evidence of that host alone."""
