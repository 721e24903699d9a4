"""`python -m countertop`."""

from countertop.cli import main

main()
