"""Small networks that are written in all the usual ways, and what stands for a Classifier around them."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from inv_widgets.classifier import Classifier
from inv_widgets.torch_support import ensure_torchvision

ensure_torchvision()


def wrap(module):
    """A Classifier whose preprocessing takes what a test gives."""
    return Classifier.from_module(module, lambda image: torch.full((3, image.height, image.width), 0.5))


def torchvision_network(name):
    import torchvision

    arguments = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    module = torchvision.models.get_model(name, weights=None, **arguments)
    return wrap(module)


def inputs(size=64, count=1, seed=0):
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(seed))


class Head(nn.Module):
    """The end of a classifier: global pooling and a linear layer."""

    def __init__(self, channels, classes=5):
        super().__init__()
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        return self.fc(x.mean((2, 3)))


class BatchNormAfterReLU(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.conv2, self.bn2 = nn.Conv2d(4, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.relu = nn.ReLU()
        self.head = Head(6)

    def forward(self, x):
        x = F.max_pool2d(self.bn1(self.relu(self.conv1(x))), 2)
        return self.head(self.bn2(self.relu(self.conv2(x))))


class PreActivationBlock(nn.Module):
    def __init__(self, before, after, stride=1):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(before), nn.Conv2d(before, after, 3, stride, 1)
        self.bn2, self.conv2 = nn.BatchNorm2d(after), nn.Conv2d(after, after, 3, 1, 1)
        self.shortcut = nn.Conv2d(before, after, 1, stride) if stride > 1 else None

    def forward(self, x):
        y = F.relu(self.bn1(x))
        x = x if self.shortcut is None else self.shortcut(y)
        y = self.conv1(y)
        return x + self.conv2(F.relu(self.bn2(y)))


class PreActivationResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.blocks = nn.Sequential(PreActivationBlock(4, 4), PreActivationBlock(4, 8, 2), PreActivationBlock(8, 8))
        self.bn = nn.BatchNorm2d(8)
        self.head = Head(8)

    def forward(self, x):
        return self.head(F.relu(self.bn(self.blocks(self.stem(x)))))


class Functional(nn.Module):
    """No activation is a module, the add is a plus, and one activation is in place."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = (nn.Conv2d(a, b, 3, padding=1) for a, b in ((3, 4), (4, 4), (4, 6)))
        self.head = Head(6)

    def forward(self, x):
        x = F.relu(self.conv1(x), inplace=True)
        x = torch.tanh(x + self.conv2(x))
        return self.head(self.conv3(F.avg_pool2d(x, 2)).clamp_(min=0))


class HandWritten(nn.Module):
    """Activations in pieces: swish, GELU and leaky ReLU; and a gate, which is none."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = (nn.Conv2d(a, 4, 3, padding=1) for a in (3, 4, 4))
        self.conv4, self.squeeze = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 1)
        self.head = Head(4)

    def forward(self, x):
        x = self.conv1(x)
        x = self.conv2(x * torch.sigmoid(x))
        x = self.conv3(0.5 * x * (1 + torch.erf(x / 2**0.5)))
        x = self.conv4(torch.maximum(x, 0.1 * x))
        return self.head(x * torch.sigmoid(self.squeeze(x.mean((2, 3), keepdim=True))))


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        y = torch.sigmoid(x)
        return gradient * y * (1 + x * (1 - y))


class MemoryEfficientSwish(nn.Module):
    def forward(self, x):
        return Swish.apply(x)


class SharedActivation(nn.Module):
    """One activation module, of a custom autograd function, for all; one convolution is called twice."""

    def __init__(self):
        super().__init__()
        self.stem, self.shared = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.swish = MemoryEfficientSwish()
        self.head = Head(4)

    def forward(self, x):
        x = self.swish(self.stem(x))
        x = self.swish(self.shared(x))
        return self.head(self.swish(self.shared(F.max_pool2d(x, 2))))


class InPlace(nn.Module):
    """What follows overwrites maps: in-place products and adds on activations, an in-place ReLU on a convolution."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = (nn.Conv2d(a, 4, 3, padding=1) for a in (3, 3, 4))
        self.relu = nn.ReLU(inplace=True)
        self.head = Head(4)

    def forward(self, image):
        x, y = F.silu(self.conv1(image)), F.silu(self.conv2(image))
        x += y
        x.mul_(2)
        y *= 3
        z = self.relu(self.conv3(x + y))
        return self.head(z[:, :2].repeat(1, 2, 1, 1).mul_(0.5) + z)


class TwoHeads(nn.Module):
    """Returns what a test names; one branch does not reach the score, one is cut off."""

    def __init__(self, returns="tuple"):
        super().__init__()
        self.conv1, self.aside, self.cut = (nn.Conv2d(a, 4, 3, padding=1) for a in (3, 4, 4))
        self.head = Head(4)
        self.returns = returns

    def forward(self, x):
        x = F.relu(self.conv1(x))
        with torch.no_grad():
            cut = F.relu(self.cut(x))
        aside = F.relu(self.aside(x))
        logits = self.head(x + cut.mean((2, 3), keepdim=True))
        if self.returns == "dict":
            return {"features": aside, "logits": logits}
        return logits, aside


class NoConvolution(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 5)

    def forward(self, x):
        return self.fc(x.mean((2, 3)))


class PoolBeforeActivation(nn.Module):
    """PyTorch's MNIST example."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 6, 3)
        self.drop = nn.Dropout2d()
        self.head = Head(6)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        return F.log_softmax(self.head(F.relu(F.max_pool2d(self.drop(self.conv2(x)), 2))), dim=1)
