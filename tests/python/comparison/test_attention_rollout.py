"""Attention rollout: by hand, on the usual Transformers, and where it is not possible."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from activation_networks import assert_same, network_state, subject_of
from small_networks import Functional, torchvision_network, wrap
from torch import nn

from inv_widgets.comparison.attention_rollout import attending, attention_rollout
from inv_widgets.comparison.method import NotPossibleError
from inv_widgets.comparison.methods import method_named

PAPER = {"head_fusion": "mean", "discard": 0.0, "residual": 0.5}


class Transformer(nn.Module):
    """Two blocks of two heads on 2 x 3 patches and a class token; attention computed in one of three ways."""

    def __init__(self, how="fused", prefix=1):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.how, self.prefix = how, prefix
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.token = nn.Parameter(torch.randn(1, prefix, 8, generator=generator))
        self.qkv = nn.ParameterList([torch.randn(24, 8, generator=generator) for _ in range(2)])
        self.attention = nn.ModuleList([nn.MultiheadAttention(8, 2, bias=False, batch_first=True) for _ in range(2)])
        self.fc = nn.Linear(8, 3)
        with torch.no_grad():
            self.patches.weight.normal_(std=0.2, generator=generator)
            for weights, module in zip(self.qkv, self.attention, strict=True):
                module.in_proj_weight.copy_(weights)
                module.out_proj.weight.copy_(torch.eye(8))

    def blocks(self, x):
        """The tokens after each block, and each block's attention (heads x tokens x tokens), by the formula."""
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1)
        for weights, module in zip(self.qkv, self.attention, strict=True):
            q, k, v = ((x @ weights.T).unflatten(2, (3, 2, 4)).permute(2, 0, 3, 1, 4)).unbind(0)
            attention = (q @ k.transpose(2, 3) / 2).softmax(-1)
            if self.how == "fused":
                y = F.scaled_dot_product_attention(q, k, v)
            elif self.how == "module":
                y = module(x, x, x, need_weights=False)[0]
            else:
                y = attention @ v
            x = x + (y if self.how == "module" else y.transpose(1, 2).flatten(2))
            yield x, attention

    def forward(self, x):
        if self.how != "written":
            # Only what the network itself computes is to be seen.
            x = self.patches(x).flatten(2).transpose(1, 2)
            x = torch.cat([self.token.expand(len(x), -1, -1), x], 1)
            for weights, module in zip(self.qkv, self.attention, strict=True):
                if self.how == "module":
                    x = x + module(x, x, x, need_weights=False)[0]
                else:
                    q, k, v = ((x @ weights.T).unflatten(2, (3, 2, 4)).permute(2, 0, 3, 1, 4)).unbind(0)
                    x = x + F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
            return self.fc(x[:, 0])
        return self.fc(list(self.blocks(x))[-1][0][:, 0])


def formula(module, x, fusion=lambda heads: heads.mean(0), residual=0.5):
    with torch.no_grad():
        first, second = (fusion(attention[0]) for _, attention in module.blocks(x))
    identity = torch.eye(len(first))
    mixed = [residual * identity + (1 - residual) * each for each in (first, second)]
    first, second = (each / each.sum(1, keepdim=True) for each in mixed)
    return second @ first


@pytest.mark.parametrize("how", ["fused", "module", "written"])
def test_by_the_formula(how):
    module = Transformer(how)
    given = torch.randn(2, 3, 8, 12)
    subject = subject_of(module, given=given, targets=[0, 1])
    before = network_state(module)
    found = attention_rollout(subject, **PAPER)
    assert found.shape == (2, 2, 3)
    for x, got in zip(given, found, strict=True):
        torch.testing.assert_close(got, formula(module, x[None])[0, 1:].view(2, 3))
    assert subject.forwards == 2
    assert_same(before, network_state(module))


@pytest.mark.parametrize(
    ("name", "fusion"), [("max", lambda heads: heads.amax(0)), ("min", lambda heads: heads.amin(0))]
)
def test_other_fusions_and_residuals(name, fusion):
    module, given = Transformer(), torch.randn(1, 3, 8, 12)
    found = attention_rollout(subject_of(module, given=given), head_fusion=name, discard=0, residual=0.2)
    torch.testing.assert_close(found[0].flatten(), formula(module, given, fusion, 0.2)[0, 1:])


def test_discarding_the_lowest():
    def fusion(heads):
        weights = heads.mean(0)
        order = weights.flatten().sort().values
        kept = weights * (weights >= order[int(0.6 * weights.numel())])
        kept[0, 0] = weights[0, 0]
        return kept

    module, given = Transformer(), torch.randn(1, 3, 8, 12)
    found = attention_rollout(subject_of(module, given=given), head_fusion="mean", discard=0.6, residual=0.5)
    torch.testing.assert_close(found[0].flatten(), formula(module, given, fusion)[0, 1:])


def test_without_a_class_token_the_mean_of_all_rows():
    module, given = Transformer(prefix=0), torch.randn(1, 3, 8, 12)
    found = attention_rollout(subject_of(module, given=given), **PAPER)
    torch.testing.assert_close(found[0].flatten(), formula(module, given).mean(0))


def test_vit_of_torchvision():
    net = torchvision_network("vit_b_16")
    weights = []
    for block in net.module.encoder.layers:
        # What the module itself gives when it is asked.
        block.self_attention.register_forward_pre_hook(
            lambda _, args, kwargs: (args, {**kwargs, "need_weights": True, "average_attn_weights": True}),
            with_kwargs=True,
        )
        block.self_attention.register_forward_hook(lambda _module, _args, output: weights.append(output[1]))
    subject = subject_of(net, size=224, targets=[0])
    weights.clear()
    with torch.no_grad():
        net.module.eval()(subject.inputs)
    rolled = torch.eye(197)
    for each in weights:
        rolled = (0.5 * torch.eye(197) + 0.5 * each[0]) @ rolled
    for block in net.module.encoder.layers:
        block.self_attention._forward_pre_hooks.clear()
        block.self_attention._forward_hooks.clear()
    logits = subject.own_logits
    found = attention_rollout(subject, **PAPER)
    assert found.shape == (1, 14, 14)
    torch.testing.assert_close(found[0].flatten(), rolled[0, 1:], rtol=1e-4, atol=1e-7)
    torch.testing.assert_close(subject.logits(subject.inputs), logits)


@pytest.mark.parametrize("fused", [True, False])
def test_vit_of_timm(fused):
    timm = pytest.importorskip("timm")
    module = timm.create_model("vit_tiny_patch16_224", pretrained=False, depth=2, img_size=(64, 96), num_classes=4)
    for block in module.blocks:
        block.attn.fused_attn = fused
    given = torch.randn(1, 3, 64, 96)
    found = attention_rollout(subject_of(module, given=given), **PAPER)
    assert found.shape == (1, 4, 6)
    assert all(block.attn.fused_attn is fused for block in module.blocks)
    for block in module.blocks:
        block.attn.fused_attn = not fused
    torch.testing.assert_close(attention_rollout(subject_of(module, given=given), **PAPER), found)


def test_swin_says_why():
    subject = subject_of(torchvision_network("swin_t"), size=64)
    for function in (lambda given: attention_rollout(given, **PAPER), attending):
        with pytest.raises(NotPossibleError, match=r"within \d+ windows of 49 tokens each \(as in Swin\)"):
            function(subject)


def test_other_networks_say_why():
    with pytest.raises(NotPossibleError, match="no attention over tokens"):
        attention_rollout(subject_of(Functional()), **PAPER)

    class Across(Transformer):
        def forward(self, x):
            tokens = self.patches(x).flatten(2).transpose(1, 2)
            return self.fc(F.scaled_dot_product_attention(self.token, tokens, tokens)[:, 0])

    with pytest.raises(NotPossibleError, match="1 of its tokens attend to 6 others"):
        attention_rollout(subject_of(wrap(Across()), given=torch.randn(1, 3, 8, 12)), **PAPER)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"head_fusion": "sum"}, "head_fusion='sum' is not possible: give 'mean' or 'max' or 'min'"),
        ({"discard": 1}, "discard=1 is not possible"),
        ({"discard": -0.1}, "discard=-0.1 is not possible"),
        ({"residual": 2}, "residual=2 is not possible"),
        ({"residual": "x"}, "residual='x' is not possible"),
    ],
)
def test_bad_parameters(changed, message):
    with pytest.raises(ValueError, match=message):
        attention_rollout(subject_of(Transformer()), **{**PAPER, **changed})


def test_it_does_not_say_that_it_knows_classes():
    assert method_named("attention_rollout").class_discriminative is False
    assert np.isclose(method_named("attention_rollout").defaults["residual"], 0.5)
