import torch

from exoflow.learning.window_lstm import CHUNK, last_hidden


def _lstm(n_features: int, hidden: int) -> torch.nn.LSTM:
    torch.manual_seed(0)
    lstm = torch.nn.LSTM(n_features, hidden, batch_first=True)
    torch.nn.init.zeros_(lstm.bias_hh_l0)
    lstm.bias_hh_l0.requires_grad_(False)
    return lstm


def test_equals_torch_lstm_and_its_gradients():
    lstm = _lstm(6, 16)
    windows = torch.randn(33, 10, 6)
    target = torch.randn(33, 16)
    gradients = []
    for hidden in (lstm(windows)[0][:, -1], last_hidden(windows, lstm)):
        lstm.zero_grad()
        (hidden - target).square().sum().backward()
        gradients.append([p.grad.clone() for p in lstm.parameters() if p.grad is not None])
    torch.testing.assert_close(last_hidden(windows, lstm), lstm(windows)[0][:, -1])
    assert len(gradients[0]) == 3
    for theirs, ours in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_gradient_agrees_with_finite_differences():
    lstm = _lstm(2, 3).double()
    windows = torch.randn(4, 5, 2, dtype=torch.float64)

    def loss() -> torch.Tensor:
        return last_hidden(windows, lstm).square().sum()

    loss().backward()
    step = 1e-6
    for parameter in (lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0):
        flat, gradient = parameter.data.view(-1), parameter.grad.view(-1)
        for index in range(0, len(flat), 3):
            value = flat[index].item()
            flat[index] = value + step
            above = loss().item()
            flat[index] = value - step
            below = loss().item()
            flat[index] = value
            assert abs((above - below) / (2 * step) - gradient[index].item()) < 1e-7


def test_more_windows_than_one_chunk_gives_one_row_each():
    lstm = _lstm(6, 4)
    windows = torch.randn(CHUNK + 1, 10, 6)
    torch.testing.assert_close(last_hidden(windows, lstm)[-1:], last_hidden(windows[-1:], lstm))


def test_rollout_path_without_gradient_agrees():
    lstm = _lstm(6, 8)
    windows = torch.randn(5, 10, 6)
    with torch.no_grad():
        torch.testing.assert_close(last_hidden(windows, lstm), lstm(windows)[0][:, -1])
