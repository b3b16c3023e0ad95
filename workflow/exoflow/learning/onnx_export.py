"""Controllers as ONNX graphs: raw SI inputs in, torques in Nm out."""

from __future__ import annotations

import io
import warnings

import torch
from torch import nn

OPSET = 17


class _InNewtonMetres(nn.Module):
    """A controller that answers with torques, not with shares of the limit."""

    def __init__(self, controller: nn.Module, torque_limit_Nm: float):
        super().__init__()
        self.controller, self.limit = controller, torque_limit_Nm

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.controller(inputs) * self.limit


def onnx_bytes(
    controller: nn.Module, example: torch.Tensor, input_name: str, torque_limit_Nm: float
) -> bytes:
    """The ONNX file of a controller.

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
    buffer = io.BytesIO()
    module = _InNewtonMetres(controller, torque_limit_Nm).eval()
    with torch.no_grad(), warnings.catch_warnings():
        # The exporter that writes one self-contained file is the older one, and says so.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (example,),
            buffer,
            input_names=[input_name],
            output_names=["torque_Nm"],
            opset_version=OPSET,
            dynamo=False,
        )
    return buffer.getvalue()
