"""Scripts that write what is generated: profiles, schemas, tables of the docs."""
