"""What a compromised service could do: attack goals asked of the loaded policy, service by service."""
