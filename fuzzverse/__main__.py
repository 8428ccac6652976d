"""`python -m fuzzverse`."""

from fuzzverse.cli import main

main()
