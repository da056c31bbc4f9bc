"""`python -m outfall` is the command `outfall`."""

from outfall.cli import main

main()
