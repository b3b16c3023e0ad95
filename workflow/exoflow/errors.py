"""Errors with a meaning for the person at the terminal.

A `UserError` is something the user can mend: the command line prints its one
line and exits with 2. A `SimulationError` is something the engine met: exit 1.
Everything else is a bug and keeps its traceback.
"""


class ExoflowError(Exception):
    """Base of every error exoflow raises on purpose."""

    exit_code = 1


class UserError(ExoflowError):
    """Bad input: says what, where, which values are allowed and what to do."""

    exit_code = 2


class ParamsError(UserError):
    """A setting in params.yaml is unknown, missing or out of range."""


class ModelError(UserError):
    """A model, reflex table or start-value file is unknown or inconsistent."""


class CheckpointError(UserError):
    """A checkpoint or result file is missing, truncated or of other settings."""


class PolicyFormatError(UserError):
    """A weights file does not hold a controller this version can run."""


class TrialDataError(UserError):
    """A trial file cannot be trusted; names file, row and column."""


class SimulationError(ExoflowError):
    """The simulation left the finite numbers; names condition, time and variable."""
