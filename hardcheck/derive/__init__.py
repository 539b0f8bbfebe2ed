"""Facts that follow from facts: reconciled states with a name. No I/O, no rule."""
