"""Run the command line as ``python -m autotl``."""

from autotl.cli.entry import main

if __name__ == "__main__":
    main()
