"""Any picture in, upright RGB out: every mode, worked out by hand."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis.extra import numpy as hnp
from PIL import Image

from inv_widgets.pictures import load_picture, shrink

RED, GREEN = (255, 0, 0), (0, 255, 0)


def pixels(picture):
    return load_picture(picture).array.tolist()


def saved(folder, image, name, **options):
    path = folder / name
    image.save(path, **options)
    return path


def test_a_path_gives_its_pixels_and_its_name(tmp_path):
    array = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    path = saved(tmp_path, Image.fromarray(array), "dog.png")
    for given_path in (path, str(path)):
        picture = load_picture(given_path)
        assert picture.array.tolist() == array.tolist()
        assert (picture.name, picture.height, picture.width) == ("dog.png", 2, 4)
    assert load_picture(path, name="my dog").name == "my dog"


def test_without_a_path_the_name_is_picture_or_the_given_one():
    array = np.zeros((2, 2, 3), np.uint8)
    assert load_picture(array).name == "picture"
    assert load_picture(array, name="black").name == "black"


def test_the_array_is_a_read_only_copy():
    array = np.zeros((2, 2, 3), np.uint8)
    picture = load_picture(array)
    array[0, 0] = 9
    assert picture.array.max() == 0
    assert not picture.array.flags.writeable
    assert array.flags.writeable
    picture.image.putpixel((0, 0), RED)
    assert picture.array.max() == 0


def test_a_loaded_picture_stays_what_it_is():
    picture = load_picture(np.zeros((2, 2, 3), np.uint8), name="black")
    assert load_picture(picture) is picture
    renamed = load_picture(picture, name="dark")
    assert (renamed.name, renamed.hash) == ("dark", picture.hash)


def test_the_hash_is_that_of_the_upright_content(tmp_path):
    array = np.random.default_rng(0).integers(0, 256, (3, 5, 3), np.uint8)
    path = saved(tmp_path, Image.fromarray(array), "a.png")
    assert load_picture(path).hash == load_picture(array).hash
    assert len(load_picture(path).hash) == 16
    changed = array.copy()
    changed[2, 4, 2] ^= 1
    assert load_picture(changed).hash != load_picture(array).hash
    assert load_picture(array.reshape(5, 3, 3)).hash != load_picture(array).hash


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [
        ("L", 100, (100, 100, 100)),
        ("1", 1, (255, 255, 255)),
        ("RGB", (1, 2, 3), (1, 2, 3)),
        ("RGBA", (255, 0, 0, 255), RED),
        ("RGBA", (255, 0, 0, 0), (255, 255, 255)),
        # 255 * (1 - 51/255) = 204
        ("RGBA", (255, 0, 0, 51), (255, 204, 204)),
        # 0 * 128/255 + 255 * 127/255 = 127
        ("LA", (0, 128), (127, 127, 127)),
        ("CMYK", (0, 255, 255, 0), RED),
        ("CMYK", (0, 0, 0, 255), (0, 0, 0)),
        ("YCbCr", (255, 128, 128), (255, 255, 255)),
        ("I;16", 65535, (255, 255, 255)),
        # 32768 / 257 = 127.5 -> 128
        ("I;16", 32768, (128, 128, 128)),
        ("I;16", 257, (1, 1, 1)),
        ("I", 65535, (255, 255, 255)),
        ("I", 25700, (100, 100, 100)),
        ("F", 1.0, (255, 255, 255)),
        ("F", 0.5, (128, 128, 128)),
    ],
)
def test_every_mode(mode, value, expected):
    assert pixels(Image.new(mode, (3, 2), value)) == [[list(expected)] * 3] * 2


def test_16_bit_files_are_scaled_not_clipped(tmp_path):
    ramp = np.array([[0, 257, 25700, 65535]], np.uint16)
    for name in ("ramp.png", "ramp.tif"):
        path = saved(tmp_path, Image.fromarray(ramp), name)
        assert load_picture(path).array[0, :, 1].tolist() == [0, 1, 100, 255]


def test_a_palette_with_a_transparent_colour(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putdata([0, 1])
    assert pixels(image) == [[list(RED), list(GREEN)]]
    path = saved(tmp_path, image, "palette.png", transparency=1)
    assert pixels(path) == [[list(RED), [255, 255, 255]]]


def test_a_transparent_colour_of_an_rgb_file(tmp_path):
    image = Image.new("RGB", (2, 1), RED)
    image.putpixel((1, 0), GREEN)
    path = saved(tmp_path, image, "keyed.png", transparency=GREEN)
    assert pixels(path) == [[list(RED), [255, 255, 255]]]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_the_picture_upright(tmp_path, orientation):
    upright = np.random.default_rng(1).integers(0, 256, (4, 6, 3), np.uint8)
    # What a camera stores for each EXIF orientation.
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: np.rot90(upright.transpose(1, 0, 2), 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(np.ascontiguousarray(stored))
    path = saved(tmp_path, image, "turned.png", exif=exif)
    assert pixels(path) == upright.tolist()
    with Image.open(path) as opened:
        assert pixels(opened) == upright.tolist()
        assert np.array(opened).tolist() == stored.tolist(), "the caller's image stays as it is"


def test_the_first_frame_of_an_animation(tmp_path):
    frames = [Image.new("RGB", (3, 3), colour) for colour in (RED, GREEN)]
    path = saved(tmp_path, frames[0], "moving.gif", save_all=True, append_images=frames[1:])
    assert pixels(path) == [[list(RED)] * 3] * 3


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_float_arrays_are_0_to_1(dtype):
    array = np.zeros((1, 3, 3), dtype)
    array[0, 1], array[0, 2] = 0.5, 1
    assert load_picture(array).array[0, :, 0].tolist() == [0, 128, 255]


def test_arrays_with_one_two_and_four_channels():
    grey = np.array([[10, 20]], np.uint8)
    expected = [[[10] * 3, [20] * 3]]
    assert pixels(grey) == expected
    assert pixels(grey[..., None]) == expected
    assert pixels(np.stack([grey, np.full_like(grey, 255)], axis=2)) == expected
    assert pixels(np.array([[[255, 0, 0, 0.2]]]) * [1 / 255, 1, 1, 1]) == [[[255, 204, 204]]]


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_tensors_are_channels_first(dtype):
    tensor = torch.zeros(3, 2, 4, dtype=dtype)
    tensor[0, 1, 3] = 255 if dtype == torch.uint8 else 1
    array = load_picture(tensor).array
    assert array.shape == (2, 4, 3)
    assert array[1, 3].tolist() == list(RED)
    assert array.sum() == 255


def test_tensors_that_need_a_gradient_and_grey_ones():
    tensor = torch.full((1, 2, 2), 0.2, requires_grad=True)
    assert pixels(tensor) == [[[51] * 3] * 2] * 2
    assert tensor.requires_grad


def test_sparse_tensors():
    assert not load_picture(torch.zeros(3, 4, 4).to_sparse()).array.any()


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=3, max_dims=3, max_side=6).map(lambda s: (*s[:2], 3))))
def test_uint8_float_tensor_and_png_agree(array):
    as_float = array / 255
    expected = array.tolist()
    assert pixels(array) == expected
    assert pixels(as_float) == expected
    assert pixels(as_float.astype(np.float32)) == expected
    assert pixels(torch.from_numpy(array).permute(2, 0, 1)) == expected
    assert pixels(Image.fromarray(array)) == expected


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (3000, 2)])
def test_tiny_and_long_ones(shape):
    assert load_picture(np.zeros((*shape, 3), np.uint8)).array.shape == (*shape, 3)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (np.zeros((3, 4, 4, 3), np.uint8), ValueError, "3 x 4 x 4 x 3.* Take one picture of the batch: array"),
        (np.zeros((3, 40, 50), np.uint8), ValueError, r"3 x 40 x 50.* array.transpose\(1, 2, 0\)"),
        (np.zeros((0, 4, 3), np.uint8), ValueError, "0 x 4 x 3"),
        (np.zeros(4, np.uint8), ValueError, "not 4"),
        (np.float64(0.5), ValueError, "a single number"),
        (np.zeros((4, 4, 3), np.int64), TypeError, "not int64"),
        (np.zeros((4, 4, 3), np.uint16), TypeError, "not uint16"),
        (np.zeros((4, 4, 3), bool), TypeError, "not bool"),
        (np.full((4, 4, 3), 200.0), ValueError, "200 to 200.* Divide"),
        (np.full((4, 4, 3), -0.5), ValueError, "-0.5 to -0.5"),
        (np.full((4, 4, 3), np.nan), ValueError, "NaN"),
        (np.full((4, 4, 3), np.inf), ValueError, "infinite"),
        (torch.zeros(1, 3, 4, 4), ValueError, r"1 x 3 x 4 x 4.* tensor\[0\]"),
        (torch.zeros(40, 50, 3), ValueError, r"40 x 50 x 3.*tensor.permute\(2, 0, 1\)"),
        (torch.zeros(3, 4, 4, dtype=torch.int32), TypeError, "tensor is uint8.* not int32"),
        (torch.zeros(3, 4, 4, device="meta"), ValueError, r"tensor \(3 x 4 x 4\) is on the meta device"),
        (torch.randn(3, 40, 40), ValueError, "not what a transform made of it"),
        (Image.new("I", (2, 2), 70000), ValueError, "70000"),
        (Image.new("I", (2, 2), -1), ValueError, "-1"),
        (Image.new("F", (2, 2), 128.0), ValueError, "128"),
        (None, TypeError, "The picture is a NoneType: give a path"),
        ([[1, 2]], TypeError, "The picture is a list"),
        (Image.new("RGB", (0, 4)), ValueError, r"is empty \(0 x 4 pixels\)"),
        (b"bytes", TypeError, "The picture is a bytes"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(value, error, message):
    with pytest.raises(error, match=r"^\[inv-widgets\] .*" + message):
        load_picture(value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^\[inv-widgets\] There is no picture file '.*no.png'"):
        load_picture(tmp_path / "no.png")
    with pytest.raises(FileNotFoundError, match="Download it first"):
        load_picture("https://example.org/dog.png")
    with pytest.raises(IsADirectoryError, match=r"^\[inv-widgets\] .* is a folder"):
        load_picture(tmp_path)
    for name, content, why in (
        ("text.png", "no picture", "its format is unknown. Save it as PNG or JPEG."),
        ("empty.jpg", "", "the file is empty. Get it again."),
        ("phone.HEIC", "a picture", "PIL needs a plugin for HEIC. Save it as JPEG, or pip install pillow-heif"),
    ):
        (tmp_path / name).write_text(content)
        with pytest.raises(ValueError, match=rf"^\[inv-widgets\] '.*{name}' cannot be read as a picture: {why}"):
            load_picture(tmp_path / name)
    whole = saved(tmp_path, Image.effect_noise((64, 64), 50).convert("RGB"), "whole.jpg")
    cut = tmp_path / "cut.jpg"
    for length in (len(whole.read_bytes()) - 900, 300):  # in its pixels, and before them
        cut.write_bytes(whole.read_bytes()[:length])
        with pytest.raises(ValueError, match=r"^\[inv-widgets\] '.*cut.jpg' cannot be read: .*cut short"):
            load_picture(cut)


def test_an_image_whose_file_is_closed(tmp_path):
    image = Image.open(saved(tmp_path, Image.new("RGB", (2, 2)), "closed.png"))
    image.close()
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] this RGB image cannot be read as RGB: .*closed"):
        load_picture(image)


def test_a_decompression_bomb_is_refused(tmp_path, monkeypatch):
    path = saved(tmp_path, Image.new("L", (100, 100)), "huge.png")
    for limit in (9_999, 4_999):  # PIL warns above the limit and refuses above twice the limit
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with pytest.raises(ValueError, match=rf"^\[inv-widgets\] The picture '.*huge.png' is too large.*{limit:,}"):
            load_picture(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    assert load_picture(path).width == 100


def test_broken_exif_does_no_harm(tmp_path):
    path = saved(tmp_path, Image.new("RGB", (2, 2), RED), "odd.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f", quality=100)
    assert load_picture(path).width == 2


def test_shrinking():
    array = np.zeros((100, 401, 3), np.uint8)
    smaller, scale = shrink(array, 200)
    assert smaller.shape == (50, 200, 3)
    assert smaller.dtype == np.uint8
    assert scale == 200 / 401
    assert shrink(array, 401) == (array, 1.0)
    thin, _ = shrink(np.zeros((2, 1000, 3), np.uint8), 10)
    assert thin.shape == (1, 10, 3)
    with pytest.raises(ValueError, match=r"\[inv-widgets\] .* 0 pixels"):
        shrink(array, 0)


def test_importing_pictures_loads_no_torch():
    code = "import inv_widgets.pictures, inv_widgets.torch_support, sys; sys.exit('torch' in sys.modules)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
