"""Superpixels: of what the network sees of a picture, and what stands in place of hidden ones."""

import numpy as np
import pytest
import torch
from activation_networks import subject_of
from small_networks import Functional

from inv_widgets.classifier import Classifier
from inv_widgets.comparison.subject import Subject
from inv_widgets.comparison.superpixels import hidden, seen, showing, superpixels
from inv_widgets.pictures import load_picture


def as_tensor(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255


def subject_with(picture, size, window=None):
    net = Classifier.from_module(Functional(), lambda image: as_tensor(image.resize(size)), window=window)
    return Subject(net, [load_picture(picture)], [0])


def halves(height, width):
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2] = (250, 20, 20)
    picture[:, width // 2 :] = (20, 20, 250)
    return picture


@pytest.mark.parametrize("segmentation", ["slic", "quickshift"])
def test_parts_follow_the_colours_of_the_picture(segmentation):
    subject = subject_with(halves(40, 60), (30, 20))
    labels = superpixels(subject, 0, segmentation, 8)
    assert labels.shape == (20, 30)
    assert labels.dtype == torch.int64
    assert sorted(set(labels.flatten().tolist())) == list(range(int(labels.max()) + 1))
    assert int(labels.max()) >= 1
    # No part lies on both sides.
    assert not set(labels[:, :15].flatten().tolist()) & set(labels[:, 15:].flatten().tolist())


def test_parts_are_those_of_the_window():
    # The network sees the middle of the picture alone: the border between the colours is a quarter in from the left.
    picture = halves(40, 80)
    subject = subject_with(picture, (20, 20), window=lambda height, width: (30, 0, 40, 40))
    shown = seen(subject, 0)
    assert shown.shape == (20, 20, 3)
    np.testing.assert_array_equal(shown[:, :4], np.broadcast_to((250, 20, 20), (20, 4, 3)))
    np.testing.assert_array_equal(shown[:, 6:], np.broadcast_to((20, 20, 250), (20, 14, 3)))


def test_padding_is_black():
    subject = subject_with(halves(20, 40), (20, 20), window=lambda height, width: (0, -10, 40, 40))
    shown = seen(subject, 0)
    assert not shown[:5].any()
    assert not shown[15:].any()
    assert shown[5:15].min() == 20


def test_a_picture_of_one_colour_and_a_tiny_one():
    grey = np.full((30, 30, 3), 128, np.uint8)
    assert superpixels(subject_with(grey, (30, 30)), 0, "slic", 9).shape == (30, 30)
    assert superpixels(subject_with(grey, (30, 30)), 0, "quickshift", 9).shape == (30, 30)
    assert superpixels(subject_with(grey[:3, :3], (3, 3)), 0, "slic", 50).shape == (3, 3)


def test_given_parts_are_numbered_without_gaps():
    subject = subject_of(Functional(), count=2, targets=[0, 0])
    given = np.array([[7, 7, 90]] * 12).repeat(4, axis=1)
    labels = superpixels(subject, 1, given, 50)
    assert torch.equal(labels, torch.tensor([0] * 8 + [1] * 4).expand(12, 12))
    each = torch.stack([torch.zeros(12, 12, dtype=torch.int32), torch.from_numpy(given).int()])
    assert torch.equal(superpixels(subject, 1, each, 50), labels)
    assert int(superpixels(subject, 0, each, 50).max()) == 0


@pytest.mark.parametrize(
    "given", [np.zeros((12, 11), int), np.zeros((12, 12)), np.zeros((3, 12, 12), int), "watershed"]
)
def test_wrong_parts(given):
    subject = subject_of(Functional(), count=2, targets=[0, 0])
    with pytest.raises(ValueError, match=r'^\[inv-widgets\] (The segmentation is|segmentation=).*"quickshift"'):
        superpixels(subject, 0, given, 50)


def test_what_hides_and_what_shows_by_hand():
    given = torch.arange(24.0).reshape(1, 3, 2, 4)
    subject = subject_of(Functional(), targets=[0], given=given)
    labels = torch.tensor([[0, 0, 1, 1], [0, 0, 1, 1]])
    means = hidden(subject, 0, labels, "mean")
    torch.testing.assert_close(means[:, 0, 0], torch.tensor([2.5, 10.5, 18.5]))
    torch.testing.assert_close(means[:, 1, 3], torch.tensor([4.5, 12.5, 20.5]))
    got = showing(given[0], means, labels, torch.tensor([[True, False], [False, False]]))
    assert torch.equal(got[0, :, :, :2], given[0, :, :, :2])
    assert torch.equal(got[0, :, :, 2:], means[:, :, 2:])
    assert torch.equal(got[1], means)
