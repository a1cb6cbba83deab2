"""Maps and gradients: which values they are, in how many passes, and how the network is left."""

import copy
import gc
import threading
import weakref

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from captum.attr import LayerActivation, LayerGradCam
from small_networks import (
    BatchNormAfterReLU,
    Functional,
    HandWritten,
    Head,
    InPlace,
    PreActivationResNet,
    SharedActivation,
    Swish,
    TwoHeads,
    inputs,
    torchvision_network,
    wrap,
)
from torch import nn

from inv_widgets.analysis.activations import capture
from inv_widgets.analysis.importance import grad_cam

NETWORKS = [BatchNormAfterReLU, PreActivationResNet, Functional, HandWritten, SharedActivation, InPlace, TwoHeads]


def by_name(got):
    return {
        layer.name: (maps, gradients)
        for layer, maps, gradients in zip(got.layers, got.maps, got.gradients, strict=True)
    }


# --- values, against references that know nothing of ours


def test_in_place_maps_and_gradients_are_those_of_the_network_written_without():
    module = InPlace().double().eval()
    image = inputs(8).double()
    got = by_name(capture(wrap(module), image, 2, "all"))

    x, y = F.silu(module.conv1(image)), F.silu(module.conv2(image))
    total = x + y
    z = F.relu(module.conv3(total * 2 + y * 3))
    final = z[:, :2].repeat(1, 2, 1, 1) * 0.5 + z
    score = module.head(final)[0, 2]
    for name, reference in {"conv1": x, "conv2": y, "conv3": z}.items():
        (gradient,) = torch.autograd.grad(score, reference, retain_graph=True)
        torch.testing.assert_close(got[name][0], reference.detach())
        torch.testing.assert_close(got[name][1], gradient)


def test_gradients_are_finite_differences():
    module = Functional().double().eval()
    image = inputs(6).double()
    got = by_name(capture(wrap(module), image, 1, "all"))
    step = 1e-5

    def score(change=None, place=None):
        x = F.relu(module.conv1(image))
        if place == "conv1":
            x = x + change
        x = torch.tanh(x + module.conv2(x))
        if place == "add":
            x = x + change
        x = module.conv3(F.avg_pool2d(x, 2)).clamp(min=0)
        return module.head(x + change if place == "conv3" else x)[0, 1]

    for name, (maps, gradients) in got.items():
        for index in torch.randint(maps.numel(), (12,)).tolist():
            change = torch.zeros_like(maps).flatten()
            change[index] = step
            change = change.view_as(maps)
            with torch.no_grad():
                slope = (score(change, name) - score(-change, name)) / (2 * step)
            assert slope == pytest.approx(float(gradients.flatten()[index]), rel=1e-5, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "nodes"),
    [
        ("vgg16", {"features.0": "features.1", "features.28": "features.29"}),
        ("resnet18", {"conv1": "relu", "layer1.0.conv1": "layer1.0.relu", "layer3.1": "layer3.1.relu_1"}),
        ("mobilenet_v3_small", {"features.4.block.3.0": "features.4.block.3", "features.3": "features.3.add"}),
        ("densenet121", {"features.norm5": "relu", "features.denseblock2.denselayer3.conv1":
            "features.denseblock2.denselayer3.relu2", "features.transition2.conv": "features.transition2.conv"}),
        ("googlenet", {"inception4e": "inception4e.cat", "conv3.conv": "conv3.relu"}),
        ("convnext_tiny", {"features.0.0": "features.0", "features.3.1": "features.3.1.add",
            "features.3.1.block.0": "features.3.1.block.0"}),
    ],
)  # fmt: skip
def test_maps_and_gradients_are_torchvisions(name, nodes):
    from torchvision.models.feature_extraction import create_feature_extractor

    net = torchvision_network(name)
    image = inputs(64)
    got = by_name(capture(net, image, 3, list(nodes)))
    assert set(got) == set(nodes)

    module = copy.deepcopy(net.module).eval()
    for part in module.modules():
        if hasattr(part, "inplace"):
            part.inplace = False
    output = {"convnext_tiny": "classifier.2", "googlenet": "fc", "resnet18": "fc", "densenet121": "classifier"}
    last = output.get(name, "classifier.6" if name == "vgg16" else "classifier.3")
    wanted = {node: layer for layer, node in nodes.items()}
    reference = create_feature_extractor(module, {**wanted, last: "logits"})(image)
    for layer, (maps, gradients) in got.items():
        # In-place adds overwrite what the extractor gives, but not here: nothing follows these in place.
        torch.testing.assert_close(maps, reference[layer].detach(), rtol=1e-6, atol=1e-7)
        (gradient,) = torch.autograd.grad(reference["logits"][0, 3], reference[layer], retain_graph=True)
        torch.testing.assert_close(gradients, gradient, rtol=1e-4, atol=1e-8)


def test_weights_are_captums():
    net = torchvision_network("vgg16")
    image = inputs(64)
    layers = ["features.7", "features.14", "features.28"]
    got = by_name(capture(net, image, 5, layers))
    module = copy.deepcopy(net.module).eval()
    for part in module.modules():
        if isinstance(part, nn.ReLU):
            part.inplace = False
    for name in layers:
        activation = module.get_submodule(f"features.{int(name.split('.')[1]) + 1}")
        maps, gradients = got[name]
        torch.testing.assert_close(maps, LayerActivation(module, activation).attribute(image).detach())
        cam = LayerGradCam(module, activation).attribute(image, target=5)
        ours = (grad_cam(maps, gradients)[..., None, None] * maps).sum(1, keepdim=True)
        torch.testing.assert_close(ours, cam.detach(), rtol=1e-5, atol=1e-5 * float(cam.detach().abs().max()))
        # Captum's weights themselves: its sum of weighted maps is linear in them, so feed it one map at a time.
        from captum._utils.gradient import compute_layer_gradients_and_eval

        layer_gradients, _ = compute_layer_gradients_and_eval(module, activation, image, 5)
        weights = layer_gradients[0].mean(dim=(2, 3))
        torch.testing.assert_close(
            grad_cam(maps, gradients), weights, rtol=1e-5, atol=1e-5 * float(weights.abs().max())
        )


def test_each_call_of_a_shared_module_has_its_own_maps():
    module = SharedActivation().eval()
    image = inputs(8)
    got = by_name(capture(wrap(module), image, 0, "shared:*"))
    swish = lambda x: x * torch.sigmoid(x)  # noqa: E731
    first = swish(module.shared(swish(module.stem(image))))
    second = swish(module.shared(F.max_pool2d(first, 2)))
    assert list(got) == ["shared:0", "shared:1"]
    for name, reference in (("shared:0", first), ("shared:1", second)):
        torch.testing.assert_close(got[name][0], reference.detach())
        (gradient,) = torch.autograd.grad(module.head(second)[0, 0], reference, retain_graph=True)
        torch.testing.assert_close(got[name][1], gradient)


def test_a_batch_gives_each_pictures_own():
    for make in NETWORKS:
        net = wrap(make())
        images = inputs(12, count=3)
        together = capture(net, images, layers="all", targets=[0, 4, [1, 2]])
        assert together.targets == (0, 4, (1, 2))
        for row, target in enumerate((0, 4, [1, 2])):
            alone = capture(net, images[row : row + 1], target, "all")
            assert together.target_names[row] == alone.target_name
            for one, two in zip((*together.maps, *together.gradients), (*alone.maps, *alone.gradients), strict=True):
                torch.testing.assert_close(one[row : row + 1], two, rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match="2 targets for 3 pictures"):
        capture(net, images, targets=[0, 1])


def test_logits_probabilities_and_targets():
    net = wrap(Functional())
    image = inputs(16)
    got = capture(net, image)
    expected = net.module.eval()(image).detach()
    torch.testing.assert_close(got.logits, expected, rtol=0, atol=0)
    torch.testing.assert_close(got.probabilities, expected.softmax(1))
    assert got.prediction == got.target == int(expected.argmax())
    assert got.target_name == f"class {got.target}"
    group = capture(net, image, [0, 3])
    assert group.target == (0, 3)
    zero, three = capture(net, image, 0), capture(net, image, 3)
    share = expected[0, [0, 3]].softmax(0)
    torch.testing.assert_close(group.gradients[0], share[0] * zero.gradients[0] + share[1] * three.gradients[0])


@pytest.mark.parametrize("returns", ["tuple", "dict"])
def test_layers_without_a_gradient_say_why(returns):
    got = capture(wrap(TwoHeads(returns)), inputs(16), 1, "all")
    assert [layer.name for layer in got.layers] == ["conv1", "cut", "aside"]
    assert got.reasons[0] == ""
    assert got.reasons[1].startswith("The network computes this layer without gradients")
    assert got.reasons[2] == "The class score does not depend on this layer."
    assert float(got.maps[1].abs().sum()) > 0
    assert [bool(gradient.any()) for gradient in got.gradients] == [True, False, False]


# --- one forward and one backward pass


@pytest.mark.parametrize("layers", ["all", "last 1"])
def test_exactly_one_forward_and_one_backward_pass(monkeypatch, layers):
    net = torchvision_network("resnet18")
    forward = {"root": 0, "parts": 0}
    net.module.register_forward_hook(lambda *_: forward.update(root=forward["root"] + 1))
    for part in net.module.modules():
        part.register_forward_hook(lambda *_: forward.update(parts=forward["parts"] + 1))
    passes = []
    engine = torch.autograd.graph._engine_run_backward

    def counted(*arguments, **options):
        passes.append(options.get("inputs", arguments[4] if len(arguments) > 4 else None))
        return engine(*arguments, **options)

    monkeypatch.setattr(torch.autograd, "_engine_run_backward", counted)
    got = capture(net, inputs(64), 0, layers)
    assert forward == {"root": 1, "parts": sum(1 for _ in net.module.modules()) + 8}  # its 8 blocks call relu twice
    assert len(passes) == 1
    assert len(passes[0]) == len(got.layers)


@pytest.mark.parametrize(("layers", "reached"), [("last 3", []), ("last 6", [23]), ("last 7", [23, 16])])
def test_nothing_below_the_shallowest_chosen_layer_and_no_parameter_gets_a_gradient(layers, reached):
    net = torchvision_network("vgg16")
    touched = []
    for name, parameter in net.module.named_parameters():
        parameter.register_hook(lambda _gradient, name=name: touched.append(name))
    ran = []

    class Probe(nn.Module):
        def __init__(self, name):
            super().__init__()
            self.name = name

        def forward(self, x):
            x = x.clone()
            x.register_hook(lambda _gradient: ran.append(self.name))
            return x

    features = list(net.module.features)
    net.module.features = nn.Sequential(
        *[part for i, own in enumerate(features) for part in (own, *([Probe(i)] if i in (16, 23) else []))]
    )
    capture(net, inputs(64), 0, layers)
    assert ran == reached
    assert touched == []
    assert all(parameter.grad is None for parameter in net.module.parameters())


# --- the network is left as it was found


def state(module):
    flags = [(name, part.training) for name, part in module.named_modules()]
    hooks = [
        {key: len(value) for key, value in vars(part).items() if key.endswith(("_hooks", "_kwargs", "_called"))}
        for part in module.modules()
    ]
    attributes = [sorted(vars(part)) for part in module.modules()]
    tensors = {name: (tensor.clone(), tensor._version) for name, tensor in module.state_dict().items()}
    gradients = {
        name: (parameter.requires_grad, None if parameter.grad is None else parameter.grad.clone())
        for name, parameter in module.named_parameters()
    }
    return flags, hooks, attributes, tensors, gradients


def assert_same(before, after):
    assert before[:3] == after[:3]
    for name, (tensor, version) in before[3].items():
        assert torch.equal(tensor, after[3][name][0])
        assert version == after[3][name][1]
    for name, (requires, gradient) in before[4].items():
        assert after[4][name][0] == requires
        assert (gradient is None) == (after[4][name][1] is None)
        assert gradient is None or torch.equal(gradient, after[4][name][1])


class Failing(nn.Module):
    """Fails where a test says, once its convolution has run."""

    def __init__(self):
        super().__init__()
        self.conv, self.bn, self.head, self.fail = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), Head(4), None
        self.backward_error = None

    def forward(self, x):
        x = F.relu(self.bn(self.conv(x)))
        if self.fail is not None:
            raise self.fail
        if self.backward_error is not None:
            error = self.backward_error

            def fail(_gradient):
                raise error

            x.register_hook(fail)
            x = x * 1.0
        return self.head(x)


def used(module):
    """A network in the middle of training: mixed modes, gradients, a frozen part, a hook of its own."""
    module.train()
    module.get_submodule(next(name for name, _ in module.named_children())).eval()
    module(inputs(64, count=2))
    for parameter in module.parameters():
        parameter.grad = torch.randn_like(parameter)
    next(module.parameters()).requires_grad_(False)
    module.register_forward_hook(lambda *_: None)
    return module


def test_the_network_is_left_as_it_was_found():
    net = torchvision_network("resnet18")
    used(net.module)
    before = state(net.module)
    net.module.eval()
    logits = net.module(inputs(64)).detach()
    for (_, flag), part in zip(before[0], net.module.modules(), strict=True):
        part.training = flag
    capture(net, inputs(64), 0, "all")
    assert_same(before, state(net.module))
    net.module.eval()
    assert torch.equal(net.module(inputs(64)), logits)


@pytest.mark.parametrize("error", [ZeroDivisionError("in the network"), KeyboardInterrupt()], ids=["error", "Ctrl-C"])
@pytest.mark.parametrize("where", ["fail", "backward_error"])
def test_the_network_is_left_as_it_was_found_after(error, where):
    module = Failing()
    net = wrap(used(module))
    setattr(module, where, error)
    before = state(module)
    torch.set_grad_enabled(True)
    with pytest.raises(type(error)):
        capture(net, inputs(16), 0)
    assert_same(before, state(module))
    assert torch.is_grad_enabled()
    assert torch.overrides._get_current_function_mode() is None
    setattr(module, where, None)
    assert capture(net, inputs(16), 0).gradients[0].any()


def test_an_unknown_layer_or_target_leaves_the_network_too():
    net = wrap(used(Failing()))
    before = state(net.module)
    with pytest.raises(KeyError, match="Did you mean 'conv'"):
        capture(net, inputs(16), 0, "conv1")
    with pytest.raises((KeyError, IndexError)):
        capture(net, inputs(16), "no such class")
    assert_same(before, state(net.module))


def test_inputs_are_not_written_to():
    class Greedy(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.head = nn.Conv2d(3, 4, 3), Head(4)

        def forward(self, x):
            x -= 0.5
            return self.head(F.relu(self.conv(x.div_(0.25))))

    image = inputs(8)
    kept = image.clone()
    got = capture(wrap(Greedy()), image, 0)
    assert torch.equal(image, kept)
    assert not image.requires_grad
    assert got.gradients[0].any()


# --- in every situation


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_gradients_inside_any_mode(context):
    net = wrap(Functional())
    expected = capture(net, inputs(16), 1, "all")
    with context():
        enabled = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        got = capture(net, inputs(16), 1, "all")
        assert (torch.is_grad_enabled(), torch.is_inference_mode_enabled()) == enabled
    assert not got.gradients[0].is_inference()
    for one, two in zip(got.gradients, expected.gradients, strict=True):
        assert torch.equal(one, two)


def test_an_input_made_in_inference_mode():
    with torch.inference_mode():
        image = inputs(16)
    assert capture(wrap(Functional()), image, 1).gradients[0].any()


def test_frozen_networks():
    module = torchvision_network("resnet18").module
    expected = capture(wrap(module), inputs(64), 1, "all")
    module.requires_grad_(False)
    got = capture(wrap(module), inputs(64), 1, "all")
    for one, two in zip(got.gradients, expected.gradients, strict=True):
        torch.testing.assert_close(one, two)
    assert not any(parameter.requires_grad for parameter in module.parameters())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_types(dtype):
    module = torchvision_network("resnet18").module.eval()
    expected = capture(wrap(module), inputs(64), 1, "last 4")
    try:
        got = capture(wrap(copy.deepcopy(module).to(dtype)), inputs(64).to(dtype), 1, "last 4")
    except RuntimeError as error:
        if "not implemented for" in str(error):
            pytest.skip(f"this torch has no {dtype} on the CPU: {error}")
        raise
    assert {maps.dtype for maps in (*got.maps, *got.gradients)} == {dtype}
    assert got.probabilities.dtype in (torch.float32, torch.float64)
    for maps, reference in zip(got.maps, expected.maps, strict=True):
        scale = float(reference.abs().max())
        torch.testing.assert_close(maps.float(), reference, rtol=0.05, atol=0.05 * scale)


def test_wrapped_networks():
    module = Functional()
    expected = capture(wrap(module), inputs(16), 1, "all")
    got = capture(wrap(nn.DataParallel(module)), inputs(16), 1, "all")
    assert got.layers == expected.layers
    for one, two in zip(got.gradients, expected.gradients, strict=True):
        assert torch.equal(one, two)


def test_compiled_parts_are_seen_into():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 6, 3), nn.ReLU(), Head(6))
    expected = capture(wrap(module), inputs(16), 1, "all")
    module[2] = torch.compile(module[2], backend="eager")
    for _ in range(3):  # traced, then followed
        got = capture(wrap(module), inputs(16), 1, "all")
        assert [layer.activation for layer in got.layers] == ["1", "3"]
        assert all(map(torch.equal, (*got.maps, *got.gradients), (*expected.maps, *expected.gradients)))


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_torchscript_parts_hide_their_own_layers_only():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 6, 3), nn.ReLU(), Head(6))
    expected = capture(wrap(module), inputs(16), 1, "0")
    module[2] = torch.jit.script(module[2])
    for _ in range(3):
        got = capture(wrap(module), inputs(16), 1, "all")
        assert [layer.name for layer in got.layers] == ["0"]
        assert all(map(torch.equal, (*got.maps, *got.gradients), (*expected.maps, *expected.gradients)))


class Detached(nn.Module):
    """Its first part runs in inference mode, where it overwrites its maps."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)
        self.head = Head(4)

    def forward(self, x):
        with torch.inference_mode():
            x = self.one(x).relu()
            y = F.max_pool2d(x, 2)
            x.zero_()
        return self.head(F.relu(self.two(y.clone())))


def test_parts_in_inference_mode():
    module = Detached()
    for _ in range(3):
        got = capture(wrap(module), inputs(16), 1, "all")
        assert torch.equal(got.maps[0], module.one(inputs(16)).relu())
        assert [bool(reason) for reason in got.reasons] == [True, False]
        assert not got.gradients[0].any()
        assert got.gradients[1].any()


def test_channels_last_and_non_square():
    module = torchvision_network("mobilenet_v3_small").module
    image = torch.randn(1, 3, 48, 80)
    expected = capture(wrap(module), image, 1)
    assert expected.layers[0].map_shape == (24, 40)
    got = capture(wrap(module.to(memory_format=torch.channels_last)), image.to(memory_format=torch.channels_last), 1)
    assert got.layers == expected.layers
    for one, two in zip((*got.maps, *got.gradients), (*expected.maps, *expected.gradients), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-3, atol=1e-4 * float(two.abs().max()) + 1e-12)


class Twice(torch.autograd.Function):
    """Overwrites its input."""

    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(2)

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2


class Custom(nn.Module):
    """Custom autograd functions that are no modules: an activation, and one that overwrites its input."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3), Head(4)

    def forward(self, x):
        return self.head(Twice.apply(Swish.apply(self.conv(x))))


def test_custom_autograd_functions():
    module = Custom().eval()
    got = capture(wrap(module), inputs(8), 0)
    reference = F.silu(module.conv(inputs(8)))
    (gradient,) = torch.autograd.grad(module.head(reference * 2)[0, 0], reference)
    assert got.reasons == ("",)
    torch.testing.assert_close(got.maps[0], reference.detach())
    torch.testing.assert_close(got.gradients[0], gradient)


def test_maps_overwritten_unseen_are_refused_and_not_given_wrong():
    class Hidden(Custom):
        def forward(self, x):
            x = F.silu(self.conv(x))
            with torch._C.DisableTorchFunction():
                x.mul_(2)
            return self.head(x)

    with pytest.raises(RuntimeError, match=r"\[inv-widgets\] The maps of layer 'conv' were overwritten in place"):
        capture(wrap(Hidden()), inputs(8), 0)


def test_passes_of_two_threads_wait_for_each_other():
    net = wrap(PreActivationResNet().train())
    expected = capture(net, inputs(16), 1, "all")
    failures = []

    def work():
        for _ in range(10):
            got = capture(net, inputs(16), 1, "all")
            if not all(torch.equal(a, b) for a, b in zip(got.gradients, expected.gradients, strict=True)):
                failures.append(got)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert all(part.training for part in net.module.modules())


def test_nothing_of_a_pass_is_kept_alive():
    net = wrap(Functional())
    seen = []
    hook = net.module.conv2.register_forward_hook(lambda _m, _i, output: seen.append(weakref.ref(output)))
    gc.disable()
    try:
        got = capture(net, inputs(16), 1, "all")
        hook.remove()
        assert seen
        assert seen[0]() is None
        assert all(maps.grad_fn is None for maps in (*got.maps, *got.gradients, got.logits))
    finally:
        gc.enable()
