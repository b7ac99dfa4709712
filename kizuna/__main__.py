"""Runs the command line as `python -m kizuna`."""

from kizuna.main import main

main()
