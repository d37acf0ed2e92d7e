"""``python -m nn`` is the command ``glassgrad``."""

import sys

from nn.cli import main

if __name__ == "__main__":
    sys.exit(main())
