"""`python -m exoflow`."""

from exoflow.cli import program

program()
