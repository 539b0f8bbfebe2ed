"""Which hosts, and how to reach them: Ansible inventories, plain lists, and words on the command line."""
