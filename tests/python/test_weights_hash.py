"""The sum of the weights' bytes: the same wherever and however they lie, and one that notices every write."""

import threading

import numpy as np
import pytest
import torch
from torch import nn

from inv_widgets.torch_support import eval_pass
from inv_widgets.weights_hash import WeightsHash, _quick_sums


def expected(tensor):
    """The sum of the bytes, by numpy: eight at a time as unsigned numbers that wrap, then the last ones."""
    values = np.frombuffer(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes(), np.uint8)
    whole = len(values) // 8 * 8
    return (int(values[:whole].view(np.uint64).sum()) + int(values[whole:].sum())) % 2**64


TENSORS = {
    "floats": torch.randn(1000),
    "an odd number of floats": torch.randn(1001),
    "half precision": torch.randn(13).half(),
    "bfloat16": torch.randn(7).bfloat16(),
    "one number": torch.tensor(3),
    "nothing": torch.zeros(0),
    "flags": torch.tensor([True, False, True]),
    "doubles that wrap": torch.full((100,), -1e300, dtype=torch.float64),
    "from the middle of eight bytes on": torch.arange(9, dtype=torch.float32)[1:],
    "with gaps": torch.randn(6, 8)[:, ::2],
    "channels last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
}


@pytest.mark.parametrize("name", TENSORS)
def test_the_sum_is_that_of_the_bytes(name):
    (found,) = _quick_sums([TENSORS[name]])
    assert found % 2**64 == expected(TENSORS[name])


def test_many_tensors_keep_their_order():
    assert _quick_sums(list(TENSORS.values())) == [_quick_sums([tensor])[0] for tensor in TENSORS.values()]


def test_what_is_written_through_data_is_noticed_and_what_is_not_is_hashed_once(monkeypatch):
    module = nn.Linear(5, 3)
    hashed = WeightsHash(module)
    calls, full = [], WeightsHash._full
    monkeypatch.setattr(WeightsHash, "_full", lambda self: calls.append(1) or full(self))
    first = hashed()
    assert hashed() == first
    assert len(calls) == 1
    module.weight.data[1, 2] += 1
    assert hashed() != first
    assert len(calls) == 2
    with torch.inference_mode():
        assert hashed() != first


def test_inference_tensors_can_be_summed():
    with torch.inference_mode():
        module = nn.Linear(5, 3)
    assert len(WeightsHash(module)()) == 16


def test_what_another_thread_s_pass_writes_is_not_hashed():
    module = nn.Linear(5, 3)
    module.register_buffer("calls", torch.zeros(()))
    hashed = WeightsHash(module)
    before, found, asked = hashed(), [], threading.Event()

    def other():
        asked.set()
        found.append(hashed())

    with eval_pass(module):
        module.calls += 1
        thread = threading.Thread(target=other)
        thread.start()
        assert asked.wait(10)
        thread.join(0.2)
    thread.join(10)
    assert found == [before]
