"""From a picture to an explanation, on real (small) networks."""

import copy
import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.cluster import AgglomerativeClustering
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.metrics import silhouette_score
from torch import nn

import inv_widgets as inv
from inv_widgets import datasets
from inv_widgets.analysis import threads
from inv_widgets.analysis.activations import capture
from inv_widgets.analysis.embedding import flat_maps
from inv_widgets.analysis.importance import WEIGHTINGS

QUICK = inv.Recipe(tsne_iterations=250)


def to_tensor(image):
    return torch.from_numpy(np.asarray(image, np.float32).transpose(2, 0, 1) / 255 - 0.5)


def picture(height=24, width=32, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def network(widths=(8, 12), classes=4, seed=0, activation=nn.ReLU, **options):
    torch.manual_seed(seed)
    steps, before = [], 3
    for width in widths:
        steps += [nn.Conv2d(before, width, 3, padding=1), activation(), nn.MaxPool2d(2)]
        before = width
    module = nn.Sequential(*steps, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))
    return inv.Classifier.from_module(module, to_tensor, [f"kind {i}" for i in range(classes)], **options)


@pytest.fixture(scope="module")
def fashion():
    return inv.Classifier.demo("fashion")


def truth(net, pixels, layer, weighting, target=None):
    """The layer's weighted sum of maps, straight from its definition."""
    captured = capture(net, pixels, target, [layer])
    maps = captured.maps[0][0].double()
    weights = WEIGHTINGS[weighting](captured.maps[0], captured.gradients[0])[0].double()
    positive = weights.clamp(min=0).sum()
    return (100 * weights[:, None, None] * maps).sum(0).numpy() / float(positive) if positive > 0 else None


def largest_error(column, wanted):
    return np.abs(column.weighted_sum - wanted).max() / np.abs(wanted).max()


@settings(max_examples=25)
@given(
    widths=st.lists(st.integers(1, 24), min_size=1, max_size=3),
    seed=st.integers(0, 10_000),
    weighting=st.sampled_from(["guided", "grad_cam"]),
    activation=st.sampled_from([nn.ReLU, nn.SiLU, nn.ReLU6, nn.Tanh]),
)
def test_the_identity_holds_on_random_networks(widths, seed, weighting, activation):
    net = network(widths, seed=seed, activation=activation)
    pixels = picture(seed=seed)
    recipe = dataclasses.replace(QUICK, weighting=weighting)
    ex = inv.explain(net, pixels, layers="all", recipe=recipe)
    assert len(ex.columns) == len(widths)
    for column in ex.columns:
        wanted = truth(net, pixels, column.layer, weighting)
        if wanted is not None and np.abs(wanted).max() > 0:
            assert largest_error(column, wanted) < 1e-4


@pytest.mark.parametrize("weighting", ["guided", "grad_cam"])
def test_the_identity_holds_on_the_demo_in_memory_and_from_a_file(fashion, weighting, tmp_path):
    samples = datasets.fashion()[::17]
    recipe = dataclasses.replace(QUICK, weighting=weighting)
    run = inv.Run([inv.explain(fashion, sample, layers="last 9", recipe=recipe) for sample in samples])
    back = inv.load(run.save(tmp_path / "demo.parquet"))
    assert back == run
    for sample, ex, read in zip(samples, run, back, strict=True):
        for layer, column, again in zip(range(9), ex.columns, read.columns, strict=True):
            wanted = truth(fashion, sample, column.layer, weighting)
            assert largest_error(column, wanted) < 1e-4, layer
            assert largest_error(again, wanted) < 1e-4, layer


def test_an_explanation_says_what_it_is_of(fashion):
    sample = datasets.fashion()[0]
    ex = inv.explain(fashion, sample, layers="last 9")
    predicted = fashion.predict(sample, top=10)
    assert ex.name == sample.name
    assert (ex.target, ex.target_name) == (predicted[0].index, predicted[0].name)
    assert ex.prediction.name == predicted[0].name
    assert ex.predictions[0] == ex.prediction
    assert [one.name for one in ex.predictions] == [one.name for one in predicted]
    assert [one.probability for one in ex.predictions] == pytest.approx(
        [one.probability for one in predicted], abs=1e-6
    )
    assert ex.target_probability == pytest.approx(predicted[0].probability, abs=1e-6)
    assert (ex.network, ex.network_hash) == (fashion.name, fashion.hash)
    assert [column.block for column in ex.columns] == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert [column.n_maps for column in ex.columns] == [24] * 3 + [48] * 3 + [96] * 3
    assert ex.recipe == inv.Recipe()
    other = fashion.categories[(ex.target + 1) % 10]
    assert inv.explain(fashion, sample, other, recipe=QUICK).target_name == other


def test_equally_probable_classes_keep_their_order_and_the_first_choice_comes_first():
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.LazyLinear(30))
    module(torch.zeros(1, 3, 8, 8))
    for parameter in module.parameters():
        torch.nn.init.zeros_(parameter)
    net = inv.Classifier.from_module(module, lambda _: torch.zeros(3, 8, 8), [f"class {k}" for k in range(30)])
    ex = inv.explain(net, np.zeros((8, 8, 3), np.uint8), 4)
    assert [one.index for one in ex.predictions] == list(range(10))
    with torch.no_grad():
        module[3].bias[7] = 1e-9  # more by its logit, the same by its probability
    ex = inv.explain(net, np.zeros((8, 8, 3), np.uint8), 4)
    assert [one.index for one in ex.predictions] == [7, 0, 1, 2, 3, 4, 5, 6, 8, 9]
    assert ex.predictions[0] == ex.prediction


def test_a_group_has_the_sum_of_its_probabilities(fashion):
    sample = datasets.fashion()[3]
    names = [prediction.name for prediction in fashion.predict(sample, top=2)]
    ex = inv.explain(fashion, sample, target=names, recipe=QUICK)
    assert isinstance(ex.target, tuple)
    assert ex.target_probability == pytest.approx(sum(p.probability for p in fashion.predict(sample, top=2)), abs=1e-6)


@pytest.mark.parametrize("solver", ["fast", "sklearn"])
def test_same_seed_same_explanation_bit_for_bit(fashion, solver):
    recipe = inv.Recipe(solver=solver)
    first = inv.explain(fashion, datasets.fashion()[7], layers="last 3", recipe=recipe)
    assert first == inv.explain(fashion, datasets.fashion()[7], layers="last 3", recipe=recipe)


def test_side_by_side_gives_the_same_bits_as_one_after_the_other(fashion, monkeypatch):
    alone = inv.explain(fashion, datasets.fashion()[9], layers="last 6")
    used = set()
    original = threads.threading.current_thread

    def column(*arguments, **options):
        used.add(original().name)
        return column_of(*arguments, **options)

    from inv_widgets.analysis import stages

    column_of = stages.column_of
    monkeypatch.setattr(stages, "column_of", column)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    assert inv.explain(fashion, datasets.fashion()[9], layers="last 6") == alone
    assert any(name.startswith("inv-widgets-layer") for name in used)


def test_the_published_solver_differs_in_nothing_but_the_solver(fashion):
    ours, theirs = (
        inv.explain(fashion, datasets.fashion()[0], layers="last 3", recipe=recipe)
        for recipe in (inv.Recipe(), inv.Recipe.published())
    )
    for one, two in zip(ours.columns, theirs.columns, strict=True):
        assert (one.rest.n_pruned, one.total_weight) == (two.rest.n_pruned, two.total_weight)
        assert set(one.silhouettes) == set(two.silhouettes)


@pytest.mark.parametrize("weighting", ["guided", "grad_cam"])
def test_the_published_recipe_is_the_method_worked_out_with_torch_and_scikit_learn(fashion, weighting):
    """Weights, pruning, embedding, clusters, drop rule and maps, step by step after docs/method.md."""
    sample, names = datasets.fashion()[17], ["block1.relu3", "block2.relu2", "block3.relu3"]
    column_of = inv.explain(fashion, sample, layers=names, recipe=inv.Recipe.published(weighting=weighting)).column
    module, made = copy.deepcopy(fashion.module), {}
    for name in names:
        module.get_submodule(name).register_forward_hook(lambda *call, name=name: made.update({name: call[2]}))
    logits = module(fashion.preprocess(sample))[0]
    gradients = torch.autograd.grad(logits.max(), [made[name] for name in names])
    for name, gradient in zip(names, gradients, strict=True):
        column = column_of(name.replace("relu", "conv"))
        A, g = made[name][0].detach().double().numpy(), gradient[0].double().numpy()
        weights = (g * ((A > 0) & (g > 0) if weighting == "guided" else 1)).mean((1, 2))
        share = 100 * weights / np.maximum(weights, 0).sum()
        kept = np.flatnonzero(share >= 0.896 * 100 / len(share))
        rows = flat_maps(A[kept].astype(np.float32))
        low, high = (take(A[kept], axis=(1, 2)) for take in (np.min, np.max))
        np.testing.assert_allclose(
            rows * (high - low)[:, None] + low[:, None], A[kept].reshape(len(kept), -1), atol=1e-5
        )
        scores = PCA(min(50, *rows.shape), random_state=0).fit_transform(rows).astype(np.float64)
        # t-SNE amplifies the last bit of where it starts, so it is given the same bits.
        start = (scores[:, :2] * (1e-4 / scores[:, 0].std())).astype(np.float32)
        tsne = TSNE(2, perplexity=min(30, (len(kept) - 1) / 3), learning_rate=50, init=start, random_state=0)
        points = tsne.fit_transform(scores.astype(np.float32)).astype(np.float64)
        ways = {k: AgglomerativeClustering(k).fit_predict(points) for k in range(3, min(8, len(kept) - 1) + 1)}
        quality = {k: silhouette_score(points, labels) for k, labels in ways.items()}
        assert column.silhouettes == pytest.approx(quality)
        labels = ways[max(quality, key=quality.get)]
        groups = [kept[labels == label] for label in range(labels.max() + 1)]
        sums = np.array([share[group].sum() for group in groups])
        limit = max(sums.max() / 3, sums.mean() / 2)
        shown = sorted(
            (group for group, weight in zip(groups, sums, strict=True) if weight >= limit),
            key=lambda group: -share[group].sum(),
        )
        assert [sorted(one.channels) for one in column.cluster_maps] == [sorted(group) for group in shown]
        for one, group in zip(column.cluster_maps, shown, strict=True):
            assert one.weight == pytest.approx(share[group].sum(), rel=1e-5)
            np.testing.assert_allclose(one.raw_map, np.average(A[group], axis=0, weights=share[group]), atol=1e-5)
        assert column.rest.pruned_weight == pytest.approx(share.sum() - share[kept].sum(), rel=1e-4)
        assert column.rest.dropped_weight == pytest.approx(sums[sums < limit].sum(), rel=1e-4)


def test_large_pictures_are_kept_small_and_the_window_with_them():
    net = network(window=lambda height, width: (width / 4, 0, width / 2, height))
    ex = inv.explain(net, picture(60, 100), recipe=dataclasses.replace(QUICK, kept_picture=50))
    assert ex.picture.shape == (30, 50, 3)
    assert ex.window == pytest.approx((12.5, 0, 25, 30))
    whole = inv.explain(net, picture(60, 100), recipe=QUICK)
    np.testing.assert_array_equal(whole.picture, picture(60, 100))
    assert whole.window == (25, 0, 50, 60)
    assert whole.columns[0].cluster_maps[0].id == ex.columns[0].cluster_maps[0].id


def test_any_form_of_a_picture_gives_the_same(tmp_path):
    net, pixels = network(), picture()
    Image.fromarray(pixels).save(tmp_path / "dog.png")
    forms = [tmp_path / "dog.png", str(tmp_path / "dog.png"), Image.fromarray(pixels), pixels, pixels / 255.0]
    forms.append(datasets.Sample("dog.png", tmp_path / "dog.png", "dog"))
    forms.append(torch.from_numpy(pixels).permute(2, 0, 1))
    made = [inv.explain(net, form, recipe=QUICK) for form in forms]
    assert [ex.name for ex in made] == ["dog.png", "dog.png", "picture", "picture", "picture", "dog.png", "picture"]
    assert all(ex.columns == made[0].columns for ex in made)


def test_a_dead_layer_has_a_column_and_a_reason():
    net = network((6, 6))
    with torch.no_grad():
        net.module[0].weight.zero_()
        net.module[0].bias.fill_(-1)
    ex = inv.explain(net, picture(), layers="all", recipe=QUICK)
    assert "dead" in ex.columns[0].reason
    assert ex.columns[0].cluster_maps == ()
    assert len(ex.columns) == 2


def test_a_layer_that_the_class_does_not_depend_on_says_so():
    class Detached(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two, self.head = nn.Conv2d(3, 5, 3), nn.Conv2d(5, 6, 3), nn.Linear(6, 3)

        def forward(self, x):
            x = torch.relu(self.two(torch.relu(self.one(x)).detach()))
            return self.head(x.mean((2, 3)))

    torch.manual_seed(0)
    net = inv.Classifier.from_module(Detached(), to_tensor)
    ex = inv.explain(net, picture(), layers="all", recipe=QUICK)
    assert "does not depend" in ex.columns[0].reason or "without gradients" in ex.columns[0].reason
    assert ex.columns[1].cluster_maps


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision(dtype):
    net = network((16, 16))
    net.module.to(dtype)
    ex = inv.explain(net, picture(), layers="all", recipe=QUICK)
    assert all(column.cluster_maps for column in ex.columns)


def test_half_precision_that_overflows_is_told():
    class Clamped(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two, self.head = nn.Conv2d(3, 16, 3), nn.Conv2d(16, 6, 3), nn.Linear(6, 3)

        def forward(self, x):
            x = torch.relu(self.one(x)).clamp(max=10)
            return self.head(torch.relu(self.two(x)).mean((2, 3)))

    torch.manual_seed(0)
    net = inv.Classifier.from_module(Clamped(), to_tensor)
    with torch.no_grad():
        net.module.one.weight[:3] = 30000  # 27 * 0.5 * 30000 on white, over half's 65504
    net.module.half()
    column = inv.explain(net, np.full((24, 32, 3), 255, np.uint8), layers="one", recipe=QUICK).columns[0]
    assert "3 of the 16 maps hold NaN" in column.reason
    assert not {0, 1, 2} & {channel for cluster in column.cluster_maps for channel in cluster.channels}
    assert np.isfinite(column.weighted_sum).all()


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"net": nn.Conv2d(3, 3, 3)}, TypeError, "give an inv.Classifier"),
        ({"recipe": {"seed": 1}}, TypeError, r"inv.Recipe\(seed=1\)"),
        ({"recipe": inv.Recipe}, TypeError, "give inv.Recipe"),
        ({"target": "kind 9"}, KeyError, "kind"),
        ({"layers": "nope"}, KeyError, "nope"),
        ({"picture": "missing.png"}, FileNotFoundError, "missing.png"),
        ({"picture": 3}, TypeError, "The picture is an int"),
        ({"layer": "all"}, TypeError, "unexpected keyword argument"),
    ],
)
def test_wrong_arguments_are_refused(arguments, error, words):
    given_ = {"net": network(), "picture": picture()} | arguments
    with pytest.raises(error, match=words):
        inv.explain(**given_)


def test_one_thread_is_put_back_by_the_last_holder():
    from threadpoolctl import threadpool_info

    def blas():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before = blas()
    first, second = threads.one_thread(), threads.one_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert set(blas()) == {1}
    second.__exit__(None, None, None)
    assert blas() == before
