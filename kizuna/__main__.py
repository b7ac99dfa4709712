"""`python -m kizuna`: the command line without the script."""

from kizuna.main import main

main()
