"""Readers of data sets with masks, on tiny folders in the real formats."""

import csv
import json
import pickle
import shutil

import numpy as np
import pytest
from PIL import Image

import inv_widgets as inv
from inv_widgets.datasets import VOC_CATEGORIES, MaskedSample
from inv_widgets.pictures import load_picture

SIZE = (6, 8)  # height, width


def picture(path, size=SIZE):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((*size, 3), 90, np.uint8)).save(path)
    return path


def block(top, bottom, left, right, size=SIZE):
    mask = np.zeros(size, bool)
    mask[top:bottom, left:right] = True
    return mask


# --- VOC


def thing(name, box, difficult=0):
    sides = "".join(
        f"<{side}>{value}</{side}>" for side, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
    )
    return (
        f"<object><name>{name}</name><pose>Left</pose><truncated>0</truncated><difficult>{difficult}</difficult>"
        f"<bndbox>{sides}</bndbox><part><name>head</name><bndbox><xmin>1</xmin></bndbox></part></object>"
    )


def annotation(*things):
    return f"<annotation><folder>VOC2007</folder><size><width>8</width></size>{''.join(things)}</annotation>"


@pytest.fixture
def voc(tmp_path):
    folder = tmp_path / "VOCdevkit" / "VOC2007"
    for name in ("000001", "000002", "000003"):
        picture(folder / "JPEGImages" / f"{name}.jpg")
    written = folder / "Annotations"
    written.mkdir()
    (written / "000001.xml").write_text(
        annotation(thing("dog", (2, 1, 4, 3)), thing("person", (1, 1, 8, 5)), thing("dog", (7, 6, 8, 6), 1))
    )
    (written / "000002.xml").write_text(annotation(thing("car", (1.4, 1, 2.6, 6))))
    (written / "000003.xml").write_text(annotation(thing("cat", (1, 1, 2, 2), 1)))
    for kind, names in (("Main", "000001\n000002\n000003\n"), ("Segmentation", "000001\n")):
        lists = folder / "ImageSets" / kind
        lists.mkdir(parents=True)
        (lists / "test.txt").write_text(names)
    (folder / "ImageSets" / "Main" / "dog_test.txt").write_text("000001  1\n")
    indices = np.zeros(SIZE, np.uint8)
    indices[1:4, 2:5] = VOC_CATEGORIES.index("dog") + 1
    indices[4:, :] = VOC_CATEGORIES.index("person") + 1
    indices[0, 0] = 255
    segmentation = Image.fromarray(indices)
    segmentation.putpalette(np.random.default_rng(0).integers(0, 256, 768, np.uint8).tobytes())
    (folder / "SegmentationClass").mkdir()
    segmentation.save(folder / "SegmentationClass" / "000001.png")
    return tmp_path


def test_voc_boxes(voc):
    one, two, three = inv.datasets.voc(voc)
    assert [sample.name for sample in (one, two, three)] == ["000001.jpg", "000002.jpg", "000003.jpg"]
    assert (one.category, one.categories) == ("person", ("dog", "person"))
    assert (one.mask("dog") == block(0, 3, 1, 4) | block(5, 6, 6, 8)).all()
    assert (one.mask() == block(0, 5, 0, 8)).all()
    assert one.mask().dtype == np.bool_
    assert (two.mask() == block(0, 6, 0, 3)).all()
    assert load_picture(one).array.shape == (*SIZE, 3)
    assert set(one.masks) == {"dog", "person"}
    assert pickle.loads(pickle.dumps(one)) == one


@pytest.mark.parametrize("root", [".", "VOCdevkit", "VOCdevkit/VOC2007"])
def test_voc_is_found_from_each_of_its_folders(voc, root):
    assert len(inv.datasets.voc(str(voc / root), 2007, "test")) == 3


def test_voc_without_difficult_objects(voc):
    found = inv.datasets.voc(voc, difficult=False)
    assert [sample.name for sample in found] == ["000001.jpg", "000002.jpg"]
    assert (found[0].mask("dog") == block(0, 3, 1, 4)).all()


def test_voc_segmentation(voc):
    (one,) = inv.datasets.voc(voc, masks="segmentation")
    assert (one.category, one.categories) == ("person", ("dog", "person"))
    assert (one.mask("dog") == block(1, 4, 2, 5)).all()
    assert (one.mask("person") == block(4, 6, 0, 8)).all()


def test_another_category_of_a_sample(voc):
    one, two, _ = inv.datasets.voc(voc)
    assert one.of("dog").category == "dog"
    assert (one.of("dog").mask() == one.mask("dog")).all()
    with pytest.raises(KeyError, match=r"000002.jpg does not show 'dog'. It shows 'car'"):
        two.mask("dog")
    with pytest.raises(KeyError, match="does not show 'dog'"):
        two.of("dog")


def test_voc_missing_or_incomplete(voc, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no folder .*nowhere. voc\(\) reads VOCdevkit/VOC2007.*http"):
        inv.datasets.voc(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"there is no .*Annotations and .*VOC2012/Annotations .*voc2012"):
        inv.datasets.voc(voc, "2012")
    with pytest.raises(ValueError, match=r"no split 'val': use one of test. "):
        inv.datasets.voc(voc, split="val")
    with pytest.raises(ValueError, match="no VOC '2010' here: use one of 2007, 2012"):
        inv.datasets.voc(voc, "2010")
    with pytest.raises(ValueError, match="masks='both' is not possible"):
        inv.datasets.voc(voc, masks="both")
    folder = voc / "VOCdevkit" / "VOC2007"
    (folder / "SegmentationClass" / "000001.png").unlink()
    with pytest.raises(FileNotFoundError, match="1 of 1 segmentations are missing"):
        inv.datasets.voc(voc, masks="segmentation")
    (folder / "JPEGImages" / "000002.jpg").unlink()
    with pytest.raises(FileNotFoundError, match=r"1 of 3 pictures are missing, such as .*000002.jpg"):
        inv.datasets.voc(voc)
    shutil.rmtree(folder / "JPEGImages")
    with pytest.raises(FileNotFoundError, match="3 of 3 pictures are missing"):
        inv.datasets.voc(voc)


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><annotation>&c;</annotation>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><annotation>&b;</annotation>'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<annotation><object>", "no element found|mismatched"),
        ("not xml", "syntax error"),
        (b"\xff\xfe<\x00a\x00", "codec can't decode"),
        (BOMB, "declares a document type"),
        (OUTSIDE, "declares a document type"),
        ("<annotation>" + " " * (1 << 20) + "</annotation>", "over a megabyte"),
        (annotation(thing("dragon", (1, 1, 2, 2))), "the category 'dragon', which VOC has not"),
        (annotation("<object><name>dog</name></object>"), "the box .* of 'dog' is none"),
        (annotation(thing("dog", (5, 1, 2, 2))), "the box .* of 'dog' is none"),
        (annotation(thing("dog", (1, 1, "1e9", 2))), "the box .* of 'dog' is none"),
        (annotation(thing("dog", (1, 1, "x", 2))), "the box .* of 'dog' is none"),
    ],
)
def test_voc_annotations_that_are_broken_or_malicious(voc, text, reason):
    file = voc / "VOCdevkit" / "VOC2007" / "Annotations" / "000001.xml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=rf"\[inv-widgets\] .*000001.xml cannot be read: .*({reason}).*VOC/voc2007"):
        inv.datasets.voc(voc)


def test_voc_lists_and_segmentations_that_are_broken(voc):
    folder = voc / "VOCdevkit" / "VOC2007"
    picture(folder / "SegmentationClass" / "000001.png")
    with pytest.raises(ValueError, match="of mode RGB, not of palette indices"):
        inv.datasets.voc(voc, masks="segmentation")
    small = Image.fromarray(np.full((3, 3), 12, np.uint8))
    small.save(folder / "SegmentationClass" / "000001.png")
    (one,) = inv.datasets.voc(voc, masks="segmentation")
    with pytest.raises(ValueError, match=r"it is \(3, 3\), its picture \(6, 8\)"):
        one.mask()
    (folder / "ImageSets" / "Main" / "test.txt").write_text("../../../secret\n")
    with pytest.raises(ValueError, match=r"it names the picture '../../../secret'"):
        inv.datasets.voc(voc)


# --- COCO


def entry(number, image, category, segmentation, **more):
    return {"id": number, "image_id": image, "category_id": category, "segmentation": segmentation, "area": 4.0, **more}


def content():
    size = list(SIZE)
    return {
        "info": {},
        "categories": [{"id": 1, "name": "person"}, {"id": 18, "name": "dog"}, {"id": 90, "name": "toothbrush"}],
        "images": [
            {"id": 42, "file_name": "COCO_val2014_000000000042.jpg", "height": 6, "width": 8},
            {"id": 9, "file_name": "COCO_val2014_000000000009.jpg", "height": 6, "width": 8},
            {"id": 11, "file_name": "COCO_val2014_000000000011.jpg", "height": 6, "width": 8},
        ],
        "annotations": [
            entry(1, 42, 18, [[1, 1, 4, 1, 4, 3, 1, 3], [6, 0, 8, 0, 8, 1, 6, 1]], iscrowd=0),
            entry(2, 42, 1, {"size": size, "counts": [6, 12, 30]}, iscrowd=1, area=12.0),
            entry(3, 42, 18, [[0, 5, 2, 5, 2, 6, 0, 6]], iscrowd=0),
            entry(4, 9, 90, {"size": size, "counts": "6<n0"}, iscrowd=0),
        ],
    }


@pytest.fixture
def coco(tmp_path):
    for number in (9, 11, 42):
        picture(tmp_path / "val2014" / f"COCO_val2014_{number:012}.jpg")
    (tmp_path / "annotations").mkdir()
    write(tmp_path, content())
    return tmp_path


def write(root, value):
    (root / "annotations" / "instances_val2014.json").write_text(json.dumps(value))


def test_coco(coco):
    one, two = inv.datasets.coco(coco)
    assert [one.name, two.name] == ["COCO_val2014_000000000009.jpg", "COCO_val2014_000000000042.jpg"]
    assert (one.category, one.categories) == ("toothbrush", ("toothbrush",))
    assert (two.category, two.categories) == ("person", ("person", "dog"))
    assert (two.mask("dog") == block(1, 3, 1, 4) | block(0, 1, 6, 8) | block(5, 6, 0, 2)).all()
    assert (two.mask() == block(0, 6, 1, 3)).all()
    assert (one.mask() == block(0, 6, 1, 3)).all()
    assert pickle.loads(pickle.dumps(two)).mask("dog").sum() == 10


def test_coco_missing_or_incomplete(coco):
    with pytest.raises(
        FileNotFoundError, match=r"There is no folder .*coco\(\) reads annotations/instances_SPLIT.json"
    ):
        inv.datasets.coco(coco / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"there is no .*instances_val2017.json.*cocodataset.org"):
        inv.datasets.coco(coco, "val2017")
    with pytest.raises(ValueError, match=r"COCO has no split '../val'"):
        inv.datasets.coco(coco, "../val")
    (coco / "val2014" / "COCO_val2014_000000000042.jpg").unlink()
    with pytest.raises(FileNotFoundError, match="1 of 2 pictures are missing"):
        inv.datasets.coco(coco)


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.pop("images"),
        lambda value: value["annotations"][0].pop("image_id"),
        lambda value: value["annotations"][0].update(category_id=7),
        lambda value: value["annotations"][0].update(image_id=[1]),
        lambda value: value["annotations"][0].update(image_id=77),
        lambda value: value["annotations"].append("words"),
        lambda value: value["images"][0].update(file_name="../../secret.jpg"),
        lambda value: value["images"][0].update(file_name=7),
    ],
)
def test_coco_records_that_are_broken(coco, change):
    value = content()
    change(value)
    write(coco, value)
    with pytest.raises(
        ValueError, match=r"\[inv-widgets\] .*instances_val2014.json (cannot be read|names the picture)"
    ):
        inv.datasets.coco(coco)


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, '{"images": 1}'])
def test_coco_json_that_is_broken(coco, text):
    (coco / "annotations" / "instances_val2014.json").write_text(text)
    with pytest.raises(ValueError, match="cannot be read"):
        inv.datasets.coco(coco)


@pytest.mark.parametrize(
    ("segmentation", "reason"),
    [
        ({"size": [9, 9], "counts": [81]}, r"run lengths for \[9, 9\] and not for \[6, 8\]"),
        ({"size": [6, 8], "counts": [1, 2]}, "do not add up"),
        ({"size": [6, 8], "counts": "6<"}, "do not add up"),
        ({"size": [6, 8]}, "counts"),
        ([[1, 2, 3]], "three points or more"),
        ([["a"] * 6], "could not convert"),
        ([], "neither polygons nor run lengths"),
        (None, "neither polygons nor run lengths"),
    ],
)
def test_coco_segmentations_that_are_broken_are_told_when_they_are_asked_for(coco, segmentation, reason):
    value = content()
    value["annotations"][3]["segmentation"] = segmentation
    write(coco, value)
    one, two = inv.datasets.coco(coco)
    assert two.mask("dog").sum() == 10
    with pytest.raises(ValueError, match=rf"instances_val2014.json cannot be read: in .*'toothbrush': .*{reason}"):
        one.mask()


# --- Severstal


@pytest.fixture
def severstal(tmp_path):
    for name in ("b.jpg", "a.jpg", "clean.jpg"):
        picture(tmp_path / "train_images" / name)
    return tmp_path


def table(root, *rows):
    with (root / "train.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def test_severstal_in_both_forms(severstal):
    new = [("ImageId", "ClassId", "EncodedPixels"), ("b.jpg", 3, "7 6 20 2"), ("a.jpg", 4, "1 6"), ("b.jpg", 1, "1 1")]
    old = [("ImageId_ClassId", "EncodedPixels"), ("b.jpg_1", "1 1"), ("b.jpg_2", ""), ("b.jpg_3", "7 6 20 2"),
           ("a.jpg_4", "1 6"), ("clean.jpg_1", "")]  # fmt: skip
    for rows in (new, old):
        table(severstal, *rows)
        one, two = inv.datasets.severstal(severstal)
        assert (one.name, one.category, one.categories) == ("a.jpg", "defect 4", ("defect 4",))
        assert (two.category, two.categories) == ("defect 3", ("defect 1", "defect 3"))
        assert (one.mask() == block(0, 6, 0, 1)).all()
        assert (two.mask() == block(0, 6, 1, 2) | block(1, 3, 3, 4)).all()
        assert (two.mask("defect 1") == block(0, 1, 0, 1)).all()


def test_severstal_missing_or_broken(severstal):
    with pytest.raises(FileNotFoundError, match=r"there is no .*train.csv.*kaggle.com/c/severstal"):
        inv.datasets.severstal(severstal)
    head = ("ImageId", "ClassId", "EncodedPixels")
    for rows, reason in (
        ([("a", "b")], "its columns are a, b"),
        ([head], "it has no defects"),
        ([head, ("a.jpg", 5, "1 1")], "the class '5' for a.jpg"),
        ([head, ("../a.jpg", 1, "1 1")], "names the picture '../a.jpg'"),
    ):
        table(severstal, *rows)
        with pytest.raises(ValueError, match=reason):
            inv.datasets.severstal(severstal)
    table(severstal, head, ("a.jpg", 1, "1 1"), ("gone.jpg", 1, "1 1"))
    with pytest.raises(FileNotFoundError, match=r"1 of 2 pictures are missing, such as .*gone.jpg"):
        inv.datasets.severstal(severstal)
    table(severstal, head, ("a.jpg", 1, "48 2"), ("b.jpg", 1, "1 1 1"))
    one, two = inv.datasets.severstal(severstal)
    with pytest.raises(ValueError, match=r"train.csv cannot be read: in a.jpg, 'defect 1': the run 48 2 leaves"):
        one.mask()
    with pytest.raises(ValueError, match="no pairs of start and length"):
        two.mask()
    (severstal / "train.csv").write_bytes(b"ImageId,ClassId,EncodedPixels\n\xff\xff,1,1 1\n")
    with pytest.raises(ValueError, match=r"train.csv cannot be read: 'utf-8' codec"):
        inv.datasets.severstal(severstal)


# --- folders


def test_masked_folder(tmp_path):
    cat, dog, other = (picture(tmp_path / "images" / name) for name in ("cat/one.jpg", "dog/one.jpg", "dog/two.PNG"))
    (tmp_path / "images" / "dog" / "notes.txt").write_text("none")
    (tmp_path / "images" / "readme.txt").write_text("none")
    for category in ("cat", "dog"):
        (tmp_path / "masks" / category).mkdir(parents=True)
    grey = Image.fromarray(block(1, 3, 2, 5).astype(np.uint8) * 7)
    grey.save(tmp_path / "masks" / "cat" / "one.png")
    indexed = Image.fromarray(block(0, 2, 0, 2).astype(np.uint8))
    indexed.putpalette([255, 255, 255, 0, 0, 0])  # index 0 is white: what counts is the index
    indexed.save(tmp_path / "masks" / "dog" / "one.png")
    Image.fromarray(np.dstack([np.zeros(SIZE, np.uint8)] * 2 + [block(3, 6, 3, 8).astype(np.uint8)])).save(
        tmp_path / "masks" / "dog" / "two.bmp"
    )
    one, two, three = inv.datasets.masked_folder(tmp_path)
    assert [sample.name for sample in (one, two, three)] == ["cat/one.jpg", "dog/one.jpg", "two.PNG"]
    assert [sample.picture for sample in (one, two, three)] == [cat, dog, other]
    assert (one.category, two.categories) == ("cat", ("dog",))
    assert (one.mask() == block(1, 3, 2, 5)).all()
    assert (two.mask() == block(0, 2, 0, 2)).all()
    assert (three.mask("dog") == block(3, 6, 3, 8)).all()
    assert isinstance(one, MaskedSample)
    (tmp_path / "masks" / "dog" / "two.bmp").unlink()
    with pytest.raises(FileNotFoundError, match=r"1 of 3 pictures have no mask, such as .*two.PNG"):
        inv.datasets.masked_folder(tmp_path)


def test_masked_folder_with_other_names_and_what_is_wrong(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no .*images. masked_folder\(\) reads images/CATEGORY"):
        inv.datasets.masked_folder(tmp_path)
    (tmp_path / "val").mkdir()
    with pytest.raises(FileNotFoundError, match=r"there is no .*truth"):
        inv.datasets.masked_folder(tmp_path, "val", "truth")
    (tmp_path / "truth" / "cat").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match="has no folders with pictures"):
        inv.datasets.masked_folder(tmp_path, "val", "truth")
    picture(tmp_path / "val" / "cat" / "one.jpg")
    Image.fromarray(np.ones((3, 3), np.uint8)).save(tmp_path / "truth" / "cat" / "one.png")
    (one,) = inv.datasets.masked_folder(tmp_path, "val", "truth")
    with pytest.raises(ValueError, match=r"one.png cannot be read: it is 3 x 3 pixels, its picture 8 x 6. Save"):
        one.mask()


def test_pictures_that_are_stored_turned(tmp_path):
    turned = Image.new("RGB", (8, 6))
    orientation = Image.Exif()
    orientation[274] = 6
    (tmp_path / "images" / "cat").mkdir(parents=True)
    turned.save(tmp_path / "images" / "cat" / "one.jpg", exif=orientation)
    (tmp_path / "masks" / "cat").mkdir(parents=True)
    Image.fromarray(np.ones((8, 6), np.uint8)).save(tmp_path / "masks" / "cat" / "one.png")
    (one,) = inv.datasets.masked_folder(tmp_path)
    assert one.mask().shape == load_picture(one).array.shape[:2] == (8, 6)
