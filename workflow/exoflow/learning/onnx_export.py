"""Controllers as ONNX graphs: raw SI inputs in, torques in Nm out."""

from __future__ import annotations

import io
import warnings

import torch
from torch import nn

from exoflow.learning.networks import Actor

OPSET = 17


class _InNewtonMetres(nn.Module):
    """A controller that answers with torques, not with shares of the limit."""

    def __init__(self, controller: nn.Module, torque_limit_Nm: float):
        super().__init__()
        self.controller, self.limit = controller, torque_limit_Nm

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.controller(inputs) * self.limit


class _CarriedInNewtonMetres(nn.Module):
    """One tick of a recurrent controller: history and state in, torques and new state out."""

    def __init__(self, actor: Actor, torque_limit_Nm: float):
        super().__init__()
        self.actor, self.limit = actor, torque_limit_Nm

    def forward(
        self, history: torch.Tensor, state: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        outputs, state = self.actor.network.step(self.actor.views(history), state)
        return self.actor.torques(outputs) * self.limit, state


def actor_onnx(actor: Actor, torque_limit_Nm: float) -> bytes:
    """The ONNX file of a trained actor: `history` (1, 60) in, `torque_Nm` (1, 2) out.

    A recurrent actor takes and returns its state too, `state` and `new_state`, shape
    (2, legs it serves one by one, hidden); zeros are a reset.
    """
    history = torch.zeros(1, actor.n_inputs)
    if not actor.is_recurrent:
        return onnx_bytes(actor, history, "history", torque_limit_Nm)
    return _graph_bytes(
        _CarriedInNewtonMetres(actor, torque_limit_Nm),
        (history, actor.network.start(actor.n_views)),
        ["history", "state"],
        ["torque_Nm", "new_state"],
    )


def onnx_bytes(
    controller: nn.Module, example: torch.Tensor, input_name: str, torque_limit_Nm: float
) -> bytes:
    """The ONNX file of a controller without a state.

    Parameters
    ----------
    controller
        Shares of the torque limit from `example`, an input of batch size 1.
    input_name
        Name of the graph's input; its output is `torque_Nm`.

    Returns
    -------
    bytes
        The same for the same weights.
    """
    module = _InNewtonMetres(controller, torque_limit_Nm)
    return _graph_bytes(module, (example,), [input_name], ["torque_Nm"])


def _graph_bytes(
    module: nn.Module, examples: tuple[torch.Tensor, ...], inputs: list[str], outputs: list[str]
) -> bytes:
    buffer = io.BytesIO()
    module.eval()
    with torch.no_grad(), warnings.catch_warnings():
        # The exporter that writes one self-contained file is the older one, and says so.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            examples,
            buffer,
            input_names=inputs,
            output_names=outputs,
            opset_version=OPSET,
            dynamo=False,
        )
    return buffer.getvalue()
