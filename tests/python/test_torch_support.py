"""Torch is left as found; torchvision imports beside a CPU torch."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch
from torch import nn

from inv_widgets.torch_support import eval_pass, widened

ROOT = Path(__file__).parents[2]


def python(code, *paths):
    """Run code in a fresh interpreter."""
    path = f"import sys; sys.path[:0] = {[str(path) for path in (*paths, ROOT)]!r}\n"
    return subprocess.run([sys.executable, "-c", path + code], capture_output=True, text=True, check=False, timeout=120)


def fake_torchvision(folder, source):
    (folder / "torchvision").mkdir()
    (folder / "torchvision" / "__init__.py").write_text(source)
    return folder


@pytest.mark.parametrize("before", ["", "try:\n    import torchvision\nexcept RuntimeError:\n    pass\n"])
def test_torchvision_imports_after_the_classifier(before):
    code = """
import inv_widgets.classifier
import torchvision
import torchvision.transforms.v2
from torchvision.models.feature_extraction import get_graph_node_names
assert torchvision.models.get_model("squeezenet1_1")(__import__("torch").zeros(1, 3, 64, 64)).shape == (1, 1000)
"""
    done = python(before + code)
    assert done.returncode == 0, done.stderr


def test_operators_are_declared_only_when_they_are_missing(tmp_path):
    code = """
from inv_widgets.torch_support import ensure_torchvision
ensure_torchvision()
import torch
assert sys.modules["torchvision"].__file__.startswith(sys.path[0]), sys.modules["torchvision"]
assert not hasattr(torch.ops.torchvision, "nms")
"""
    done = python(code, fake_torchvision(tmp_path, ""))
    assert done.returncode == 0, done.stderr


def test_another_failure_of_torchvision_is_told(tmp_path):
    code = """
from inv_widgets.torch_support import ensure_torchvision
try:
    ensure_torchvision()
except ImportError as error:
    assert str(error).startswith("[inv-widgets] torchvision cannot be imported beside this torch: other version")
    assert "torch" not in sys.modules, "nothing was declared"
else:
    raise AssertionError
"""
    done = python(code, fake_torchvision(tmp_path, "raise RuntimeError('other version')"))
    assert done.returncode == 0, done.stderr


def test_without_torchvision_nothing_happens(tmp_path):
    code = """
sys.modules["torchvision"] = None
from inv_widgets.torch_support import ensure_torchvision
ensure_torchvision()
"""
    done = python(code, tmp_path)
    assert done.returncode == 0, done.stderr


class Stubborn(nn.BatchNorm2d):
    """Overrides train(), as networks with frozen or merged parts do."""

    def train(self, mode=True):
        raise AssertionError("train() and eval() are the network's own")


@pytest.fixture
def network():
    parts = nn.Sequential(nn.Conv2d(3, 4, 3), Stubborn(4), nn.Sequential(nn.ReLU(), nn.Dropout(0.5)), nn.Flatten())
    parts[2].training = False
    parts[2][1].training = True
    parts[0].weight.requires_grad_(requires_grad=False)
    parts[0].weight.grad = torch.ones_like(parts[0].weight)
    return parts


def flags(network):
    return [module.training for module in network.modules()]


def test_eval_mode_inside_own_flags_after(network):
    before = flags(network)
    state = {name: value.clone() for name, value in network.state_dict().items()}
    with eval_pass(network) as inside:
        assert inside is network
        assert not any(flags(network))
        once, twice = network(torch.ones(2, 3, 5, 5)), network(torch.ones(2, 3, 5, 5))
        assert torch.equal(once, twice)
    assert flags(network) == before == [True, True, True, False, True, True, True]
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    assert not network[0].weight.requires_grad
    assert network[0].weight.grad.eq(1).all()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_flags_are_restored_after_exceptions(network, error):
    before = flags(network)
    with pytest.raises(error), eval_pass(network):  # noqa: PT012
        network(torch.ones(1, 3, 5, 5))
        raise error
    assert flags(network) == before
    assert True in before
    assert False in before


def test_gradients_flow_inside_no_grad_and_inference_mode(network):
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            with eval_pass(network):
                assert torch.is_grad_enabled()
                assert not torch.is_inference_mode_enabled()
                picture = torch.ones(1, 3, 5, 5, requires_grad=True)
                (gradient,) = torch.autograd.grad(network(picture).sum(), picture)
                assert gradient.shape == picture.shape
            assert not torch.is_grad_enabled()
            assert torch.is_inference_mode_enabled() == (mode is torch.inference_mode)


def test_passes_nest(network):
    before = flags(network)
    with eval_pass(network):
        with eval_pass(network):
            assert not any(flags(network))
        assert not any(flags(network))
    assert flags(network) == before


def test_passes_of_two_threads_wait_for_each_other(network):
    before = flags(network)
    entered, seen = threading.Event(), []

    def other():
        entered.set()
        with eval_pass(network):
            seen.append(flags(network))

    with eval_pass(network):
        thread = threading.Thread(target=other)
        thread.start()
        assert entered.wait(10)
        thread.join(0.2)
        assert seen == [], "the second pass must not begin before the first has put the flags back"
    thread.join(10)
    assert seen
    assert not any(seen[0])
    assert flags(network) == before


class Counting(nn.Module):
    """Writes to its buffers in eval mode, as fake quantisation does: in place, uncounted, and by another tensor."""

    def __init__(self):
        super().__init__()
        for name in ("places", "uncounted", "other"):
            self.register_buffer(name, torch.zeros(3, dtype=torch.float64))
        self.register_buffer("flag", torch.tensor(False))
        self.register_buffer("nan", torch.full((2,), torch.nan, dtype=torch.float16))
        self.register_buffer("left_out", None)

    def forward(self, x):
        self.places[1] += 1
        self.uncounted.data.add_(2)
        self.other = self.other + 3
        return x + self.places.sum() + self.uncounted.sum() + self.other.sum()


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_buffers_that_the_network_writes_to_are_put_back(error):
    module = nn.Sequential(Counting(), nn.BatchNorm2d(3))
    before = {name: (value, value.clone(), value._version) for name, value in module.named_buffers()}
    try:
        with torch.inference_mode(), eval_pass(module):
            assert float(module[0](torch.zeros(()))) == 1 + 6 + 9
            if error is not None:
                raise error
    except KeyboardInterrupt:
        assert error is not None
    assert dict(module.named_buffers()).keys() == before.keys()
    for name, value in module.named_buffers():
        same, content, version = before[name]
        assert value is same
        assert torch.equal(value.nan_to_num(), content.nan_to_num())
        if name not in {"0.places", "0.uncounted"}:
            assert value._version == version, "what did not change is not written to"


class Adapting(nn.BatchNorm2d):
    """Normalises by each batch, also in eval mode, as test-time adaptation does."""

    def forward(self, x):
        return nn.functional.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, training=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_statistics_of_batch_norms_called_as_functions_are_put_back(dtype):
    module = nn.Sequential(nn.BatchNorm2d(2), Adapting(2), nn.BatchNorm2d(2), nn.BatchNorm2d(2)).to(dtype)
    module.unused = nn.ModuleList([nn.BatchNorm2d(20_000), Adapting(20_000), Adapting(40_000)]).to(dtype)
    module[2].forward = Adapting.forward.__get__(module[2])  # a batch norm by its type
    module[3].running_mean[0] = torch.nan
    before = {name: (value, value.clone(), value._version) for name, value in module.named_buffers()}
    with eval_pass(module):
        module[:4](torch.rand(2, 2, 3, 3, dtype=dtype))
        for each in module.unused[1:]:
            each(torch.rand(2, each.num_features, 1, 1, dtype=dtype))
        assert not torch.equal(module[1].running_var, before["1.running_var"][1])
        assert not torch.equal(module[2].running_mean, before["2.running_mean"][1])
    for name, value in module.named_buffers():
        same, content, version = before[name]
        assert value is same
        assert torch.equal(value.nan_to_num(7), content.nan_to_num(7)), name
        if name[0] in "03" or name.startswith("unused.0"):
            assert value._version == version, "what did not change is not written to"


class Noisy(nn.Module):
    """Draws random numbers in eval mode too."""

    def forward(self, x):
        return nn.functional.dropout(x, 0.5, training=True)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_what_a_network_draws_is_put_back(device):
    if not getattr(torch, device).is_available():
        pytest.skip("no such device")
    module = nn.Sequential(nn.Conv2d(3, 4, 1), Noisy()).to(device)
    picture, passes, before = torch.ones(1, 3, 9, 9, device=device), [], states(device)
    for mode in (torch.no_grad, torch.inference_mode):
        with mode(), eval_pass(module):
            passes.append(module(picture))
            assert not torch.equal(module(picture), passes[-1]), "within a pass chance goes on"
    assert torch.equal(*passes)
    assert all(map(torch.equal, states(device), before))


def test_who_draws_beside_a_pass_of_another_thread_never_draws_the_same_again():
    begun, drawn = threading.Event(), threading.Event()

    def run():
        with eval_pass(nn.Linear(2, 2)):
            begun.set()
            assert drawn.wait(9)

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(9)
    first = torch.rand(4)
    drawn.set()
    thread.join()
    assert not torch.equal(torch.rand(4), first)


def states(device):
    return [torch.get_rng_state(), *([torch.cuda.get_rng_state()] if device == "cuda" else [])]


def test_buffers_with_gaps_and_expanded_ones_are_put_back():
    module = nn.Linear(3, 3)
    module.register_buffer("every_second", torch.arange(6.0)[::2])
    module.register_buffer("expanded", torch.ones(1).expand(4))
    module.register_buffer("elsewhere", torch.ones(4, device="meta"))  # parts that are loaded when they run
    with eval_pass(module):
        module.every_second += 5
    assert module.every_second.tolist() == [0, 2, 4]
    assert module.expanded.tolist() == [1, 1, 1, 1]


def test_compiled_parts_run_as_they_were_written():
    runs = []

    def backend(graph, _examples):
        runs.append("compiled")
        return graph

    part = torch.compile(nn.Conv2d(3, 4, 3), backend=backend)
    with eval_pass(nn.Sequential(part)) as module:
        module(torch.ones(1, 3, 5, 5))
    assert not runs
    part(torch.ones(1, 3, 5, 5))
    assert runs == ["compiled"]


def test_widening():
    assert [widened(torch.ones(1, dtype=dtype)).dtype for dtype in (torch.float16, torch.bfloat16)] == [
        torch.float32
    ] * 2
    for dtype in (torch.float32, torch.float64):
        same = torch.ones(1, dtype=dtype)
        assert widened(same) is same
