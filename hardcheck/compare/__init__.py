"""The two frameworks beside each other: what the one that runs gives, and what the other would."""
