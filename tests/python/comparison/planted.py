"""Pictures with planted patterns, a small network that sees one of them, and runs labelled by hand."""

import numpy as np
import torch
from torch import nn

from inv_widgets.classifier import Classifier
from inv_widgets.explanation import (
    ClusterMap,
    Column,
    Explanation,
    Label,
    Prediction,
    Rest,
    Rounds,
    cluster_map_id,
)
from inv_widgets.pictures import load_picture
from inv_widgets.run import Run
from inv_widgets.summary.pipeline import summarize

SIDE, CELLS, SPOT = 48, 12, 4  # a spot of 4 x 4 cells is 16 x 16 pixels
SHARE = 100 * SPOT**2 / CELLS**2


def to_tensor(image):
    return torch.from_numpy(np.asarray(image, np.float32).transpose(2, 0, 1) / 255 - 0.5)


class Striped(nn.Module):
    """The first layer's first channel sees vertical stripes, its second horizontal ones, the others what comes."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.conv1, self.relu1, self.pool = nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
        self.conv2, self.relu2 = nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()
        self.drop = nn.Dropout(0.9)
        self.fc = nn.Linear(8, 2)
        edge = torch.tensor([[-1.0, 2.0, -1.0]] * 3) / 3
        with torch.no_grad():
            self.conv1.weight.normal_(std=0.2, generator=generator)
            self.conv1.weight[0], self.conv1.weight[1] = edge, edge.T
            self.conv1.bias.zero_()
            self.conv2.weight.normal_(std=0.15, generator=generator)
            self.conv2.weight[0, 0] += 0.5
            self.conv2.weight[1, 1] += 0.5
            self.conv2.bias.zero_()
            self.fc.weight.normal_(std=0.05, generator=generator)
            self.fc.weight[0, 0] += 2.0
            self.fc.weight[1, 0] -= 2.0
            self.fc.bias.zero_()

    def forward(self, x):
        x = self.pool(self.relu1(self.conv1(x)))
        x = self.relu2(self.conv2(x))
        return self.fc(self.drop(x.mean((2, 3))))


def network():
    return Classifier.from_module(Striped(), to_tensor, ["striped", "plain"])


def spot(row, column):
    """A map that is high in a square, highest in its middle."""
    values = np.zeros((CELLS, CELLS), np.float32)
    values[row : row + SPOT, column : column + SPOT] = 1
    return values


def picture(seed, *, stripes=None, size=SIDE):
    """Noise, with vertical stripes in the square at `stripes`, in cells."""
    pixels = np.random.default_rng(seed).integers(90, 166, (size, size, 3), np.uint8)
    if stripes is not None:
        cell = size // CELLS
        rows, columns = (slice(at * cell, (at + SPOT) * cell) for at in stripes)
        pixels[rows, columns] = np.where(np.arange(SPOT * cell) % 3 == 0, 255, 0)[None, :, None]
    return pixels


def explanation(net, pixels, named, spots, *, target=0, layer="conv2", share=SHARE):
    """An explanation whose cluster maps are spots: (row, column, label, labels of equal score, or None) each."""
    shown = []
    loaded = load_picture(pixels)
    for number, (row, column, label) in enumerate(spots):
        identity = {"picture_hash": loaded.hash, "network_hash": net.hash, "target": target, "layer": layer}
        names = () if label is None else (label,) if isinstance(label, str) else label
        labels = tuple(Label(name, 2.0, 3, 1.0, won=True, players=2) for name in names)
        rounds = Rounds(2, 1, 0, 2, 1.0, share)
        shown.append(
            ClusterMap.from_raw(
                spot(row, column),
                id=cluster_map_id(**identity, shape=(CELLS, CELLS), channels=np.array([number])),
                cluster=number,
                channels=np.array([number]),
                channel_weights=np.array([50.0 / len(spots)]),
                channel_thumbnails=np.zeros((1, CELLS, CELLS)),
                labels=labels,
                rounds=rounds,
            )
        )
    rest = Rest(50.0, 0.0, 4, 0, np.zeros((CELLS, CELLS)))
    column = Column(layer, 1, 2, 1, 8, (CELLS, CELLS), 1.0, rest, cluster_maps=tuple(shown))
    height, width = pixels.shape[:2]
    name = net.categories[target]
    return Explanation(
        pixels, named, loaded.hash, net.name, net.hash, (0, 0, width, height), target, name, 0.9,
        Prediction(target, name, 0.9), (column,),
    )  # fmt: skip


def labelled_run(net, n=14, seed=0, extra=()):
    """Striped pictures. "stripes" is said where they are, "masked" of any region; `extra` labels too, by lot."""
    random = np.random.default_rng(seed)
    made = []
    for number in range(n):
        corners = [(row, column) for row in (0, 4, 8) for column in (0, 4, 8)]
        random.shuffle(corners)
        corners = corners[:7]
        labels = [["stripes"], *([] for _ in corners[1:])]
        for name in ("masked", *extra):
            labels[random.integers(7)].append(name)
        spots = [(*corner, tuple(names)) for corner, names in zip(corners, labels, strict=True)]
        made.append(explanation(net, picture(1000 * seed + number, stripes=corners[0]), f"{number:02}.png", spots))
    return Run(made)


def summary_of(run):
    return summarize(run, draws=10)
