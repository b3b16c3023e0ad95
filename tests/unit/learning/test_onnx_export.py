import numpy as np
import pytest
import torch

from exoflow.gait.tasks.observation import input_scale
from exoflow.learning.networks import Actor
from exoflow.learning.onnx_export import onnx_bytes
from exoflow.learning.tcn import Tcn

onnxruntime = pytest.importorskip("onnxruntime")


def _run(graph: bytes, name: str, inputs: torch.Tensor) -> np.ndarray:
    return onnxruntime.InferenceSession(graph).run(None, {name: inputs.numpy()})[0]


@pytest.mark.parametrize("mirrored", [True, False])
@pytest.mark.parametrize("kind", ["lstm_window", "mlp"])
def test_onnx_graph_of_a_policy_gives_its_torques(kind, mirrored):
    torch.manual_seed(0)
    actor = Actor(kind, mirrored, input_scale(8.0), hidden=8, width=8)
    torch.nn.init.normal_(actor.network.out.weight)
    graph = onnx_bytes(actor, torch.zeros(1, 60), "history", 8.0)
    history = torch.randn(1, 60)
    expected = 8.0 * actor(history).detach().numpy()
    np.testing.assert_allclose(_run(graph, "history", history), expected, atol=1e-4)
    assert graph == onnx_bytes(actor, torch.zeros(1, 60), "history", 8.0)


def test_onnx_graph_of_a_student_gives_its_torques():
    torch.manual_seed(0)
    student = Tcn(channels=4, layers=2)
    gyro = torch.randn(1, 20, 2)
    graph = onnx_bytes(student, torch.zeros(1, 20, 2), "thigh_gyro", 8.0)
    expected = 8.0 * student(gyro).detach().numpy()
    np.testing.assert_allclose(_run(graph, "thigh_gyro", gyro), expected, atol=1e-4)
