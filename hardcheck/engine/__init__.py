"""Rules and controls over facts, in three-valued logic. It names no rule."""
