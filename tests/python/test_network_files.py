"""Networks in files, by name: what the command line needs to be told, what it says, and what is never run."""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

# Before keras is imported, which would also write a file into the home folder.
os.environ["KERAS_BACKEND"] = "torch"
os.environ["KERAS_HOME"] = tempfile.mkdtemp(prefix="keras-")
keras = pytest.importorskip("keras", reason='needs the extra "keras"')
onnx = pytest.importorskip("onnx", reason='needs the extra "onnx"')

from keras import layers as kl  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

import inv_widgets as inv  # noqa: E402
from inv_widgets import cli  # noqa: E402
from inv_widgets.classifier import Classifier  # noqa: E402
from inv_widgets.network_names import load_network  # noqa: E402
from inv_widgets.preprocessing import Preprocessing  # noqa: E402

pytest.importorskip("onnx2torch", reason='needs the extra "onnx"')  # after torchvision was made to work

ROOT = Path(__file__).parents[2]

# Keras saves its variables by numpy.array.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def onnx_file(path, shape=(1, 3, 32, 32), *, classes=3, broken=False):
    """Write one convolution, ReLU, global average pooling and a linear layer."""
    random = np.random.default_rng(0)
    weights = [random.normal(size=size).astype(np.float32) for size in ((8, shape[1] or 3, 3, 3), (classes, 8))]
    if broken:
        weights[1][0, 0] = np.nan
    nodes = [
        helper.make_node("Conv", ["image", "w0"], ["a"], name="conv", pads=[1] * 4),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("GlobalAveragePool", ["b"], ["c"]),
        helper.make_node("Flatten", ["c"], ["d"]),
        helper.make_node("Gemm", ["d", "w1"], ["scores"], transB=1),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [None, classes])
    values = [numpy_helper.from_array(value, f"w{place}") for place, value in enumerate(weights)]
    graph = helper.make_graph(nodes, "net", [image], [scores], initializer=values)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def keras_file(path, *more, shape=(32, 32, 3)):
    first = [keras.Input(shape), *more, kl.Conv2D(8, 3, activation="relu"), kl.GlobalAveragePooling2D()]
    keras.Sequential([*first, kl.Dense(3, activation="softmax")]).save(path)
    return path


def changed(path, change):
    """Change a .keras file's description."""
    with zipfile.ZipFile(path) as parts:
        held = {name: parts.read(name) for name in parts.namelist()}
    described = json.loads(held["config.json"])
    change(described)
    held["config.json"] = json.dumps(described).encode()
    with zipfile.ZipFile(path, "w") as parts:
        for name, content in held.items():
            parts.writestr(name, content)
    return path


@pytest.fixture
def photo(tmp_path):
    file = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (60, 90, 3), np.uint8)).save(file)
    return file


@pytest.fixture
def command(photo, tmp_path, capsys):
    """Explain the photo; gives status, output and errors."""

    def explain(network, *options):
        out = tmp_path / "run.parquet"
        arguments = ["explain", photo, "--network", network, "--out", out, "--no-resume", *options]
        status = cli.main(list(map(str, arguments)))
        told = capsys.readouterr()
        return status, told.out, told.err

    return explain


# --- what works


def test_explain_by_an_onnx_file(command, tmp_path):
    path = onnx_file(tmp_path / "net.onnx")
    (tmp_path / "names.txt").write_text("cat\ndog\n\nfly\n", "utf-8")
    status, out, err = command(f"onnx:{path}", "--categories", tmp_path / "names.txt", "--target", "fly")
    assert status == 0, err
    assert "net: pictures are squeezed to 32 x 32 pixels, values unit" in out
    assert "its classes are named." in out
    (explanation,) = inv.load(tmp_path / "run.parquet")
    assert (explanation.target, explanation.target_name, explanation.window) == (2, "fly", (0, 0, 90, 60))


def test_explain_by_a_keras_file_with_its_own_window(command, tmp_path):
    path = keras_file(tmp_path / "my net.keras", kl.Rescaling(1 / 255))
    status, out, err = command(f"keras:{path}", "--resize", "40")
    assert status == 0, err
    assert "my net: pictures are resized to 40 and cut to 32 x 32 pixels, values bytes" in out
    assert "its classes are numbered (--categories names them)." in out
    (explanation,) = inv.load(tmp_path / "run.parquet")
    assert explanation.target_name.startswith("class ")
    assert explanation.window == (21.0, 6.0, 48.0, 48.0)  # 60 x 90, of which 40 x 60 pixels, of which the middle 32


def test_size_where_the_file_says_none(tmp_path):
    path = onnx_file(tmp_path / "net.onnx", ("N", 3, "H", "W"))
    sizes = [load_network(f"onnx:{path}").preprocess(np.zeros((9, 9, 3), np.uint8)).shape[2:]]
    given = Preprocessing(size=(20, 30))
    sizes.append(load_network(f"onnx:{path}", preprocessing=given).preprocess(np.zeros((9, 9, 3), np.uint8)).shape[2:])
    assert sizes == [(224, 224), (20, 30)]


def test_the_command_starts_keras_on_torch_by_itself(photo, tmp_path):
    path = keras_file(tmp_path / "net.keras")
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    command = [
        sys.executable,
        "-m",
        "inv_widgets.cli",
        "explain",
        photo,
        "--network",
        f"keras:{path}",
        "--out",
        "r.parquet",
    ]
    done = subprocess.run(
        list(map(str, command)), cwd=tmp_path, env=environment | {"PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(inv.load(tmp_path / "r.parquet")) == 1


# --- preprocessing


@pytest.mark.parametrize(
    ("values", "black", "white"),
    [("unit", [0] * 3, [1] * 3), ("bytes", [0] * 3, [255] * 3), ("signed", [-1] * 3, [1] * 3),
     ("imagenet", [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225], [0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225])],
)  # fmt: skip
def test_values(values, black, white):
    transform = Preprocessing(values=values).transform((3, 4, 4), "it")
    for colour, expected in ((0, black), (255, white)):
        made = transform(Image.new("RGB", (6, 6), (colour,) * 3))
        np.testing.assert_allclose(made.numpy(), np.broadcast_to(np.reshape(expected, (3, 1, 1)), (3, 4, 4)), rtol=1e-5)


@pytest.mark.parametrize("shape", [(40, 90), (90, 41), (64, 64)])
def test_what_is_cut_out_is_the_window(shape):
    """Every pixel holds its own place: the input's corners are where the window says."""
    down, across = np.meshgrid(np.arange(shape[0]), np.arange(shape[1]), indexing="ij")
    picture = np.stack([across, down, across * 0], -1).astype(np.uint8)
    transform = Preprocessing(size=(24, 32), resize=36).transform((3, 24, 32), "it", values="bytes")
    left, top, width, height = transform.window(*shape)
    made = transform(Image.fromarray(picture)).numpy()
    for row, column in ((4, 4), (19, 27), (12, 16)):
        place = left + (column + 0.5) * width / 32 - 0.5, top + (row + 0.5) * height / 24 - 0.5
        np.testing.assert_allclose(made[:2, row, column], place, atol=0.6)


def test_preprocessing_that_cannot_be(tmp_path):
    for wrong, told in (
        ({"size": 0}, "size=0 is not possible: give pixels"),
        ({"size": (3, 4, 5)}, r"size=\(3, 4, 5\) is not possible"),
        ({"resize": -1}, "resize=-1 is not possible"),
        ({"values": "raw"}, "values='raw' is not possible: give 'unit', 'bytes'"),
    ):
        with pytest.raises(ValueError, match=told):
            Preprocessing(**wrong)
    path = onnx_file(tmp_path / "grey.onnx", (1, 1, 32, 32))
    for wrong, told in (
        (Preprocessing(size=64), "grey.onnx takes pictures of 32 x 32 pixels, not 64 x 64: leave the size away"),
        (Preprocessing(resize=20), "resize=20 is less than the 32 x 32 pixels"),
        (Preprocessing(values="imagenet"), "takes grey pictures"),
    ):
        with pytest.raises(ValueError, match=told):
            Classifier.from_onnx(path, wrong)


# --- what cannot be


def test_what_the_command_line_answers(command, tmp_path):
    def told(network, *options):
        status, out, err = command(network, *options)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert err.startswith("[inv-widgets] ")
        return err

    path = onnx_file(tmp_path / "net.onnx")
    (tmp_path / "two.txt").write_text("cat\ndog\n", "utf-8")
    assert "returns 3 logits but has 2 category names" in told(f"onnx:{path}", "--categories", tmp_path / "two.txt")
    assert "--categories" in told(f"onnx:{path}", "--categories", tmp_path / "none.txt")
    assert "--size 0x3 is not possible: give pixels, such as 224" in told(f"onnx:{path}", "--size", "0x3")
    assert "There is no file" in told(f"onnx:{tmp_path}/no.onnx")
    assert "is no ONNX file" in told(f"onnx:{tmp_path}/two.txt")
    assert "logits that are NaN" in told(f"onnx:{onnx_file(tmp_path / 'nan.onnx', broken=True)}")
    four = onnx_file(tmp_path / "four.onnx", (1, 4, 32, 32))
    assert "takes 4 channels: give transform" in told(f"onnx:{four}")
    assert "package.module:factory" in told(f"onnx:{four}")
    assert "brings its categories and its preprocessing along" in told("demo:fashion", "--values", "unit")
    assert "is not there: give the path of a .keras file" in told(f"keras:{tmp_path}/no.keras")
    assert "is a folder" in told(f"keras:{tmp_path}")
    assert "is no .keras file of Keras 3" in told(f"keras:{tmp_path}/two.txt")


def test_a_wrong_guess_of_the_size_is_told(tmp_path):
    random = np.random.default_rng(0).normal(size=(3, 3 * 8 * 8)).astype(np.float32)
    nodes = [helper.make_node("Flatten", ["image"], ["a"]), helper.make_node("Gemm", ["a", "w"], ["b"], transB=1)]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, (1, 3, "H", "W"))
    scores = helper.make_tensor_value_info("b", TensorProto.FLOAT, [None, 3])
    graph = helper.make_graph(nodes, "n", [image], [scores], initializer=[numpy_helper.from_array(random, "w")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "n.onnx")
    with pytest.raises(ValueError, match=r"an input of 1 x 3 x 224 x 224: .* Its file does not say the size: give it"):
        Classifier.from_onnx(tmp_path / "n.onnx")
    assert Classifier.from_onnx(tmp_path / "n.onnx", Preprocessing(size=8)).categories[2] == "class 2"


@pytest.mark.parametrize("kind", ["onnx", "keras"])
def test_a_missing_extra_is_named(kind, tmp_path, monkeypatch):
    path = onnx_file(tmp_path / "net.onnx") if kind == "onnx" else keras_file(tmp_path / "net.keras")
    for package in ("onnx", "onnx2torch", "keras"):
        monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=rf'pip install "inv-widgets\[{kind}\]"'):
        load_network(f"{kind}:{path}")


# --- Keras files that are not to be trusted


def test_old_and_damaged_keras_files(tmp_path):
    def refused(name, told):
        with pytest.raises(ValueError, match=told):
            load_network(f"keras:{tmp_path / name}")

    keras_file(tmp_path / "old.h5")
    refused("old.h5", "old format, which can run code")
    (tmp_path / "old.h5").rename(tmp_path / "renamed.keras")
    refused("renamed.keras", "is no .keras file of Keras 3")
    with zipfile.ZipFile(tmp_path / "weights.keras", "w") as parts:
        parts.writestr("config.json", "{}")
    refused("weights.keras", "with its weights")
    with zipfile.ZipFile(tmp_path / "text.keras", "w") as parts:
        parts.writestr("config.json", "{")
        parts.writestr("model.weights.h5", b"")
    refused("text.keras", "is damaged")
    content = keras_file(tmp_path / "cut.keras").read_bytes()
    (tmp_path / "cut.keras").write_bytes(content[:-200])
    refused("cut.keras", "is no .keras file of Keras 3")
    other = changed(keras_file(tmp_path / "other.keras"), lambda d: d["config"]["layers"][-1]["config"].update(units=4))
    refused(other.name, "cannot load .*other.keras")


def dropped(described):
    """Where a layer stands that a file's writer can replace."""
    return described["config"]["layers"][1]


@pytest.mark.parametrize(
    "layer",
    [
        {"module": "keras.layers", "class_name": "Lambda", "config": {"function": {"class_name": "__lambda__"}}},
        {"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {"module": "gAR9"}},
        {"module": "os", "class_name": "function", "config": "getcwd", "registered_name": "getcwd"},
        {"module": "keras.utils", "class_name": "function", "config": "get_file", "registered_name": "get_file"},
        {"module": "keras.config", "class_name": "function", "config": "enable_unsafe_deserialization"},
        {"module": "keras.src.ops.numpy", "class_name": "function", "config": "add"},
        {"module": "builtins", "class_name": "eval", "config": {}},
        {"module": None, "class_name": "Mine", "config": {}, "registered_name": "mine>Mine"},
        {"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": "/etc/hostname"}},
        {"module": "keras", "class_name": "layers.StringLookup", "config": {"vocabulary": "/etc/hostname"}},
        {"module": "keras", "class_name": "layers.TorchModuleWrapper", "config": {"module": "gAR9"}},
        {"module": "keras", "class_name": "saving.load_model", "config": {}},
        {"module": "keras.src.layers.preprocessing.index_lookup", "class_name": "IndexLookup", "config": {}},
        {"module": "keras.layers", "class_name": ["Lambda"], "config": {}},
    ],
)
@pytest.mark.parametrize("place", ["layer", "inside"])
def test_files_that_hold_more_than_layers_never_reach_keras(layer, place, tmp_path, monkeypatch):
    path = keras_file(tmp_path / "net.keras")
    if place == "layer":
        changed(path, lambda d: dropped(d).update(layer))
    else:
        changed(path, lambda d: dropped(d)["config"].update(activation=layer))
    monkeypatch.setattr(keras.saving, "load_model", lambda *_, **__: pytest.fail("Keras was given the file"))
    with pytest.raises(ValueError, match=r"holds .*more than Keras's own layers"):
        Classifier.from_keras(path)


@pytest.mark.parametrize("functional", [False, True])
def test_a_compiled_model_inside_a_model_is_refused_with_advice_that_works(functional, tmp_path, monkeypatch):
    image = keras.Input((8, 8, 3))
    scores = kl.Dense(3, activation="softmax")(kl.GlobalAveragePooling2D()(kl.Conv2D(4, 3)(image)))
    inner = keras.Model(image, scores, name="body")
    inner.compile("adam", "mse")
    model = keras.Model(image, inner(image)) if functional else keras.Sequential([image, inner])
    model.compile("adam", "mse")
    path = tmp_path / "net.keras"
    model.save(path)
    told = r"holds a compiled model 'body' inside its model, and .*: Adam\. .*get_layer\(\.\.\.\)\.compiled = False"
    with monkeypatch.context() as patched:
        patched.setattr(keras.saving, "load_model", lambda *_, **__: pytest.fail("Keras was given the file"))
        with pytest.raises(ValueError, match=told):
            Classifier.from_keras(path)
    model.get_layer("body").compiled = False
    model.save(path)
    picture = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    read, expected = (Classifier.from_keras(one, categories=["a", "b", "c"]) for one in (path, model))
    for one, two in zip(read.predict(picture), expected.predict(picture), strict=True):
        assert (one.index, one.probability) == (two.index, pytest.approx(two.probability, abs=1e-6))


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_what_an_inner_model_was_compiled_with_hides_nothing(depth, tmp_path, monkeypatch):
    hidden = {"module": "builtins", "class_name": "eval", "config": {}}
    for _ in range(depth):
        hidden = {"compile_config": hidden}
    path = changed(keras_file(tmp_path / "net.keras"), lambda d: dropped(d).update(hidden))
    monkeypatch.setattr(keras.saving, "load_model", lambda *_, **__: pytest.fail("Keras was given the file"))
    with pytest.raises(ValueError, match=r"holds a compiled model .*builtins: eval\. .*the file is not loaded"):
        Classifier.from_keras(path)


def test_keras_is_asked_for_its_safe_mode(tmp_path, monkeypatch):
    asked = {}
    load = keras.saving.load_model

    def spy(path, **options):
        asked.update(options)
        return load(path, **options)

    monkeypatch.setattr(keras.saving, "load_model", spy)
    assert Classifier.from_keras(keras_file(tmp_path / "net.keras")).name == "net"
    assert asked == {"compile": False, "safe_mode": True}


def test_what_keras_itself_writes_is_taken(tmp_path):
    """Functional models in models, operations, attention, regularisers, constraints, mixed precision, an optimiser."""
    image = keras.Input((32, 32, 3))
    constraint = keras.constraints.MaxNorm()
    maps = kl.Conv2D(4, 3, activation="relu", kernel_regularizer="l2", kernel_constraint=constraint)(image)
    maps = keras.ops.relu(maps) + 1.0
    maps = kl.Conv2D(4, 3, activation=keras.activations.gelu, dtype="mixed_bfloat16")(maps)
    tokens = kl.Reshape((-1, 4))(maps)
    pooled = kl.GlobalAveragePooling1D()(kl.MultiHeadAttention(2, 2)(tokens, tokens))
    inner = keras.Model(image, kl.Dense(3, dtype="float32")(pooled))
    model = keras.Sequential([keras.Input((32, 32, 3)), kl.RandomFlip(), inner])
    model.compile("adam", "mse")
    model.save(tmp_path / "net.keras")
    net = load_network(f"keras:{tmp_path / 'net.keras'}", categories=["a", "b", "c"])
    expected = Classifier.from_keras(model, categories=["a", "b", "c"])
    picture = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    for one, two in zip(net.predict(picture), expected.predict(picture), strict=True):
        assert (one.index, one.probability) == (two.index, pytest.approx(two.probability, abs=1e-6))
