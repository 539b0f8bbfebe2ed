"""The kinds of rules: each module holds what its rule says, how it is read, and what it answers."""
