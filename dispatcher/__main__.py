"""`python -m dispatcher` is the command `dispatcher`."""

from dispatcher.cli import main

main()
