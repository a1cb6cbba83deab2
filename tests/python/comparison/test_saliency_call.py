"""inv.saliency and inv.methods: windows, pictures of different sizes, presets, and each error with its advice."""

import dataclasses
import inspect

import numpy as np
import pytest
import torch
from activation_networks import IMAGE, Pooled, Tiny, assert_same, network_state
from small_networks import NoConvolution
from torch import nn

import inv_widgets as inv
from inv_widgets.classifier import Classifier
from inv_widgets.comparison.method import NotPossibleError
from inv_widgets.comparison.methods import method_named
from inv_widgets.comparison.saliency import attribute
from inv_widgets.windows import WholePicture


def picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def as_tensor(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255


@pytest.fixture
def net():
    return Classifier.from_module(Pooled(), as_tensor, ["a", "b", "c", "d", "e"])


def test_a_map_at_the_pictures_size(net):
    got = inv.saliency(net, picture(20, 31), "grad_cam", "b")
    assert got.shape == (20, 31)
    assert got.dtype == np.float32


def test_pictures_of_different_sizes_in_one_call(net):
    given = [picture(20, 31, 1), picture(14, 14, 2), picture(20, 31, 3), picture(14, 40, 4)]
    got = inv.saliency(net, given, "layer_cam", "c")
    assert [one.shape for one in got] == [(20, 31), (14, 14), (20, 31), (14, 40)]
    for one, alone in zip(got, given, strict=True):
        np.testing.assert_allclose(one, inv.saliency(net, alone, "layer_cam", "c"), rtol=1e-4, atol=1e-7)
    assert inv.saliency(net, []) == []
    found = attribute(net, given, "grad_cam", targets=["a", None, ["b", "c"], 4])
    assert [one.target for one in found][::2] == [0, (1, 2)]
    assert [one.target_name for one in found][2:] == ["b + c", "e"]
    probabilities = net.predict(given[3], top=5)
    assert found[3].probability == pytest.approx(next(one.probability for one in probabilities if one.index == 4))
    assert (found[0].forwards, found[0].backwards) == (1, 1)
    assert all(one.seconds > 0 for one in found)


def crop_middle(image):
    width, height = image.size
    return as_tensor(image.crop((width // 4, 0, width - width // 4, height)))


def letterbox(image):
    values = as_tensor(image)
    return nn.functional.pad(values, (0, 0, 8, 8))


def test_outside_a_crop_the_map_is_zero():
    net = Classifier.from_module(
        Pooled(),
        crop_middle,
        list("abcde"),
        window=lambda height, width: (width // 4, 0, width - 2 * (width // 4), height),
    )
    got = inv.saliency(net, picture(16, 32), "layer_visualization")
    assert not got[:, :8].any()
    assert not got[:, 24:].any()
    assert (got[:, 8:24] > 0).mean() > 0.9


def test_what_lies_on_a_letterboxs_padding_is_cut_off():
    module = Pooled()
    inside = Classifier.from_module(
        module, letterbox, list("abcde"), window=lambda height, width: (0, -8, width, height + 16)
    )
    found = attribute(inside, [picture(16, 32)], "layer_visualization")[0]
    assert found.native.shape == (14, 14)
    assert found.map.shape == (16, 32)
    # Half of the 32 rows that the network sees are the picture's: rows 3.5 to 10.5 of its 14.
    middle = found.native[3:11].mean()
    assert found.map.mean() == pytest.approx(middle, rel=0.1)


def test_a_map_covers_the_whole_window():
    net = Classifier.from_module(Tiny(), lambda _image: IMAGE[0], ["this", "other"], window=WholePicture())
    got = inv.saliency(net, picture(2, 2), "layer_visualization")
    assert got.tolist() == [[1, 2], [0, 3]]


def test_unknown_names(net):
    with pytest.raises(KeyError, match=r"There is no method 'gradcam'. Did you mean 'grad_cam'"):
        inv.saliency(net, picture(9, 9), "gradcam")
    with pytest.raises(KeyError, match=r"no method 'Grad-CAM\+\+'. Did you mean 'grad_cam_pp'\?"):
        inv.saliency(net, picture(9, 9), "Grad-CAM++")
    with pytest.raises(KeyError, match=r"There are layer_visualization, cam.* inv.methods\(\) describes all"):
        inv.saliency(net, picture(9, 9), "xyzzy")
    with pytest.raises(KeyError, match=r"no method None"):
        inv.saliency(net, picture(9, 9), None)


def test_unknown_parameters_and_presets(net):
    with pytest.raises(TypeError, match=r"Grad-CAM has no parameter 'layers'. Did you mean 'layer'\?"):
        inv.saliency(net, picture(9, 9), "grad_cam", layers="all")
    with pytest.raises(TypeError, match=r"CAM has no parameter 'zzz'. It has none."):
        inv.saliency(net, picture(9, 9), "cam", zzz=1)
    for preset in ("papr", ["paper"]):
        with pytest.raises(ValueError, match=r'is not possible: give "default" or "paper"'):
            inv.saliency(net, picture(9, 9), preset=preset)
    with pytest.raises(KeyError, match="no layer 'conv9'"):
        inv.saliency(net, picture(9, 9), layer="conv9")
    with pytest.raises(ValueError, match="batch_size='many' is not possible"):
        inv.saliency(net, picture(9, 9), batch_size="many")
    with pytest.raises(ValueError, match=r"mu=1 is not possible: give a number from 0"):
        inv.saliency(net, picture(9, 9), "sise", mu=1)


def test_wrong_targets_pictures_and_networks(net):
    with pytest.raises(KeyError, match="no category 'f'"):
        inv.saliency(net, picture(9, 9), target="f")
    with pytest.raises(IndexError, match="no class 5"):
        inv.saliency(net, picture(9, 9), target=5)
    with pytest.raises(ValueError, match="empty group"):
        inv.saliency(net, picture(9, 9), target=[])
    with pytest.raises(ValueError, match="2 targets for 1 pictures"):
        attribute(net, [picture(9, 9)], "grad_cam", targets=[1, 2])
    with pytest.raises(FileNotFoundError):
        inv.saliency(net, "nowhere.jpg")
    with pytest.raises(TypeError, match=r"give an inv.Classifier"):
        inv.saliency(Pooled(), picture(9, 9))


def test_a_preset_and_what_goes_over_it(net):
    (default,) = attribute(net, [picture(9, 9)], "sise")
    (paper,) = attribute(net, [picture(9, 9)], "sise", preset="paper")
    (own,) = attribute(net, [picture(9, 9)], "sise", preset="paper", mu=0.75)
    assert [dict(one.parameters) for one in (default, paper, own)] == [
        {"layers": "blocks", "mu": 0.5}, {"layers": "blocks", "mu": 0}, {"layers": "blocks", "mu": 0.75},
    ]  # fmt: skip
    assert paper.notes["masks"] > own.notes["masks"]


def test_not_possible_says_why_and_what_is():
    net = Classifier.from_module(NoConvolution(), as_tensor, list("abcde"), name="flat")
    for name in ("grad_cam", "score_cam", "ablation_cam", "sise", "inv", "layer_visualization", "cam"):
        with pytest.raises(NotPossibleError) as raised:
            inv.saliency(net, picture(9, 9), name)
        text = str(raised.value)
        assert text.startswith(
            f"[inv-widgets] {method_named(name).title} is not possible on flat: No convolutional layer"
        )
        assert text.count("[inv-widgets]") == 1
        allowed = text.split("Possible here are: ")[1].rstrip(".").split(", ")
        assert "grad_cam" not in allowed
        assert "cam" not in allowed
    net = Classifier.from_module(Tiny(), lambda _image: IMAGE[0], ["this", "other"], name="tiny")
    with pytest.raises(
        NotPossibleError, match=r"^\[inv-widgets\] CAM is not possible on tiny: between its last"
    ) as raised:
        inv.saliency(net, picture(2, 2), "cam")
    allowed = str(raised.value).split("Possible here are: ")[1]
    assert {"grad_cam", "score_cam", "sise", "inv"} <= set(allowed.rstrip(".").split(", "))


def test_a_map_of_nan_is_refused(net, monkeypatch):
    monkeypatch.setattr(
        "inv_widgets.comparison.grad_cam.grad_cam", lambda subject, **_: torch.full((len(subject), 2, 2), torch.nan)
    )
    with pytest.raises(ValueError, match="The map has values that are NaN or infinite"):
        inv.saliency(net, picture(12, 12))


def test_the_network_is_left_as_found(net):
    module = net.module.train()
    module.features[3].eval()
    before = network_state(module)
    for name in ("grad_cam", "cam", "sise", "ablation_cam"):
        inv.saliency(net, picture(12, 12), name)
        with pytest.raises((IndexError, TypeError)):
            inv.saliency(net, picture(12, 12), name, **({"target": 77} if name == "cam" else {"layer": 3}))
    assert_same(before, network_state(module))


# --- the registry


@pytest.mark.parametrize("method", inv.methods(), ids=lambda method: method.name)
def test_each_line_of_the_registry_is_whole(method):
    parameters = inspect.signature(method.function).parameters
    subject, *own = parameters.values()
    assert subject.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    if method.kind != "concept":
        # Defaults stand in the registry only, for all parameters.
        assert {one.name for one in own} == set(method.defaults)
        assert all(one.kind is inspect.Parameter.KEYWORD_ONLY for one in own)
        assert all(one.default is inspect.Parameter.empty for one in own)
    assert set(method.paper_defaults) <= set(method.defaults)
    if method.kind != "concept":
        one_or_many = {"layer": "one", "layers": "many"}
        assert method.layers == next((one_or_many[name] for name in method.defaults if name in one_or_many), "none")
    assert method.title
    assert method.paper
    assert method.passes
    assert method.returns
    assert method.family in {"activation", "gradient", "perturbation", "attention", "concept"}
    if method.check is not None:
        assert callable(method.check)
    with pytest.raises(dataclasses.FrozenInstanceError):
        method.name = "other"
    with pytest.raises(TypeError):
        method.defaults["new"] = 1


def test_names_and_titles_are_unique():
    names = [method.name for method in inv.methods()]
    assert len(set(names)) == len(names)
    assert len({method.title.casefold() for method in inv.methods()}) == len(names)
    assert {"cam", "grad_cam", "grad_cam_pp", "score_cam", "layer_cam", "ablation_cam", "sise", "inv"} <= set(names)
