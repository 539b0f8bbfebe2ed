"""``python -m hardcheck``."""

from hardcheck.cli import main

main()
