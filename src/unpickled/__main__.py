"""`python -m unpickled` is the same program as the console script."""

import sys

from unpickled.cli import main

sys.exit(main())
