"""A start for training: the actor first learns to answer as a trained controller does."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import mse_loss

from exoflow.gait.environment import AssistedGait
from exoflow.learning.networks import Actor, Controller
from exoflow.learning.rollout import SEQUENCE_TICKS, ActorSamples, Rollout

TICKS = 512
EPOCHS = 8
MINIBATCH = 1024
LEARNING_RATE = 2e-3
# The teacher's walk is shaken a little, so that its answers around it are seen too.
NOISE = 0.1


def imitate(actor: Actor, teacher: Actor, gait: AssistedGait) -> float:
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
    copied = {name: array.shape for name, array in teacher.arrays().items()}
    own = {name: array.shape for name, array in actor.arrays().items()}
    if (actor.kind, actor.mirrored, own) == (teacher.kind, teacher.mirrored, copied):
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


def _shape(gait: AssistedGait) -> tuple[int, int]:
    return TICKS, gait.n_walkers


def _watch(actor: Actor, teacher: Actor, gait: AssistedGait) -> Rollout:
    """What the teacher does with its walkers, as a rollout whose actions are its answers."""
    rollout = Rollout.empty(*_shape(gait), actor.n_inputs)
    controller = Controller(teacher, gait.n_walkers)
    pupil = Controller(actor, gait.n_walkers)
    if pupil.state is not None:
        # The pupil's state belongs to what it was before: its sequences start from nothing.
        rollout.carried = torch.zeros(TICKS // SEQUENCE_TICKS, *pupil.state.shape)
    observation = gait.reset()
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
            controller.restart(rows)
    return rollout
