"""`python -m trix_circuits.cli`."""

from trix_circuits.cli import main

main()
