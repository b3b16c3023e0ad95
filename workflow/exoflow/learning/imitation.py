"""A start for training: the actor first learns to answer as another controller does."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import mse_loss

from exoflow.control.exo_laws import DOFC_MEMORY, delayed_output_feedback, smoothing_factor
from exoflow.gait.environment import CONTROL_DT_S, AssistedGait
from exoflow.gait.tasks.observation import FEATURE_NAMES, HISTORY_TICKS, N_FEATURES
from exoflow.learning.networks import Actor, Controller
from exoflow.learning.rollout import SEQUENCE_TICKS, ActorSamples, Rollout
from exoflow.simulation import Dofc

TICKS = 512
EPOCHS = 8
MINIBATCH = 1024
LEARNING_RATE = 2e-3
# The teacher's walk is shaken a little, so that its answers around it are seen too.
NOISE = 0.1


class DofcDriver:
    """Delayed output feedback that drives walkers by what a controller observes of them.

    Parameters
    ----------
    law : Dofc
    n_walkers : int
    torque_limit_Nm : float
        Its torques are told as shares of it, clipped to -1..1.
    """

    def __init__(self, law: Dofc, n_walkers: int, torque_limit_Nm: float):
        self._memory = np.zeros((n_walkers, DOFC_MEMORY))
        self._share = law.gain_Nm / torque_limit_Nm
        self._delay_ticks = law.delay_s / CONTROL_DT_S
        self._smoothing = smoothing_factor(law.filter_tau_s, CONTROL_DT_S)
        newest = (HISTORY_TICKS - 1) * N_FEATURES
        self._hips = [newest + FEATURE_NAMES.index(name) for name in ("hip_r", "hip_l")]

    def restart(self, walkers: np.ndarray, memory: np.ndarray) -> None:
        """Go on with these walkers from what a law remembers of them, one row each."""
        self._memory[walkers] = memory

    def act(self, observation: torch.Tensor) -> torch.Tensor:
        """Torques of this tick as shares of the limit. Shape: (n_walkers, 2)."""
        angles = observation[:, self._hips].numpy().astype(float)
        right = np.array([
            delayed_output_feedback(
                hip_r, hip_l, self._share, self._delay_ticks, self._smoothing, memory
            )
            for (hip_r, hip_l), memory in zip(angles, self._memory, strict=True)
        ])  # fmt: skip
        return torch.from_numpy(np.column_stack([right, -right]).clip(-1.0, 1.0)).float()


def imitate(actor: Actor, teacher: Actor | Dofc, gait: AssistedGait) -> float:
    """Bring `actor` close to `teacher`; random numbers come from torch.

    Parameters
    ----------
    actor : Actor
        Changed in place. Of the teacher's own kind and size it is a copy at once.
    teacher : Actor
    gait : AssistedGait
        Walkers that the teacher drives; the caller resets them afterwards.

    Returns
    -------
    float
        Root mean square difference of their torques, shares of the limit.
    """
    if isinstance(teacher, Actor) and _same_network(actor, teacher):
        actor.load_arrays(teacher.arrays())
        return 0.0
    samples = ActorSamples.of(
        _watch(actor, teacher, gait), np.zeros(_shape(gait), np.float32), actor
    )
    optimizer = torch.optim.Adam(actor.parameters(), lr=LEARNING_RATE)
    n_batches = max(1, samples.action.numel() // (samples.action.shape[-1] * MINIBATCH))
    loss = torch.zeros(())
    for epoch in range(EPOCHS):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * (1.0 - epoch / EPOCHS)
        for rows in torch.randperm(samples.n_units).tensor_split(n_batches):
            loss = mse_loss(samples.mean(rows), samples.action[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return float(loss.detach().sqrt())


def _same_network(actor: Actor, teacher: Actor) -> bool:
    copied = {name: array.shape for name, array in teacher.arrays().items()}
    own = {name: array.shape for name, array in actor.arrays().items()}
    return (actor.kind, actor.mirrored, own) == (teacher.kind, teacher.mirrored, copied)


def _shape(gait: AssistedGait) -> tuple[int, int]:
    return TICKS, gait.n_walkers


def _watch(actor: Actor, teacher: Actor | Dofc, gait: AssistedGait) -> Rollout:
    """What the teacher does with its walkers, as a rollout whose actions are its answers."""
    rollout = Rollout.empty(*_shape(gait), actor.n_inputs)
    controller: Controller | DofcDriver
    if isinstance(teacher, Dofc):
        controller = DofcDriver(teacher, gait.n_walkers, gait.settings.torque_limit_Nm)
    else:
        controller = Controller(teacher, gait.n_walkers)
    pupil = Controller(actor, gait.n_walkers)
    if pupil.state is not None:
        # The pupil's state belongs to what it was before: its sequences start from nothing.
        rollout.carried = torch.zeros(TICKS // SEQUENCE_TICKS, *pupil.state.shape)
    observation = gait.reset()
    _take_over(controller, np.arange(gait.n_walkers), gait)
    for tick in range(TICKS):
        rollout.observation[tick] = observation[:, : actor.n_inputs]
        seen = torch.from_numpy(observation)
        advice = controller.act(seen)
        rollout.action[tick] = advice
        shaken = advice + NOISE * torch.randn_like(advice)
        observation, _, fallen, late = gait.step(shaken.clamp(-1.0, 1.0).numpy())
        rows = np.flatnonzero(fallen | late)
        if len(rows):
            observation[rows] = gait.reset(rows)
            _take_over(controller, rows, gait)
    return rollout


def _take_over(controller: Controller | DofcDriver, rows: np.ndarray, gait: AssistedGait) -> None:
    """Begin the episodes of these walkers with what the device knows at their start."""
    if isinstance(controller, DofcDriver):
        controller.restart(rows, gait.batch.dofc_memory(gait.batch.states[rows]))
    else:
        controller.restart(rows)
