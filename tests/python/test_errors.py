"""Errors about names read as plain sentences, wherever they come from."""

import numpy as np
import pytest
import torch
from torch import nn

import inv_widgets as inv
from inv_widgets.errors import UnknownNameError, kind_of


@pytest.fixture(scope="module")
def net():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    return inv.Classifier.from_module(module, lambda image: torch.zeros(3, image.height, image.width), ["cat", "it's"])


@pytest.mark.parametrize(
    "ask",
    [
        lambda net, _: net.resolve_target("dog's"),
        lambda net, _: inv.explain(net, np.zeros((9, 9, 3), np.uint8), layers="conv's"),
        lambda net, _: inv.explain(net, np.zeros((9, 9, 3), np.uint8), layers="conv's*"),
        lambda _, explanation: explanation.column("conv's"),
        lambda _, explanation: inv.Run([explanation])["dog's.jpg"],
    ],
)
def test_an_unknown_name_is_a_key_error_that_reads_as_its_message(net, ask):
    explanation = inv.explain(net, np.zeros((9, 9, 3), np.uint8))
    with pytest.raises(KeyError) as told:
        ask(net, explanation)
    assert str(told.value).startswith("[inv-widgets] ")
    assert "\\" not in str(told.value)


def test_errors_that_one_may_want_to_catch_have_public_names(net, tmp_path):
    picture = np.zeros((9, 9, 3), np.uint8)
    with pytest.raises(inv.UnknownNameError):
        inv.saliency(net, picture, target="dog")
    with pytest.raises(inv.NotPossibleError):
        inv.saliency(net, picture, method="attention_rollout")
    (tmp_path / "labels.db").write_bytes(b"no database" * 100)
    with pytest.raises(inv.StoreError):
        inv.LabelStore(tmp_path / "labels.db")
    kinds = (KeyError, ValueError, inv.NotPossibleError, OSError)
    names = (inv.UnknownNameError, inv.NotPossibleError, inv.NoGradientError, inv.StoreError)
    assert all(issubclass(name, kind) for name, kind in zip(names, kinds, strict=True))


def test_without_one_message_it_is_any_key_error():
    assert str(UnknownNameError()) == str(KeyError())
    assert str(UnknownNameError("a", 1)) == str(KeyError("a", 1))


def test_kinds_have_their_article():
    assert [kind_of(value) for value in (3, "x", [], None)] == ["an int", "a str", "a list", "a NoneType"]
