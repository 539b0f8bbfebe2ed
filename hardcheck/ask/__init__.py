"""Access questions asked of a host, a bundle or a policy: names resolved, answers with their grounds."""
