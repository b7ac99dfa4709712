"""Where the command line starts, as `kizuna` and as `python -m kizuna`.

It handles signals before it imports anything that takes time, so that Ctrl-C never prints a traceback.
"""

import os
import sys


def main() -> None:
    """Entry point of the `kizuna` script."""
    try:
        from core.interruption import end_when_interrupted

        end_when_interrupted()
    except KeyboardInterrupt:
        sys.stderr.write("kizuna: interrupted\n")
        os._exit(130)
    from kizuna.main import main as run_command

    run_command()


if __name__ == "__main__":
    main()
