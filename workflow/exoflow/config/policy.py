"""Training of the controller: `policy:` in params.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from exoflow.config.randomization import RandomizationSettings
from exoflow.config.setting import setting


@dataclass(frozen=True)
class PolicyReward:
    """What one control tick earns."""

    task: str = setting(
        "cost_of_transport",
        doc="Task: exoflow's own, with the weights below, or Barati's with the printed ones.",
        choices=("cost_of_transport", "barati"),
    )
    cost_of_transport: float = setting(
        2.0, doc="Weight of the relative change of the cost of transport.", minimum=0
    )
    speed: float = setting(
        4.0, doc="Weight of the speed deviation outside speed_tolerance.", minimum=0
    )
    speed_tolerance: float = setting(
        0.01, doc="Relative speed deviation that is free.", minimum=0, maximum=0.2
    )
    smoothness: float = setting(
        0.02, doc="Weight of the squared change of the action, both legs.", minimum=0
    )
    fall: float = setting(30.0, doc="Penalty of a fall.", minimum=0)
    average_s: float = setting(
        0.3, doc="Time constant of the moving averages of power and speed, s.", above=0
    )


@dataclass(frozen=True)
class PolicySettings:
    """PPO on the frozen reflex walker of each condition."""

    kind: str = setting(
        "lstm_window",
        doc="Network: LSTM over a window of ten ticks, LSTM with carried state, or an MLP.",
        choices=("lstm_window", "lstm_carried", "mlp"),
    )
    hidden: int = setting(
        128, doc="Units of the LSTM, or of the MLP's first layer.", minimum=1, maximum=1024
    )
    width: int = setting(64, doc="Units of the layer before the output.", minimum=1, maximum=1024)
    mirrored: bool = setting(
        True, doc="One network for both legs, fed own leg first; otherwise two outputs."
    )
    privileged_critic: bool = setting(
        True, doc="The critic sees the whole simulation state (training only)."
    )
    critic_widths: tuple[int, ...] = setting(
        (256, 256), doc="Units of the critic's hidden layers.", minimum=1, maximum=1024
    )
    critic_activation: str = setting(
        "tanh", doc="Units of the critic: tanh or ReLU.", choices=("tanh", "relu")
    )
    steps: int = setting(
        400000,
        doc="Control ticks simulated in training; rounded up to whole buffers.",
        minimum=1,
    )
    n_walkers: int = setting(64, doc="Walkers simulated side by side.", minimum=1)
    buffer: int = setting(8192, doc="Ticks between two updates, all walkers together.", minimum=2)
    batch: int = setting(1024, doc="Ticks in one gradient step.", minimum=2)
    epochs: int = setting(3, doc="Passes over the buffer in one update.", minimum=1)
    gamma: float = setting(0.995, doc="Discount of one tick.", above=0, maximum=1)
    gae_lambda: float = setting(
        0.98, doc="Lambda of the generalized advantage estimate.", minimum=0, maximum=1
    )
    learning_rate: float = setting(
        5e-4, doc="Learning rate of the controller at the start.", above=0
    )
    critic_learning_rate: float = setting(
        1e-3, doc="The same for the critic, which can learn faster.", above=0
    )
    final_learning_rate_share: float = setting(
        0.0,
        doc="Share of both rates left at the end of training; they fall linearly.",
        minimum=0,
        maximum=1,
    )
    clip: float = setting(0.2, doc="Clip range of PPO's probability ratio.", above=0)
    entropy: float = setting(0.0, doc="Weight of the entropy bonus.", minimum=0)
    target_kl: float | None = setting(
        0.05, doc="An update stops early beyond this KL divergence; null: never.", above=0
    )
    log_std: float = setting(
        -1.2, doc="Logarithm of the exploration noise at the start, share of the torque limit."
    )
    min_log_std: float = setting(
        -2.5, doc="Floor of that logarithm; without one, training can collapse late."
    )
    final_std_share: float = setting(
        0.5,
        doc="Share of the exploration noise left at the end of training; it shrinks evenly.",
        above=0,
        maximum=1,
    )
    noise_correlation: float = setting(
        0.5,
        doc="Correlation of the exploration noise from tick to tick; 0: white, as usual.",
        minimum=0,
        maximum=0.99,
    )
    episode_s: float = setting(10.0, doc="Longest episode, s.", above=0)
    angle_noise_rad: float = setting(
        0.05, doc="Standard deviation of the noise on hip angles, rad.", minimum=0
    )
    velocity_noise_rad_s: float = setting(
        0.1, doc="Standard deviation of the noise on hip velocities, rad/s.", minimum=0
    )
    history_spacing_ticks: int = setting(
        1,
        doc="Ticks between the ten samples that the controller sees; 1 is the last 100 ms.",
        minimum=1,
        maximum=20,
    )
    told: tuple[str, ...] = setting(
        (),
        doc="What a teacher is told beside its sensors; stays empty here, no device measures it.",
        choices=("speed", "slope"),
    )
    timestep_s: float = setting(
        0.001, doc="Step of the simulation in training, s.", minimum=0.0001, maximum=0.002
    )
    slopes_deg: tuple[float, ...] = setting(
        (-1.0, 0.0, 1.0),
        doc="Slopes added to the condition's; the walkers are shared out evenly, deg.",
        minimum=-15,
        maximum=15,
    )
    evaluate_every: int = setting(
        65536, doc="Ticks between two evaluations without exploration noise.", minimum=1
    )
    evaluation_walkers: int = setting(9, doc="Walkers of one evaluation.", minimum=1)
    evaluation_s: float = setting(
        10.0, doc="Simulated time of one evaluation; its first quarter is not counted, s.", above=0
    )
    plateau_evaluations: int = setting(
        0,
        doc="Training ends after this many evaluations without a better one; 0: never early.",
        minimum=0,
    )
    threads: int = setting(
        2,
        doc="Parts of every minibatch, with a thread each; sums round by it, so it is set here.",
        minimum=1,
    )
    checkpoint_every_s: float = setting(
        60.0,
        doc="Least wall time between two checkpoints, s.",
        minimum=0,
        affects_results=False,
    )
    randomization: RandomizationSettings = setting(
        RandomizationSettings, doc="How the walkers of a training differ."
    )
    reward: PolicyReward = setting(PolicyReward, doc="What the training maximizes.")
