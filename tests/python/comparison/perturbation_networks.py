"""Networks whose answer to changed pictures can be worked out by hand."""

import torch
from torch import nn

from inv_widgets.classifier import Classifier


class LinearPixels(nn.Module):
    """Two classes: the sum of weighted pixels plus a bias, and its negative half."""

    def __init__(self, weights, bias=0.0):
        super().__init__()
        self.weights = nn.Parameter(weights)
        self.bias = bias

    def forward(self, x):
        score = (x * self.weights).flatten(1).sum(1) + self.bias
        return torch.stack([score, -score / 2], 1)


class Products(nn.Module):
    """Parts of the picture (given as labels) count together: the score is a polynomial of which are shown."""

    def __init__(self, labels):
        super().__init__()
        self.labels = labels
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        parts = [x[:, :, self.labels == place].mean((1, 2)) for place in range(int(self.labels.max()) + 1)]
        score = 2 * parts[0] - parts[1] + 3 * parts[0] * parts[2] + parts[1] * parts[2] * parts[3] + parts[-1] ** 2
        return torch.stack([score * self.scale, torch.zeros_like(score)], 1)


class Contrast(nn.Module):
    """The class score is how much neighbouring pixels differ, anywhere."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 3, bias=False)
        with torch.no_grad():
            self.conv.weight.fill_(-1 / 27)
            self.conv.weight[:, :, 1, 1] += 1 / 3

    def forward(self, x):
        energy = torch.relu(self.conv(x)).mean((1, 2, 3)) * 100
        return torch.stack([energy, -energy], 1)


def quarters(height, width, rows=2, columns=2):
    """Labels of a grid of parts."""
    down = torch.arange(height) * rows // height
    across = torch.arange(width) * columns // width
    return down[:, None] * columns + across


def of_two(module):
    """A Classifier around one of these, with its two categories: their input has one size only."""
    return Classifier.from_module(module, lambda image: torch.zeros(3, image.height, image.width), ["one", "other"])
