"""`python -m exoflow`."""

import sys

from exoflow.cli import main

sys.exit(main())
