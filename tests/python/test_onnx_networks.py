"""ONNX files: what onnxruntime predicts, the layers of the graph, and files that cannot be taken."""

import copy
import os
import pickle

import numpy as np
import pytest
import torch
from torch import nn

import inv_widgets as inv
from inv_widgets.analysis.activations import capture
from inv_widgets.classifier import Classifier

onnx = pytest.importorskip("onnx", reason='needs the extra "onnx"')
pytest.importorskip("onnx2torch", reason='needs the extra "onnx"')
onnxruntime = pytest.importorskip("onnxruntime", reason='needs the extra "embeddings"')

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

PICTURE = np.random.default_rng(0).integers(0, 256, (48, 40, 3), np.uint8)
SMALL = {
    "smooth_grad": {"n": 2}, "integrated_gradients": {"n_steps": 4}, "rise": {"masks": 8},
    "extremal_perturbation": {"steps": 2}, "lime": {"samples": 8}, "shap": {"samples": 8},
}  # fmt: skip


class Graph:
    """A graph written node by node; `values` are its weights."""

    def __init__(self, size=(1, 3, 16, 16), kind=TensorProto.FLOAT):
        self.nodes, self.values = [], []
        self.inputs = [helper.make_tensor_value_info("image", kind, size)]
        self.random = np.random.default_rng(7)

    def weight(self, *shape):
        return self.constant(self.random.normal(0, (2 / max(np.prod(shape[1:]), 1)) ** 0.5, shape).astype(np.float32))

    def constant(self, value):
        self.values.append(numpy_helper.from_array(np.asarray(value), f"w{len(self.values)}"))
        return self.values[-1].name

    def add(self, kind, *inputs, name=None, outputs=1, **attributes):
        made = [f"{kind}_{len(self.nodes)}_{place}" for place in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), made, name=name or made[0], **attributes))
        return made[0] if outputs == 1 else made

    def conv(self, maps, before, after, side=3, **attributes):
        attributes.setdefault("auto_pad", "NOTSET")
        if attributes["auto_pad"] == "NOTSET":
            attributes.setdefault("pads", [side // 2] * 4)
        bias = self.weight(after)
        return self.add("Conv", maps, self.weight(after, before, side, side), bias, **attributes)

    def norm(self, maps, channels):
        shape = (channels,)
        pieces = [self.random.uniform(0.5, 1.5, shape), self.random.normal(0, 0.2, shape)] * 2
        gamma, beta, variance, mean = (self.constant(piece.astype(np.float32)) for piece in pieces)
        return self.add("BatchNormalization", maps, gamma, beta, mean, variance)

    def head(self, maps, channels, classes=4, end="Softmax"):
        flat = self.add("Flatten", self.add("GlobalAveragePool", maps))
        logits = self.add("Gemm", flat, self.weight(classes, channels), self.weight(classes), transB=1)
        return self.add(end, logits, **({"axis": 1} if "oftmax" in end else {})) if end else logits

    def model(self, output, opset=17, rank=2):
        outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, [None] * rank)]
        graph = helper.make_graph(self.nodes, "net", self.inputs, outputs, initializer=self.values)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)

    def save(self, output, path, opset=17, rank=2):
        onnx.save(self.model(output, opset, rank), path)
        return path


def residual(graph, maps="image", end="Softmax"):
    """Conv - BN - ReLU, a depthwise convolution, an add, a strided convolution."""
    stem = graph.add("Relu", graph.norm(graph.conv(maps, 3, 8, name="/stem/Conv"), 8))
    deep = graph.add("HardSwish", graph.conv(stem, 1, 8, group=8, name="/deep/Conv"))
    main = graph.conv(deep, 8, 8, name="/main/Conv")
    joined = graph.add("Relu", graph.add("Add", stem, main, name="/Add"), name="/joined/Relu")
    last = graph.add("Relu", graph.conv(joined, 8, 12, strides=[2, 2], name="/last/Conv"))
    return graph.head(last, 12, end=end)


def original(path, inputs):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: np.ascontiguousarray(inputs)})[0]


def probabilities(net, picture=PICTURE):
    found = sorted(net.predict(picture, top=1000), key=lambda each: each.index)
    return np.array([each.probability for each in found])


# --- the same predictions


@pytest.mark.parametrize("opset", [14, 17, 18, 20, 21])
def test_prediction_is_onnxruntimes(tmp_path, opset):
    graph = Graph()
    path = graph.save(residual(graph), tmp_path / "net.onnx", opset)
    net = Classifier.from_onnx(path)
    own = original(path, net.preprocess(PICTURE).numpy())[0]
    assert np.ptp(own) > 0.01
    np.testing.assert_allclose(probabilities(net), own, atol=1e-5)
    assert (net.name, net.module.ending) == ("net", "softmax")


def test_layers_explanation_and_gradients(tmp_path):
    graph = Graph()
    path = graph.save(residual(graph), tmp_path / "net.onnx")
    net = Classifier.from_onnx(str(path), categories=["a", "b", "c", "d"])
    found = inv.layers(net, PICTURE)
    assert [(layer.name, layer.kind, layer.n_maps, layer.map_shape) for layer in found] == [
        ("stem/Conv", "conv", 8, (16, 16)),
        ("deep/Conv", "conv", 8, (16, 16)),
        ("Add", "add", 8, (16, 16)),
        ("last/Conv", "conv", 12, (8, 8)),
    ]
    assert found[2].activation == "joined/Relu"
    explanation = inv.explain(net, PICTURE, target="c", layers="all")
    assert [column.layer for column in explanation.columns] == [layer.name for layer in found]
    # The last layer's gradient by hand: global average pooling and one linear layer.
    weights = numpy_helper.to_array(graph.values[-2])
    (caught,) = capture(net, PICTURE, target="c", layers=["last/Conv"]).gradients
    expected = np.broadcast_to(weights[2][:, None, None] / 64, (12, 8, 8))
    np.testing.assert_allclose(caught[0].numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize(("end", "ending"), [(None, ""), ("LogSoftmax", "softmax"), ("Sigmoid", "sigmoids")])
@pytest.mark.filterwarnings("ignore:.*ends in 4 sigmoids:UserWarning")
def test_class_scores_are_those_before_the_ending(tmp_path, end, ending):
    graph, bare = Graph(), Graph()
    net = Classifier.from_onnx(graph.save(residual(graph, end=end), tmp_path / "net.onnx"))
    scores = original(bare.save(residual(bare, end=None), tmp_path / "bare.onnx"), net.preprocess(PICTURE).numpy())
    assert net.module.ending == ending
    np.testing.assert_allclose(net.module(net.preprocess(PICTURE)).detach().numpy(), scores, atol=1e-4)


@pytest.mark.filterwarnings("ignore:.inv-widgets. Integrated gradients")
def test_every_method_works(tmp_path):
    graph = Graph()
    net = Classifier.from_onnx(graph.save(residual(graph), tmp_path / "net.onnx"))
    made = []
    for method in inv.methods():
        if method.kind != "concept" and method.name != "attention_rollout":
            got = inv.saliency(net, PICTURE, method.name, 1, **SMALL.get(method.name, {}))
            assert got.shape == PICTURE.shape[:2]
            assert np.isfinite(got).all()
            assert got.any()
            made.append(method.name)
    assert len(made) >= 20


@pytest.mark.parametrize("method", ["cam", "grad_cam", "score_cam", "full_grad"])
def test_methods_see_no_softmax(tmp_path, method):
    graph, bare = Graph(), Graph()
    one = Classifier.from_onnx(graph.save(residual(graph), tmp_path / "net.onnx"))
    two = Classifier.from_onnx(bare.save(residual(bare, end=None), tmp_path / "bare.onnx"))
    maps = [inv.saliency(net, PICTURE, method, target=1) for net in (one, two)]
    assert np.abs(maps[0]).max() > 0
    np.testing.assert_allclose(*maps, atol=1e-5)


def test_sigmoids_are_told(tmp_path):
    graph = Graph()
    with pytest.warns(UserWarning, match="ends in 4 sigmoids, one a class"):
        Classifier.from_onnx(graph.save(residual(graph, end="Sigmoid"), tmp_path / "net.onnx"))


def test_one_sigmoid_is_two_classes(tmp_path):
    graph = Graph()
    output = graph.head(graph.add("Relu", graph.conv("image", 3, 5)), 5, classes=1, end="Sigmoid")
    path = graph.save(output, tmp_path / "net.onnx")
    net = Classifier.from_onnx(path)
    own = original(path, net.preprocess(PICTURE).numpy())[0, 0]
    np.testing.assert_allclose(probabilities(net), [1 - own, own], atol=1e-5)


def test_a_reshape_after_the_softmax(tmp_path):
    graph = Graph()
    output = graph.add("Reshape", residual(graph), graph.constant(np.array([1, 4], np.int64)))
    net = Classifier.from_onnx(graph.save(output, tmp_path / "net.onnx"))
    assert net.module.ending == "softmax"


class Exported(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU6(), nn.MaxPool2d(2))
        self.more = nn.Conv2d(6, 6, 3, padding=1)
        self.head = nn.Linear(6, 3)

    def forward(self, image):
        maps = self.features(image)
        maps = torch.relu(maps + self.more(maps))
        return self.head(maps.mean((2, 3)).view(image.size(0), -1))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's exporter, the one that needs nothing else
@pytest.mark.parametrize("opset", [13, 18])
def test_a_network_exported_from_torch(tmp_path, opset):
    module = Exported().eval()
    path = tmp_path / "net.onnx"
    torch.onnx.export(module, (torch.zeros(1, 3, 20, 20),), str(path), opset_version=opset, dynamo=False)
    net = Classifier.from_onnx(path)
    assert [layer.kind for layer in inv.layers(net, PICTURE)] == ["conv", "add"]
    own = Classifier.from_module(module, net.transform)
    for mine, other in zip(
        capture(net, PICTURE, 1, "all").gradients, capture(own, PICTURE, 1, "all").gradients, strict=True
    ):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(probabilities(net), probabilities(own), atol=1e-6)


# --- layouts, batches, paddings


def test_channels_last_input(tmp_path):
    graph = Graph((1, 16, 16, 3))
    path = graph.save(residual(graph, graph.add("Transpose", "image", perm=[0, 3, 1, 2])), tmp_path / "net.onnx")
    net = Classifier.from_onnx(path)
    assert net.module.channels_last
    inputs = net.preprocess(PICTURE)
    assert inputs.shape == (1, 3, 16, 16)
    np.testing.assert_allclose(probabilities(net), original(path, inputs.permute(0, 2, 3, 1).numpy())[0], atol=1e-5)
    assert inv.layers(net, PICTURE)[0].map_shape == (16, 16)


def test_sizes_left_free_tell_the_layout_by_what_is_done_first(tmp_path):
    free = ["n", "a", "b", "c"]
    first, last = Graph(free), Graph(free)
    one = Classifier.from_onnx(first.save(residual(first), tmp_path / "first.onnx"))
    turned = last.add("Transpose", "image", perm=[0, 3, 1, 2])
    two = Classifier.from_onnx(last.save(residual(last, turned), tmp_path / "last.onnx"))
    assert (one.module.channels_last, two.module.channels_last) == (False, True)
    assert one.preprocess(PICTURE).shape == two.preprocess(PICTURE).shape == (1, 3, 224, 224)
    np.testing.assert_allclose(probabilities(one), probabilities(two), atol=1e-6)


def test_a_batch_of_one_becomes_any(tmp_path):
    graph = Graph()
    maps = graph.add("Relu", graph.conv("image", 3, 5))
    flat = graph.add("Reshape", graph.add("GlobalAveragePool", maps), graph.constant(np.array([1, -1], np.int64)))
    logits = graph.add("Gemm", flat, graph.weight(3, 5), transB=1)
    net = Classifier.from_onnx(graph.save(logits, tmp_path / "net.onnx"))
    assert not net.module.singly
    batch = torch.rand(3, 3, 16, 16)
    torch.testing.assert_close(net.module(batch)[2:], net.module(batch[2:]))


def test_a_network_for_one_picture_at_a_time(tmp_path):
    graph = Graph()
    maps = graph.add("Relu", graph.conv("image", 3, 5))
    pooled = graph.add("ReduceMean", maps, axes=[0, 2, 3], keepdims=0)  # over the batch too
    logits = graph.add("MatMul", graph.add("Unsqueeze", pooled, graph.constant(np.array([0]))), graph.weight(5, 3))
    net = Classifier.from_onnx(graph.save(logits, tmp_path / "net.onnx"))
    assert net.module.singly
    batch = torch.rand(3, 3, 16, 16)
    torch.testing.assert_close(net.module(batch)[1:2], net.module(batch[1:2]))
    assert len(inv.explain(net, PICTURE).columns) == 1


@pytest.mark.parametrize("pad", ["SAME_UPPER", "SAME_LOWER", "VALID"])
def test_paddings_by_name_and_global_max(tmp_path, pad):
    graph = Graph((1, 3, 17, 14))
    maps = graph.add("Relu", graph.conv("image", 3, 6, 3, strides=[2, 2], auto_pad=pad))
    maps = graph.add("MaxPool", maps, kernel_shape=[2, 2], strides=[1, 1], auto_pad=pad)
    maps = graph.add("Relu", graph.conv(maps, 6, 6, 2, auto_pad=pad))
    flat = graph.add("Flatten", graph.add("GlobalMaxPool", maps))
    logits = graph.add("Gemm", flat, graph.weight(4, 6), transB=1)
    path = graph.save(logits, tmp_path / "net.onnx")
    net = Classifier.from_onnx(path)
    inputs = net.preprocess(PICTURE)
    assert inputs.shape == (1, 3, 17, 14)
    np.testing.assert_allclose(net.module(inputs).detach().numpy(), original(path, inputs.numpy()), atol=1e-5)


# --- preprocessing, copies, left as found


def test_preprocessing(tmp_path):
    graph = Graph()
    path = graph.save(residual(graph), tmp_path / "net.onnx")
    net = Classifier.from_onnx(path)
    assert net.preprocess(np.full((9, 7, 3), 255, np.uint8)).unique().tolist() == [1.0]
    assert net.window(9, 7) == (0, 0, 7, 9)

    def transform(image):
        return torch.from_numpy(np.array(image.resize((16, 16)))).permute(2, 0, 1) / 127.5 - 1

    own = Classifier.from_onnx(path, transform, window=lambda height, width: (1, 1, 5, 5), name="mine")
    assert own.preprocess(np.zeros((9, 7, 3), np.uint8)).unique().tolist() == [-1.0]
    assert (own.name, own.window(9, 7)) == ("mine", (1, 1, 5, 5))
    grey = Graph((1, 1, 16, 16))
    output = grey.head(grey.add("Relu", grey.conv("image", 1, 4)), 4)
    assert Classifier.from_onnx(grey.save(output, tmp_path / "grey.onnx")).preprocess(PICTURE).shape == (1, 1, 16, 16)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))])
def test_copies_work_on_their_own(tmp_path, again):
    graph = Graph()
    net = Classifier.from_onnx(graph.save(residual(graph), tmp_path / "net.onnx"))
    copied = Classifier.from_module(again(net.module), net.transform)
    assert [layer.name for layer in inv.layers(copied, PICTURE)] == [layer.name for layer in inv.layers(net, PICTURE)]
    np.testing.assert_allclose(probabilities(copied), probabilities(net), atol=1e-7)
    assert copied.hash == net.hash


def test_passes_leave_the_network_as_found(tmp_path):
    graph = Graph()
    net = Classifier.from_onnx(graph.save(residual(graph), tmp_path / "net.onnx"))
    net.module.train()
    state = {name: value.clone() for name, value in net.module.state_dict().items()}
    inv.explain(net, PICTURE, layers="all")
    assert all(part.training for part in net.module.modules())
    assert all(torch.equal(value, state[name]) for name, value in net.module.state_dict().items())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in net.module.modules())
    assert all(parameter.grad is None for parameter in net.module.parameters())


# --- what cannot be taken


def test_no_file_no_onnx_no_path(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no file .*absent.onnx: give the path"):
        Classifier.from_onnx(tmp_path / "absent.onnx")
    with pytest.raises(FileNotFoundError):
        Classifier.from_onnx(tmp_path)
    for content in (b"not a network, but words", b"", b"\x08"):
        (tmp_path / "broken.onnx").write_bytes(content)
        with pytest.raises(ValueError, match="is no ONNX file"):
            Classifier.from_onnx(tmp_path / "broken.onnx")
    with pytest.raises(TypeError, match=r"takes the path of an .onnx file, not 3"):
        Classifier.from_onnx(3)


def test_cut_off_and_inconsistent_files(tmp_path):
    graph = Graph()
    path = graph.save(residual(graph), tmp_path / "net.onnx")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"is no (valid )?ONNX file"):
        Classifier.from_onnx(path)
    graph.nodes[0].input[0] = "nowhere"
    graph.save(graph.nodes[-1].output[0], path)
    with pytest.raises(ValueError, match=r"is no valid ONNX file.*Export the network again"):
        Classifier.from_onnx(path)


def test_operators_that_are_lacking_are_named(tmp_path):
    graph = Graph()
    maps = graph.add("LpNormalization", graph.conv("image", 3, 4), axis=1)
    path = graph.save(graph.head(maps, 4), tmp_path / "net.onnx")
    with pytest.raises(ValueError, match=r"cannot be converted: onnx2torch has no LpNormalization. Export"):
        Classifier.from_onnx(path)
    own = Graph()
    own.nodes.append(helper.make_node("Magic", ["image"], ["out"], domain="my.own"))
    model = own.model("out", rank=4)
    model.opset_import.append(helper.make_opsetid("my.own", 1))
    onnx.save(model, path)
    with pytest.raises(ValueError, match=r"onnx2torch has no my.own::Magic"):
        Classifier.from_onnx(path)


def test_inputs_that_are_no_pictures(tmp_path):
    path = tmp_path / "net.onnx"
    graph = Graph((1, 3, 16, 16), TensorProto.UINT8)
    graph.save(residual(graph, graph.add("Cast", "image", to=TensorProto.FLOAT)), path)
    with pytest.raises(ValueError, match=r"input 'image' of .* is 1 x 3 x 16 x 16 of uint8: a batch of pictures is"):
        Classifier.from_onnx(path)
    flat = Graph((1, 12))
    flat.save(flat.add("Relu", "image"), path)
    with pytest.raises(ValueError, match="is 1 x 12 of float"):
        Classifier.from_onnx(path)
    two = Graph()
    two.inputs.append(helper.make_tensor_value_info("second", TensorProto.FLOAT, (1, 3, 16, 16)))
    two.save(residual(two, two.add("Add", "image", "second")), path)
    with pytest.raises(ValueError, match="takes 2 inputs \\('image', 'second'\\): a Classifier gives one picture"):
        Classifier.from_onnx(path)
    many = Graph((1, 5, 16, 16))
    many.save(many.head(many.conv("image", 5, 4), 4), path)
    with pytest.raises(ValueError, match="takes 5 channels: give transform"):
        Classifier.from_onnx(path)
    maps = Graph()
    maps.save(maps.conv("image", 3, 4), path, rank=4)
    with pytest.raises(ValueError, match="returns 1 x 4 x 16 x 16 for one picture"):
        Classifier.from_onnx(path)


def test_a_wrong_conversion_is_refused(tmp_path, monkeypatch):
    import onnx2torch

    graph = Graph()
    path = graph.save(residual(graph), tmp_path / "net.onnx")
    convert = onnx2torch.convert

    def wrong(model):
        converted = convert(model)
        with torch.no_grad():
            next(converted.parameters()).mul_(1.5)
        return converted

    monkeypatch.setattr(onnx2torch, "convert", wrong)
    with pytest.raises(ValueError, match=r"converts .*net.onnx wrongly: its output differs from onnxruntime's by 0"):
        Classifier.from_onnx(path)


def test_without_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'onnx is not installed: pip install "inv-widgets\[onnx\]"'):
        Classifier.from_onnx(tmp_path / "net.onnx")


def test_without_onnxruntime(tmp_path, monkeypatch):
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "onnxruntime" else find(name))
    graph = Graph()
    assert Classifier.from_onnx(graph.save(residual(graph), tmp_path / "net.onnx")).predict(PICTURE)


# --- weights in files of their own


def beside(tmp_path, location):
    graph = Graph()
    model = graph.model(residual(graph))
    folder = tmp_path / "nets"
    folder.mkdir(exist_ok=True)
    path = folder / "net.onnx"
    onnx.save(model, path, save_as_external_data=True, location="net.bin", size_threshold=0)
    if location != "net.bin":
        written = onnx.load(path, load_external_data=False)
        for tensor in written.graph.initializer:
            for entry in tensor.external_data:
                if entry.key == "location":
                    entry.value = location
        path.write_bytes(written.SerializeToString())
    return path


def test_weights_beside_the_file(tmp_path):
    path = beside(tmp_path, "net.bin")
    assert os.path.getsize(path.with_name("net.bin")) > 1000  # noqa: PTH202
    net = Classifier.from_onnx(path)
    np.testing.assert_allclose(probabilities(net), original(path, net.preprocess(PICTURE).numpy())[0], atol=1e-5)
    path.with_name("net.bin").unlink()
    with pytest.raises(FileNotFoundError, match=r"weights of .* are in 'net.bin', which is not there: put that file"):
        Classifier.from_onnx(path)


def test_weights_outside_the_folder_are_not_opened(tmp_path):
    secret = tmp_path / "secret.bin"
    secret.write_bytes(bytes(1_000_000))
    for location in ("../secret.bin", str(secret)):
        with pytest.raises(ValueError, match=r"outside its own folder. That is not opened"):
            Classifier.from_onnx(beside(tmp_path, location))
    path = beside(tmp_path, "net.bin")
    path.with_name("net.bin").unlink()
    path.with_name("net.bin").symlink_to(secret)
    with pytest.raises(ValueError, match="outside its own folder"):
        Classifier.from_onnx(path)


def test_weights_cut_off(tmp_path):
    path = beside(tmp_path, "net.bin")
    data = path.with_name("net.bin")
    data.write_bytes(data.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"weights beside .* cannot be read"):
        Classifier.from_onnx(path)


# --- what torch writes


def test_weights_that_torch_writes_once(tmp_path):
    """Equal weights, such as biases that are all 0, are one initializer and an Identity of it, or of such a one."""
    graph = Graph()
    weight, zeros = graph.weight(6, 3, 3, 3), graph.constant(np.zeros(6, np.float32))
    again = graph.add("Identity", graph.add("Identity", zeros))
    first = graph.add("Relu", graph.add("Conv", "image", weight, again, pads=[1] * 4, name="/first/Conv"))
    own = graph.add(
        "Constant", value=numpy_helper.from_array(graph.random.normal(size=(6, 6, 1, 1)).astype(np.float32))
    )
    second = graph.add("Relu", graph.add("Conv", first, own, again, name="/second/Conv"))
    path = graph.save(graph.head(second, 6), tmp_path / "net.onnx")
    net = Classifier.from_onnx(path)
    np.testing.assert_allclose(probabilities(net), original(path, net.preprocess(PICTURE).numpy())[0], atol=1e-5)
    assert [layer.name for layer in inv.layers(net, PICTURE)] == ["first/Conv", "second/Conv"]


@pytest.mark.parametrize(
    ("starts", "ends", "axes", "steps"),
    [
        ([2], [6], [1], None), ([0, 1], [99, -1], [-1, 2], [2, 3]), ([-1, 3], [-99, 0], [3, 1], [-2, -1]),
        ([0, 2], [1, 5], None, None),
    ],
)  # fmt: skip
def test_slices(tmp_path, starts, ends, axes, steps):
    graph = Graph()
    maps = graph.add("Relu", graph.conv("image", 3, 8))
    given = [graph.constant(np.array(one, np.int64)) if one else "" for one in (starts, ends, axes, steps)]
    while not given[-1]:
        given.pop()
    part = graph.add("Slice", maps, *given)
    maps = graph.add("GlobalAveragePool", part)
    path = graph.save(graph.add("Flatten", maps), tmp_path / "net.onnx")
    net = Classifier.from_onnx(path)
    inputs = net.preprocess(PICTURE)
    with torch.no_grad():
        got = net.module(inputs).numpy()
    np.testing.assert_allclose(got, original(path, inputs.numpy()), atol=1e-5)
    inv.explain(net, PICTURE)
    assert pickle.loads(pickle.dumps(net.module))(inputs).shape == got.shape


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_operators_of_newer_exports(tmp_path, approximate):
    """GELU, splits in so many parts (the last one smaller), reshapes that could mean nothing by a 0."""
    graph = Graph()
    maps = graph.add("Gelu", graph.conv("image", 3, 8, name="/first/Conv"), approximate=approximate)
    parts = graph.add("Split", maps, outputs=3, axis=1, num_outputs=3)
    maps = graph.add("Relu", graph.conv(graph.add("Concat", parts[2], parts[0], axis=1), 5, 6, name="/last/Conv"))
    flat = graph.add("Reshape", graph.add("GlobalAveragePool", maps), graph.constant(np.array([1, 6])), allowzero=1)
    scores = graph.add("Gemm", flat, graph.weight(4, 6), graph.weight(4), transB=1)
    path = graph.save(scores, tmp_path / "net.onnx", opset=20)
    net = Classifier.from_onnx(path)
    inputs = torch.from_numpy(np.random.default_rng(0).normal(0, 2, (1, 3, 16, 16)).astype(np.float32))
    with torch.no_grad():
        np.testing.assert_allclose(net.module(inputs), original(path, inputs.numpy()), atol=2e-6)
    assert net.module.singly is False
    assert [layer.name for layer in inv.layers(net, PICTURE)] == ["first/Conv", "last/Conv"]
    (caught,) = capture(net, PICTURE, target=1, layers=["last/Conv"]).gradients
    weights = numpy_helper.to_array(graph.values[-2])  # of the linear layer, after a mean over 16 x 16 cells
    np.testing.assert_allclose(caught[0, :, 3, 5].numpy(), weights[1] / 256, rtol=1e-4)


def test_a_reshape_to_one_that_is_no_batch(tmp_path):
    """A network for one picture, where a 1 in front is not the batch's: pictures go through one by one."""
    graph = Graph()
    maps = graph.add("GlobalAveragePool", graph.add("Relu", graph.conv("image", 3, 6, name="/first/Conv")))
    rows = graph.add("Reshape", maps, graph.constant(np.array([2, 3])))
    path = graph.save(graph.add("Reshape", rows, graph.constant(np.array([1, 6]))), tmp_path / "net.onnx")
    net = Classifier.from_onnx(path)
    inputs = net.preprocess(PICTURE)
    with torch.no_grad():
        np.testing.assert_allclose(net.module(inputs), original(path, inputs.numpy()), atol=1e-6)
        assert net.module(inputs.repeat(3, 1, 1, 1)).shape == (3, 6)
    assert net.module.singly


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's older exporter, which needs no other package
@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "shufflenet_v2_x0_5"])
def test_networks_that_torch_exported(tmp_path, name):
    from torchvision import models

    from inv_widgets.preprocessing import Preprocessing

    torch.manual_seed(0)
    network = models.get_model(name, weights=None).eval()
    sizes = {"image": {0: "n", 2: "height", 3: "width"}}
    sample, path = torch.rand(1, 3, 64, 64), tmp_path / "net.onnx"
    torch.onnx.export(network, sample, path, dynamo=False, opset_version=17, dynamic_axes=sizes, input_names=["image"])
    net = Classifier.from_onnx(path, Preprocessing(size=64))
    inputs = net.preprocess(PICTURE)
    with torch.no_grad():
        expected = network(inputs)
        np.testing.assert_allclose(net.module(inputs), expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))
    assert len(inv.layers(net, PICTURE)) == len(inv.layers(Classifier.from_module(network, net.transform), PICTURE))
