"""What every perturbation method and DFF must bear: groups, several pictures, half precision, Ctrl-C, odd networks."""

import numpy as np
import pytest
import torch
from activation_networks import assert_same, network_state, subject_of
from small_networks import BatchNormAfterReLU, Functional, TwoHeads, wrap

from inv_widgets.classifier import Classifier
from inv_widgets.comparison.methods import method_named
from inv_widgets.comparison.saliency import attribute, saliency

SMALL = {
    "occlusion": {"window": 4},
    "rise": {"masks": 24},
    "extremal_perturbation": {"steps": 3, "areas": (0.1, 0.3)},
    "lime": {"samples": 24, "segments": 6},
    "shap": {"samples": 24, "segments": 6},
    "dff": {"n_concepts": 2},
}
MORE = {"extremal_perturbation": {"steps": 9}, "shap": {"segmentation": np.arange(144).reshape(12, 12) // 12}}
LOOPS = [name for name in SMALL if name != "dff"]


def run(name, subject, **changed):
    method = method_named(name)
    return method.function(subject, **{**method.defaults, **SMALL[name], **changed})


def pictures(count, height=12, width=12):
    generator = np.random.default_rng(3)
    return [generator.integers(0, 256, (height, width, 3), np.uint8) for _ in range(count)]


def as_tensor(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255


@pytest.fixture
def net():
    return Classifier.from_module(Functional(), as_tensor)


@pytest.mark.parametrize("name", SMALL)
def test_several_pictures_are_equal_to_one_by_one(net, name):
    given = pictures(3)
    together = attribute(net, given, name, targets=[1, None, [0, 2]], **SMALL[name])
    for one, picture, target in zip(together, given, [1, None, [0, 2]], strict=True):
        (alone,) = attribute(net, [picture], name, target, **SMALL[name])
        np.testing.assert_allclose(one.map, alone.map, rtol=1e-3, atol=1e-5)
        assert one.target == alone.target
        assert one.notes.keys() == alone.notes.keys()


@pytest.mark.parametrize("name", SMALL)
def test_a_group_is_explained_as_one_class(net, name):
    given = pictures(1)[0]
    got = saliency(net, given, name, [0, 3], **SMALL[name])

    class Joined(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = net.module

        def forward(self, x):
            logits = self.network(x)
            return torch.cat([logits[:, [0, 3]].logsumexp(1, keepdim=True), logits[:, [1, 2, 4]]], 1)

    want = saliency(Classifier.from_module(Joined(), as_tensor), given, name, 0, **SMALL[name])
    np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", SMALL)
def test_the_target_decides(net, name):
    given = pictures(1)[0]
    found = [saliency(net, given, name, target, **SMALL[name]) for target in range(5)]
    assert any(not np.array_equal(found[0], one) for one in found[1:])


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("network", [BatchNormAfterReLU, Functional, TwoHeads])
def test_the_network_is_left_as_found(name, network):
    module = network().train()
    for parameter in module.parameters():
        parameter.requires_grad_(requires_grad=False)
    next(iter(module.parameters())).requires_grad_()
    next(iter(module.parameters())).grad = torch.ones_like(next(iter(module.parameters())))
    before = network_state(module)
    with torch.no_grad():
        got = run(name, subject_of(wrap(module), targets=[1], given=torch.randn(1, 3, 12, 16)))
    assert_same(before, network_state(module))
    assert torch.isfinite(got).all()
    assert not got.requires_grad
    with torch.inference_mode():
        subject = subject_of(wrap(module), targets=[1], given=torch.randn(1, 3, 12, 16))
        assert run(name, subject).shape == got.shape
    if name != "dff":
        assert got.shape == (1, 12, 16)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_other_precisions(name, dtype):
    net = wrap(Functional())
    given = torch.randn(1, 3, 12, 12)
    want = run(name, subject_of(net, targets=[1], given=given))
    state = {key: values.clone() for key, values in net.module.state_dict().items()}
    changed = Functional().to(dtype)
    changed.load_state_dict(state)
    got = run(name, subject_of(changed, targets=[1], given=given.to(dtype)))
    assert torch.isfinite(got).all()
    loose = 0.1 if dtype == torch.bfloat16 else 1e-3
    if name != "extremal_perturbation" or dtype == torch.float64:
        scale = float(want.abs().max())
        assert float((got.double() - want.double()).abs().max()) < loose * max(scale, 0.1)


@pytest.mark.parametrize("name", SMALL)
def test_batches_change_nothing(net, name):
    given = pictures(2)
    whole = saliency(net, given, name, 1, **SMALL[name])
    for size in (1, 5):
        parts = saliency(net, given, name, 1, batch_size=size, **SMALL[name])
        for one, other in zip(whole, parts, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", LOOPS)
def test_ctrl_c_keeps_what_is_there(name):
    class Interrupting(Functional):
        left = 10**9

        def forward(self, x):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return super().forward(x)

    module = Interrupting()
    subject = subject_of(wrap(module), targets=[1], given=torch.randn(1, 3, 12, 12), batch_size=6)
    _ = subject.own_logits, subject.layers("all")
    before = network_state(module)
    module.left = 3
    with pytest.warns(RuntimeWarning, match=r"was interrupted: the map is made of \d+ of \d+"):
        got = run(name, subject, **MORE.get(name, {}))
    assert_same(before, network_state(module))
    assert torch.isfinite(got).all()
    assert got.abs().max() > 0
    done, _, total, _ = subject.notes["interrupted"].split()
    assert 0 < int(done) < int(total)


@pytest.mark.parametrize("name", SMALL)
def test_nan_weights_are_refused(net, name):
    with torch.no_grad():
        net.module.conv2.weight[0] = float("nan")
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] .* NaN or infinite"):
        saliency(net, pictures(1)[0], name, 1, **SMALL[name])


@pytest.mark.parametrize("name", ["occlusion", "rise", "lime", "shap"])
def test_a_network_that_sees_nothing_gives_an_even_map(name):
    module = Functional()
    with torch.no_grad():
        module.head.fc.weight.fill_(0)
    got = run(name, subject_of(wrap(module), targets=[1], given=torch.randn(1, 3, 12, 12)))
    if name == "rise":
        # The masks' own density alone is seen.
        assert float(got.std() / got.mean()) < 0.3
    else:
        assert float(got.abs().max()) < 1e-6
