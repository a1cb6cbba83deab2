"""Keras models: the same predictions, the layers and gradients that Keras itself has, and nothing changed in them."""

import copy
import os
import pickle
import sys
import tempfile

import numpy as np
import pytest
import torch

# Before keras is imported, which would also write a file into the home folder.
os.environ["KERAS_BACKEND"] = "torch"
os.environ["KERAS_HOME"] = tempfile.mkdtemp(prefix="keras-")
keras = pytest.importorskip("keras", reason='needs the extra "keras"')

from keras import layers as kl  # noqa: E402

import inv_widgets as inv  # noqa: E402
from inv_widgets.analysis.activations import capture  # noqa: E402
from inv_widgets.classifier import Classifier  # noqa: E402

PICTURE = np.random.default_rng(0).integers(0, 256, (48, 40, 3), np.uint8)
SMALL = {
    "smooth_grad": {"n": 2}, "integrated_gradients": {"n_steps": 4}, "rise": {"masks": 8},
    "extremal_perturbation": {"steps": 2}, "lime": {"samples": 8}, "shap": {"samples": 8},
}  # fmt: skip
ORDERS = ("channels_last", "channels_first")


def lively(model):
    """Give batch norms and biases values that a mistake would show in."""
    generator = torch.Generator().manual_seed(5)
    for variable in model.variables:
        shape, kind = tuple(variable.shape), variable.path.rpartition("/")[2]
        if kind in {"moving_variance", "gamma"}:
            variable.assign(torch.rand(shape, generator=generator) + 0.5)
        elif kind in {"moving_mean", "beta", "bias"}:
            variable.assign(torch.randn(shape, generator=generator) * 0.2)
        elif kind == "kernel":
            fan = max(int(np.prod(shape[:-1])), 1)
            variable.assign(torch.randn(shape, generator=generator) * (2 / fan) ** 0.5)
    return model


def shape(order, side=32):
    return (side, side, 3) if order == "channels_last" else (3, side, side)


def sequential():
    """Scaling in front, BN, pooling, a depthwise convolution, padding, softmax in the last layer."""
    return lively(
        keras.Sequential(
            [
                keras.Input((32, 32, 3)),
                kl.Rescaling(1 / 255),
                kl.Conv2D(8, 3, activation="relu", name="first"),
                kl.BatchNormalization(),
                kl.MaxPooling2D(),
                kl.DepthwiseConv2D(3, padding="same", name="depthwise"),
                kl.BatchNormalization(),
                kl.ReLU(6.0, name="relu6"),
                kl.ZeroPadding2D(1),
                kl.Conv2D(16, 3, strides=2, padding="same", name="last"),
                kl.Activation("relu", name="last_relu"),
                kl.Dropout(0.5),
                kl.GlobalAveragePooling2D(),
                kl.Dense(5, activation="softmax"),
            ]
        )
    )


def branched(order="channels_last", end="softmax", classes=4):
    """Residual adds with and without activation, a squeeze-and-excitation gate, a concatenation, an unactivated end."""
    axis = -1 if order == "channels_last" else 1
    given = {"data_format": order, "padding": "same"}
    image = keras.Input(shape(order))
    stem = kl.Conv2D(8, 3, activation="relu", name="stem", **given)(image)
    main = kl.Conv2D(8, 3, use_bias=False, name="main", **given)(stem)
    main = kl.BatchNormalization(axis=axis, name="main_bn")(main)
    maps = kl.ReLU(name="joined")(kl.Add(name="sum")([stem, main]))
    gate = kl.GlobalAveragePooling2D(data_format=order, keepdims=True)(maps)
    gate = kl.Conv2D(4, 1, activation="relu", name="squeeze", **given)(gate)
    gate = kl.Conv2D(8, 1, activation="sigmoid", name="excite", **given)(gate)
    maps = kl.Multiply(name="gated")([maps, gate])
    narrow = kl.Conv2D(6, 1, use_bias=False, name="narrow", **given)(maps)
    narrow = kl.BatchNormalization(axis=axis, name="narrow_bn")(narrow)
    deep = kl.Conv2D(6, 3, activation="relu", name="deep", **given)(narrow)
    deep = kl.Conv2D(6, 3, name="deep_linear", **given)(deep)
    maps = kl.Add(name="linear_sum")([narrow, deep])
    maps = kl.MaxPooling2D(data_format=order)(maps)
    one = kl.Conv2D(4, 1, activation="relu", name="one", **given)(maps)
    two = kl.Conv2D(4, 3, activation="silu", name="two", **given)(maps)
    maps = kl.AveragePooling2D(2, data_format=order)(kl.Concatenate(axis=axis, name="both")([one, two]))
    maps = kl.Conv2D(6, 3, name="unactivated", **given)(maps)
    pooled = kl.GlobalAveragePooling2D(data_format=order)(maps)
    return lively(keras.Model(image, kl.Dense(classes, activation=end, name="head")(pooled)))


EXPECTED = {  # where each layer's maps are, as layers of Keras
    "stem": "stem",
    "sum": "joined",
    "narrow": "narrow_bn",
    "deep": "deep",
    "linear_sum": "linear_sum",
    "one": "one",
    "two": "two",
    "both": "both",
    "unactivated": "unactivated",
}


def own_answer(model, net, picture=PICTURE):
    """The model's own output for what the Classifier gives it."""
    inputs = net.preprocess(picture)
    last = net.module.channels_last
    with torch.no_grad():
        return model(inputs.permute(0, 2, 3, 1) if last else inputs, training=False)[0].numpy()


def probabilities(net, picture=PICTURE):
    found = sorted(net.predict(picture, top=1000), key=lambda each: each.index)
    return np.array([each.probability for each in found])


# --- the same predictions


@pytest.mark.parametrize("build", [sequential, branched, lambda: branched("channels_first")])
def test_prediction_is_the_models_own(build):
    model = build()
    net = Classifier.from_keras(model)
    own = own_answer(model, net)
    assert np.ptp(own) > 0.01  # not all the same
    np.testing.assert_allclose(probabilities(net), own, atol=1e-6)


def test_scores_are_logits_before_the_softmax():
    model = branched()
    plain = branched(end=None)
    for mine, other in zip(plain.variables, model.variables, strict=True):
        mine.assign(other.value)
    net, bare = Classifier.from_keras(model), Classifier.from_keras(plain)
    assert (net.module.ending, bare.module.ending) == ("softmax", "")
    inputs = net.preprocess(PICTURE)
    torch.testing.assert_close(net.module(inputs), bare.module(inputs))
    np.testing.assert_allclose(probabilities(bare), own_answer(model, net), atol=1e-6)


def test_softmax_layer_and_written_out_softmax():
    image = keras.Input((16, 16, 3))
    maps = kl.Conv2D(4, 3, activation="relu")(image)
    logits = kl.Dense(3)(kl.GlobalAveragePooling2D()(maps))
    layered = lively(keras.Model(image, kl.Softmax()(logits)))
    powers = keras.ops.exp(logits)
    written = keras.Model(image, powers / keras.ops.sum(powers, axis=1, keepdims=True))
    for model, ending in ((layered, "softmax"), (written, "probabilities")):
        net = Classifier.from_keras(model)
        assert net.module.ending == ending
        np.testing.assert_allclose(probabilities(net), own_answer(model, net), atol=1e-6)


def test_one_sigmoid_is_two_classes():
    model = branched(end="sigmoid", classes=1)
    net = Classifier.from_keras(model, categories=["no dog", "dog"])
    (own,) = own_answer(model, net)
    np.testing.assert_allclose(probabilities(net), [1 - own, own], atol=1e-6)
    assert inv.explain(net, PICTURE, target="dog").target_name == "dog"


def test_several_sigmoids_are_scores_with_a_warning():
    model = branched(end="sigmoid", classes=3)
    with pytest.warns(UserWarning, match=r"ends in 3 sigmoids.*softmax over these"):
        net = Classifier.from_keras(model)
    own = own_answer(model, net)
    scores = net.module(net.preprocess(PICTURE))[0]
    np.testing.assert_allclose(scores.sigmoid().detach().numpy(), own, atol=1e-6)


# --- layers and gradients


@pytest.mark.parametrize("order", ORDERS)
def test_layers_have_keras_names_and_are_where_maps_are_complete(order):
    net = Classifier.from_keras(branched(order))
    found = inv.layers(net, PICTURE)
    assert [layer.name for layer in found] == list(EXPECTED)
    sizes = {layer.name: (layer.n_maps, layer.map_shape) for layer in found}
    assert sizes["stem"] == (8, (32, 32))
    assert sizes["linear_sum"] == (6, (32, 32))
    assert sizes["both"] == (8, (16, 16))
    assert sizes["unactivated"] == (6, (8, 8))
    assert {layer.name: layer.activation for layer in found}["sum"] == "joined"


@pytest.mark.parametrize("order", ORDERS)
def test_maps_and_gradients_are_those_of_keras_itself(order):
    model = branched(order)
    net = Classifier.from_keras(model)
    caught = capture(net, PICTURE, target=2, layers="all")
    inputs = net.preprocess(PICTURE)
    last = order == "channels_last"
    seen = 0
    for layer, maps, gradients in zip(caught.layers, caught.maps, caught.gradients, strict=True):
        node = model.get_layer(EXPECTED[layer.name]).output
        inner, answer = keras.Model(model.inputs, [node, model.output])(
            inputs.permute(0, 2, 3, 1) if last else inputs, training=False
        )
        (expected,) = torch.autograd.grad(answer._keras_logits[0, 2], inner)
        if last:
            inner, expected = inner.permute(0, 3, 1, 2), expected.permute(0, 3, 1, 2)
        torch.testing.assert_close(maps, inner.detach(), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(gradients, expected, rtol=1e-4, atol=1e-7)
        assert expected.abs().max() > 0
        seen += 1
    assert seen == len(EXPECTED)


@pytest.mark.filterwarnings("ignore:.inv-widgets. Integrated gradients")
@pytest.mark.parametrize("order", ORDERS)
def test_every_method_works(order):
    net = Classifier.from_keras(branched(order))
    made = []
    for method in inv.methods():
        if method.kind != "concept" and method.name != "attention_rollout":
            got = inv.saliency(net, PICTURE, method.name, 1, **SMALL.get(method.name, {}))
            assert got.shape == PICTURE.shape[:2]
            assert np.isfinite(got).all()
            assert got.any()
            made.append(method.name)
    assert len(made) >= 20


def test_both_orders_give_one_explanation():
    last, first = branched(), branched("channels_first")
    for mine, other in zip(first.variables, last.variables, strict=True):
        mine.assign(other.value)
    one, two = (inv.explain(Classifier.from_keras(model), PICTURE, target=1, layers="all") for model in (last, first))
    for left, right in zip(one.columns, two.columns, strict=True):
        assert left.layer == right.layer
        weights = [[each.weight for each in column.cluster_maps] for column in (left, right)]
        np.testing.assert_allclose(*weights, rtol=1e-3)


def test_sequential_layers_and_several_pictures_at_once():
    net = Classifier.from_keras(sequential())
    assert [layer.name for layer in inv.layers(net)] == ["first", "depthwise", "last"]
    batch = torch.cat([net.preprocess(PICTURE), net.preprocess(PICTURE[::-1].copy())])
    both = capture(net, batch, layers="all", target=0)
    for row in range(2):
        alone = capture(net, batch[row : row + 1], layers="all", target=0)
        for together, single in zip(both.gradients, alone.gradients, strict=True):
            torch.testing.assert_close(together[row], single[0], rtol=1e-4, atol=1e-7)


def test_models_inside_a_model_and_subclassed_models():
    inner = keras.Sequential([keras.Input((32, 32, 3)), kl.Conv2D(4, 3, activation="relu", name="conv")], name="body")
    image = keras.Input((32, 32, 3))
    pooled = kl.GlobalAveragePooling2D()(inner(image))
    nested = Classifier.from_keras(lively(keras.Model(image, kl.Dense(3)(pooled))))
    assert [layer.name for layer in inv.layers(nested)] == ["body.conv"]

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.convolve = kl.Conv2D(4, 3, activation="relu", name="convolve")
            self.more = [kl.Conv2D(4, 3, activation="relu", name="listed")]
            self.head = kl.Dense(3)

        def call(self, inputs):
            maps = self.convolve(inputs)
            for layer in self.more:
                maps = layer(maps)
            return self.head(keras.ops.mean(maps, axis=(1, 2)))

    model = Own()
    with pytest.raises(ValueError, match="not built, so it has no weights yet: call it once"):
        Classifier.from_keras(model)
    model(torch.zeros(1, 32, 32, 3))
    net = Classifier.from_keras(lively(model))
    assert [layer.name for layer in inv.layers(net, PICTURE)] == ["convolve", "listed"]
    assert len(list(net.module.parameters())) == len(model.variables)
    np.testing.assert_allclose(
        net.module(net.preprocess(PICTURE))[0].detach().numpy(), own_answer(model, net), atol=1e-6
    )


# --- the model is left as found


def state(model):
    parts = {id(part): part for layer in model._flatten_layers() for part in layer.modules()}.values()
    return {
        "training": [part.training for part in parts],
        "hooks": [len(part._forward_hooks) + len(part._forward_pre_hooks) for part in parts],
        "trainable": [layer.trainable for layer in model._flatten_layers()],
        "called": [layer._called for layer in model._flatten_layers()],
        "attributes": [sorted(vars(layer)) for layer in model._flatten_layers()],
        "values": [variable.value.detach().clone().numpy().tolist() for variable in model.variables],
        "requires": [variable.value.requires_grad for variable in model.variables],
        "gradients": [variable.value.grad is None for variable in model.variables],
        "settings": (keras.config.floatx(), keras.config.image_data_format(), keras.config.epsilon()),
        "grown": torch.is_grad_enabled(),
    }


def test_the_model_is_left_as_found():
    model = sequential()
    model.get_layer("first").trainable = False
    model.get_layer("last").train()
    model.get_layer("depthwise").eval()
    before = state(model)
    assert len(set(before["training"])) == 2
    net = Classifier.from_keras(model)
    net.predict(PICTURE)
    inv.explain(net, PICTURE, layers="all")
    net.hash  # noqa: B018
    assert state(model) == before


def test_training_the_model_on_changes_the_classifier():
    model = sequential()
    net = Classifier.from_keras(model)
    before, first = net.hash, probabilities(net)
    model.layers[-1].bias.assign(torch.tensor([3.0, 0, 0, 0, 0]))
    assert net.hash != before
    assert probabilities(net)[0] > first[0] + 0.05
    np.testing.assert_allclose(probabilities(net), own_answer(model, net), atol=1e-6)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own, as it saves
@pytest.mark.parametrize("again", [copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))])
def test_copies_work_on_their_own(again):
    net = Classifier.from_keras(sequential())
    copied = Classifier.from_module(again(net.module), net.transform)
    assert [layer.name for layer in inv.layers(copied, PICTURE)] == ["first", "depthwise", "last"]
    np.testing.assert_allclose(probabilities(copied), probabilities(net), atol=1e-7)
    assert copied.module.inside is not net.module.inside


# --- preprocessing


def test_default_preprocessing_follows_the_model():
    scaled = Classifier.from_keras(sequential())
    assert scaled.preprocess(np.full((9, 9, 3), 255, np.uint8)).unique().tolist() == [255.0]
    plain = Classifier.from_keras(branched("channels_first"))
    assert plain.preprocess(np.full((9, 9, 3), 255, np.uint8)).unique().tolist() == [1.0]
    assert plain.preprocess(PICTURE).shape == (1, 3, 32, 32)
    assert plain.window(48, 40) == (0, 0, 40, 48)
    image = keras.Input((None, None, 1))
    maps = kl.GlobalMaxPooling2D()(kl.Conv2D(4, 3)(image))
    grey = Classifier.from_keras(keras.Model(image, kl.Dense(2)(maps), name="grey"), categories=["a", "b"])
    assert grey.preprocess(PICTURE).shape == (1, 1, 224, 224)
    assert (grey.name, grey.categories) == ("grey", ("a", "b"))


def test_own_preprocessing_is_channels_first_for_both_orders():
    def transform(image):
        return torch.from_numpy(np.array(image.resize((32, 32)))).permute(2, 0, 1) / 127.5 - 1

    net = Classifier.from_keras(branched(), transform, name="mine", window=lambda height, width: (1, 2, 3, 4))
    assert net.preprocess(PICTURE).shape == (1, 3, 32, 32)
    assert net.name == "mine"
    assert net.window(40, 40) == (1, 2, 3, 4)


# --- what cannot be taken


def test_what_is_no_keras_model():
    with pytest.raises(FileNotFoundError, match=r"no.keras is not there: give the path of a .keras file"):
        Classifier.from_keras("no.keras")
    with pytest.raises(TypeError, match=r"This is a Linear: from_keras takes a keras.Model"):
        Classifier.from_keras(torch.nn.Linear(1, 1))
    old = type("Functional", (), {"__module__": "tf_keras.src.models"})()
    with pytest.raises(TypeError, match=r"a model of tf_keras.*KERAS_BACKEND"):
        Classifier.from_keras(old)


def test_several_inputs_or_outputs_and_other_inputs():
    one, two = keras.Input((8, 8, 3)), keras.Input((8, 8, 3))
    pooled = kl.GlobalAveragePooling2D()(kl.Add()([one, two]))
    with pytest.raises(ValueError, match="has 2 inputs: a Classifier takes one picture"):
        Classifier.from_keras(keras.Model([one, two], pooled))
    pooled = kl.GlobalAveragePooling2D()(one)
    with pytest.raises(ValueError, match="has 2 outputs"):
        Classifier.from_keras(keras.Model(one, [kl.Dense(2)(pooled), kl.Dense(3)(pooled)]))
    flat = keras.Input((8,))
    with pytest.raises(ValueError, match=r"takes an input of \(None, 8\): a picture's is"):
        Classifier.from_keras(keras.Model(flat, kl.Dense(2)(flat)))
    many = keras.Input((8, 8, 5))
    model = keras.Model(many, kl.Dense(2)(kl.GlobalAveragePooling2D()(many)))
    with pytest.raises(ValueError, match="takes 5 channels: give transform"):
        Classifier.from_keras(model)
    maps = keras.Model(one, kl.Conv2D(2, 3)(one))
    with pytest.raises(ValueError, match=r"returns 1 x 6 x 6 x 2 for one picture, not 1 x \(number of classes\)"):
        Classifier.from_keras(maps)


def test_without_keras(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'pip install "inv-widgets\[keras\]"'):
        Classifier.from_keras(object())


def test_another_backend_is_refused_with_what_to_set(monkeypatch):
    model = sequential()
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(
        ValueError, match=r'on its jax backend here. Set os.environ\["KERAS_BACKEND"\] = "torch" before'
    ):
        Classifier.from_keras(model)
