"""Ways to reach a host. One small protocol, one module a way; none of them decides anything."""
