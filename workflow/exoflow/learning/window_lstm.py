"""LSTM over a short window from zero state, of which only the last hidden state is needed.

The same function as `torch.nn.LSTM`, whose weights it uses, in about 0.85 of its
training time on a CPU (0.5 at 2048 windows): tensors are laid out with the windows
last, so that every gate is one contiguous block; one sigmoid serves all four gates,
tanh(x) being 2 sigmoid(2x) - 1; the recurrent product of the first tick is left out;
and weights and bias are one matrix whose gradient is accumulated in place.
"""

from __future__ import annotations

from typing import Any

import torch

# Windows per pass: their gates and their gradient stay in a core's cache.
CHUNK = 512


class _LastHidden(torch.autograd.Function):
    """Last hidden state, shape (H, B), of windows of shape (T, F, B). Gate order i, f, g, o."""

    @staticmethod
    def forward(ctx: Any, x, w_ih, w_hh, bias):
        n_ticks, n_features, n = x.shape
        hidden = w_hh.shape[1]
        # Rows of the gates, columns (h, x, 1): the bias rides along as an input of 1.
        weights = torch.cat([w_hh, w_ih, bias[:, None]], dim=1)
        weights[2 * hidden : 3 * hidden] *= 2.0
        inputs = x.new_empty(n_ticks, hidden + n_features + 1, n)
        inputs[:, hidden:-1] = x
        inputs[:, -1] = 1.0
        gates = x.new_empty(n_ticks, 4 * hidden, n)
        cells = x.new_empty(n_ticks, hidden, n)
        cell_tanh = x.new_empty(n_ticks, hidden, n)
        for t in range(n_ticks):
            if t == 0:
                torch.mm(weights[:, hidden:], inputs[0, hidden:], out=gates[0])
            else:
                torch.mm(weights, inputs[t], out=gates[t])
            i, f, g, o = gates[t].sigmoid_().view(4, hidden, n)
            g.mul_(2.0).sub_(1.0)
            torch.mul(i, g, out=cells[t])
            if t > 0:
                cells[t].addcmul_(f, cells[t - 1])
            torch.mul(cells[t], 2.0, out=cell_tanh[t]).sigmoid_().mul_(2.0).sub_(1.0)
            if t + 1 < n_ticks:
                torch.mul(o, cell_tanh[t], out=inputs[t + 1, :hidden])
        ctx.save_for_backward(w_hh)
        ctx.tape = (inputs, gates, cells, cell_tanh)
        return o * cell_tanh[-1]

    @staticmethod
    def backward(ctx: Any, d_h):
        (w_hh,) = ctx.saved_tensors
        inputs, gates, cells, cell_tanh = ctx.tape
        n_ticks, hidden, n = cells.shape
        # Transposed, because this product runs faster than its transpose.
        d_weights = inputs.new_zeros(inputs.shape[1], 4 * hidden)
        d_gates = inputs.new_empty(4 * hidden, n)
        d_i, d_f, d_g, d_o = d_gates.view(4, hidden, n)
        d_c = inputs.new_zeros(hidden, n)
        work = inputs.new_empty(hidden, n)
        for t in range(n_ticks - 1, -1, -1):
            i, f, g, o = gates[t].view(4, hidden, n)
            torch.mul(d_h, o, out=work)
            torch.mul(work, cell_tanh[t], out=d_o).addcmul_(d_o, o, value=-1.0)
            d_c.add_(work)
            d_c.addcmul_(work.mul_(cell_tanh[t]), cell_tanh[t], value=-1.0)
            torch.mul(d_c, i, out=d_g)
            torch.mul(d_g, g, out=d_i)
            d_g.addcmul_(d_i, g, value=-1.0)
            d_i.addcmul_(d_i, i, value=-1.0)
            if t == 0:
                d_f.zero_()
                d_weights[hidden:].addmm_(inputs[0, hidden:], d_gates.t())
            else:
                d_c.mul_(f)
                torch.mul(d_c, cells[t - 1], out=d_f).addcmul_(d_f, f, value=-1.0)
                d_weights.addmm_(inputs[t], d_gates.t())
                d_h = torch.mm(w_hh.t(), d_gates)
        return None, d_weights[hidden:-1].t(), d_weights[:hidden].t(), d_weights[-1]


def last_hidden(windows: torch.Tensor, lstm: torch.nn.LSTM) -> torch.Tensor:
    """Last hidden state of a one-layer LSTM from zero state.

    Parameters
    ----------
    windows : Tensor, shape (B, T, F)
        No gradient flows into them.
    lstm : torch.nn.LSTM
        One layer, batch first; `bias_hh_l0` must be zero and untrained.

    Returns
    -------
    Tensor, shape (B, H)
    """
    if not torch.is_grad_enabled():
        return lstm(windows)[0][:, -1]
    weights = (lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0)
    chunks = windows.permute(1, 2, 0).split(CHUNK, dim=2)
    return torch.cat([_LastHidden.apply(chunk, *weights).t() for chunk in chunks])
