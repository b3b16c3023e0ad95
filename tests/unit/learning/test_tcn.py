import numpy as np
import torch

from exoflow.control.policy_format import NumpyPolicy, PolicyWeights
from exoflow.learning.tcn import StreamingTcn, Tcn


def _student() -> Tcn:
    torch.manual_seed(3)
    return Tcn(channels=6, kernel=3, layers=3)


def _gyro(n: int, ticks: int) -> torch.Tensor:
    return torch.as_tensor(np.random.default_rng(1).normal(size=(n, ticks, 2)) * 3).float()


def test_streaming_equals_whole_walks_from_their_start():
    student, gyro = _student(), _gyro(4, 40)
    stream = StreamingTcn(student, 4)
    ticks = [stream.step(gyro[:, tick]) for tick in range(40)]
    torch.testing.assert_close(torch.stack(ticks, dim=1), student(gyro))


def test_torch_computes_what_the_weights_file_means():
    student, gyro = _student(), _gyro(1, 40)
    weights = PolicyWeights(
        kind="tcn",
        input_scale=student.input_scale.numpy(),
        torque_limit_Nm=8.0,
        io={"history": 1},
        arrays=student.arrays(),
        dilation=student.dilation,
    )
    expected = NumpyPolicy(weights).run(gyro[0].numpy())
    np.testing.assert_allclose(student(gyro)[0].detach().numpy() * 8.0, expected, atol=1e-5)


def test_output_is_causal_and_forgets_after_its_receptive_field():
    student, gyro = _student(), _gyro(1, 60)
    # 1 + 2 (1 + 2 + 4) = 15 ticks.
    assert student.receptive_field == 15
    changed = gyro.clone()
    changed[0, 30] += 1.0
    difference = (student(changed) - student(gyro)).abs().sum(dim=2)[0]
    assert difference[:30].max() == 0
    assert difference[30] > 0
    assert difference[45:].max() == 0
