"""The tasks there are. A new one is a new file in this folder and a line in `TASKS`."""

from __future__ import annotations

from collections.abc import Callable

from exoflow.config.policy import PolicySettings
from exoflow.errors import UserError
from exoflow.gait.tasks import barati, cost_of_transport
from exoflow.gait.tasks.task import Task

# The only way for settings into a task: each takes from `policy:` what it wants.
TASKS: dict[str, Callable[[PolicySettings], Task]] = {
    "cost_of_transport": cost_of_transport.make,
    "barati": barati.make,
}


def task(name: str, policy: PolicySettings | None = None) -> Task:
    """A task by its name, with `policy` or the settings' defaults.

    Raises
    ------
    UserError
        Lists the tasks there are.
    """
    if name not in TASKS:
        raise UserError(
            f"policy.reward.task = {name!r} is unknown. Tasks: {', '.join(TASKS)}. "
            "Choose one, or add a file to gait/tasks and a line to gait/tasks/registry.py."
        )
    return TASKS[name](policy or PolicySettings())
