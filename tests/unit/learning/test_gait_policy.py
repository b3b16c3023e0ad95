import math

import numpy as np
import torch

from exoflow.learning.gait_policy import critic_scale, gaussian_log_prob


def test_log_density_of_two_gaussians_by_hand():
    # One standard deviation off and none off, std 0.5 and 2:
    # -0.5 - ln 0.5 - ln 2 - ln(2 pi) = -0.5 - 1.837877 = -2.337877
    log_prob = gaussian_log_prob(
        torch.tensor([[1.5, 3.0]]), torch.tensor([[1.0, 3.0]]), torch.tensor([0.5, 2.0])
    )
    assert math.isclose(log_prob.sum().item(), -0.5 - math.log(2 * math.pi), rel_tol=1e-6)


def test_critic_scale_repeats_the_features_oldest_tick_first():
    scale = critic_scale(np.array([1.0, 0.2], np.float32), 3, (), 8)
    np.testing.assert_allclose(scale, [1, 0.2, 1, 0.2, 1, 0.2, 1, 1])
