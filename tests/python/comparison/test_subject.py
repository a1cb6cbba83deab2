"""What methods get: scores, gradients and maps by hand, the count of passes, batches, and how the network is left."""

import pytest
import torch
from activation_networks import IMAGE, Pooled, assert_same, network_state, pictures, subject_of, tiny
from small_networks import Functional, TwoHeads, inputs, wrap
from torch import nn

from inv_widgets.classifier import Classifier
from inv_widgets.comparison.subject import Subject
from inv_widgets.targets import target_score


def test_scores_by_hand():
    subject = tiny()
    # 4 * 1 - 2 * 2 + 2 * 3 = 6, and 0.
    assert subject.own_logits.tolist() == [[6, 0]]
    assert subject.scores(torch.cat([IMAGE, 0 * IMAGE]), 0).tolist() == [6, 0]
    chances = subject.probabilities(torch.cat([IMAGE, 0 * IMAGE]), 0)
    torch.testing.assert_close(chances, torch.tensor([6.0, 0.0]).sigmoid())
    scores, gradients = subject.gradients()
    assert scores.tolist() == [6]
    # Where x > 0 the slope is that of map 0, else minus that of map 1.
    assert gradients[0, 0, 0].tolist() == [4, -2]
    assert gradients[0, 0, 1, 1] == -2


@pytest.mark.parametrize("target", [1, (0, 3), (0, 1, 2, 3, 4)])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_scores_are_those_of_the_classifier(target, dtype):
    subject = subject_of(Pooled().to(dtype), count=3, targets=[target] * 3)
    logits = subject.own_logits
    expected = torch.stack([target_score(row, target) for row in logits])
    assert subject.score_of(logits, 0).dtype == expected.dtype
    torch.testing.assert_close(subject.score_of(logits, 0), expected)
    members = list(target) if isinstance(target, tuple) else [target]
    chances = logits.double().softmax(1)[:, members].sum(1)
    torch.testing.assert_close(subject.probability_of(logits, 0).double(), chances, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("returns", ["tuple", "dict"])
def test_outputs_of_all_kinds(returns):
    module = TwoHeads(returns)
    subject = subject_of(module, count=3, batch_size=2)
    plain = subject.own_logits
    assert plain.shape == (3, 5)
    alone = torch.cat([subject.logits(subject.inputs[row : row + 1]) for row in range(3)])
    torch.testing.assert_close(plain, alone)


def test_targets_of_each_picture():
    module = Pooled()
    given = inputs(12, 4)
    names = [f"thing {index}" for index in range(5)]
    net = Classifier.from_module(module, lambda _image: given[0], names)
    subject = Subject(net, pictures(4), [None, 2, "thing 4", ["thing 1", 0]], inputs=given, batch_size=4)
    first = int(subject.own_logits[0].argmax())
    assert subject.targets == (first, 2, 4, (0, 1))
    assert subject.target_names == (names[first], "thing 2", "thing 4", "thing 0 + thing 1")
    assert subject.forwards == 4


def test_a_known_target_costs_no_pass_and_an_unknown_one_is_refused_before_any():
    net = subject_of(Pooled(), targets=[0]).net
    assert net.categories
    subject = Subject(net, pictures(1), [3], inputs=inputs(12))
    assert subject.targets == (3,)
    assert subject.forwards == 0
    with pytest.raises(IndexError, match="no class 9"):
        Subject(net, pictures(1), [9], inputs=inputs(12))


def test_batches_are_full_and_counted():
    module = Pooled()
    sizes = []
    module.register_forward_pre_hook(lambda _module, args: sizes.append(len(args[0])))
    subject = subject_of(module, targets=[0], batch_size=4)
    sizes.clear()
    subject.logits(inputs(12, 10))
    assert sizes == [4, 4, 2]
    assert subject.forwards == 10


def test_the_batch_size_is_told_by_the_largest_activation():
    # The largest tensor of one picture is the first maps: 6 x side x side floats.
    small, large, huge = (subject_of(Pooled(), size=size) for size in (12, 500, 1500))
    assert small.batch_size == 64
    assert small.forwards == 1
    assert large.batch_size == 2**25 // (6 * 500 * 500 * 4) == 5
    assert huge.batch_size == 1
    with pytest.raises(ValueError, match="batch_size=0 is not possible: give a whole number of at least 1"):
        subject_of(Pooled(), batch_size=0)


def test_no_inputs_give_no_logits():
    subject = tiny()
    assert subject.logits(IMAGE[:0]).shape == (0, 2)
    assert subject.scores(IMAGE[:0], 0).shape == (0,)


def test_maps_are_those_of_capture_without_gradients():
    module = Functional()
    subject = subject_of(module, count=3, targets=[0, 1, 2], batch_size=2)
    captured = subject.capture("all")
    for place, layer in enumerate(captured.layers):
        got = subject.maps(layer)
        assert not got.requires_grad
        torch.testing.assert_close(got, captured.maps[place])
    assert subject.backwards == 3


def test_a_capture_in_parts_is_one_at_once():
    module = Functional().double()
    at_once = subject_of(module, count=5, targets=[0, 1, (1, 2), None, 3]).capture("all")
    assert at_once.targets == (0, 1, (1, 2), at_once.predictions[3], 3)
    for options in ({"batch_size": 2}, {}):
        subject = subject_of(module, count=5, targets=[0, 1, (1, 2), None, 3], **options)
        got = subject.capture("all", one_by_one=not options)
        assert got.targets == at_once.targets == subject.targets
        assert got.target_names == at_once.target_names
        assert got.predictions == at_once.predictions
        assert got.layers == at_once.layers
        for name in ("logits", "probabilities", "maps", "gradients"):
            torch.testing.assert_close(getattr(got, name), getattr(at_once, name))
        assert (subject.forwards, subject.backwards) == (5, 5)


def test_nan_weights_are_refused():
    module = Pooled()
    subject = subject_of(module, count=2, targets=[0, 0])
    with torch.no_grad():
        module.fc.weight[0, 0] = torch.nan
    for use in (lambda: subject.own_logits, subject.gradients, lambda: subject.capture("last 1")):
        with pytest.raises(ValueError, match="returns logits that are NaN or infinite"):
            use()


class Overwriting(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 1), nn.Linear(4, 2)

    def forward(self, x):
        x.mul_(2)
        return self.fc(torch.relu(self.conv(x)).mean((2, 3)))


def test_the_network_and_the_inputs_are_left_as_found():
    module = Overwriting().train()
    module.fc.requires_grad_(requires_grad=False)
    module.fc.eval()
    net = wrap(module)
    subject = subject_of(net, count=2)
    before, given = network_state(module), subject.inputs.clone()

    def broken(_module, _args):
        raise ZeroDivisionError

    with torch.no_grad():
        twice = [subject.own_logits, subject.logits(subject.inputs)]
        subject.gradients()
        subject.capture("all")
        subject.maps(subject.layers("all")[0])
        assert not torch.is_grad_enabled()
    torch.testing.assert_close(*twice)
    assert_same(before, network_state(module))
    handle = module.fc.register_forward_pre_hook(broken)
    for use in (lambda: subject.logits(given), subject.gradients, lambda: subject.capture("all"), lambda: subject.maps(
        subject.layers("all")[0]
    )):  # fmt: skip
        with pytest.raises(ZeroDivisionError):
            use()
    handle.remove()
    assert_same(before, network_state(module))
    assert torch.equal(subject.inputs, given)
