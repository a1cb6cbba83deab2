"""Train the Fashion-MNIST demo network and write ``inv_widgets/datasets/fashion_network.npz``.

    OMP_NUM_THREADS=2 python tests/tools/train_fashion.py

The data are those of Debian's package ``dataset-fashion-mnist``. 55,000 training pictures train, the other 5,000
(drawn with the seed) are for choosing widths, augmentation and epochs; the weights after the last epoch are the ones
written. The 10,000 test pictures are looked at once, at the end, with the network as shipped: batch normalisation
folded into the convolutions and weights rounded to float16. Same seed, machine and number of threads: same file.
"""

from __future__ import annotations

import argparse
import gzip
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from inv_widgets.datasets.fashion_network import FASHION_MEAN, FASHION_STD, blank_fashion_network

DATA = Path("/usr/share/datasets/fashion-mnist")
WEIGHTS = Path(__file__).parents[2] / "inv_widgets" / "datasets" / "fashion_network.npz"
VALIDATION = 5000


def main() -> None:
    """Train, fold, round, write, and print the accuracy of what was written."""
    parser = argparse.ArgumentParser(description="Train the Fashion-MNIST demo network.")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the four idx .gz files")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="the .npz file to write")
    parser.add_argument("--epochs", type=int, default=18)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=0.1, help="highest learning rate of the one-cycle schedule")
    parser.add_argument("--decay", type=float, default=5e-4, help="weight decay")
    parser.add_argument("--smoothing", type=float, default=0.1, help="label smoothing")
    parser.add_argument("--every", type=int, default=3, help="epochs between checkpoints (written to --out)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(mode=True)
    torch.manual_seed(options.seed)

    pictures, labels = read_idx(options.data, "train")
    order = torch.randperm(len(pictures))
    train, validation = order[VALIDATION:], order[:VALIDATION]
    network = train_network(pictures, labels, train, validation, options)
    write_weights(fold(network, blank_fashion_network()), options.out)
    shipped = read_weights(options.out)
    print(f"validation accuracy {accuracy(shipped, pictures[validation], labels[validation]):.2%}")
    print(f"test accuracy of {options.out.name} {accuracy(shipped, *read_idx(options.data, 't10k')):.2%}")


def train_network(
    pictures: Tensor, labels: Tensor, train: Tensor, validation: Tensor, options: argparse.Namespace
) -> nn.Sequential:
    """Stochastic gradient descent, one cycle of the learning rate (Smith and Topin 2018)."""
    network = blank_fashion_network(batch_norm=True)
    steps = len(train) // options.batch
    optimiser = torch.optim.SGD(
        network.parameters(), lr=options.rate, momentum=0.9, nesterov=True, weight_decay=options.decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=options.rate, epochs=options.epochs, steps_per_epoch=steps, pct_start=0.25
    )
    criterion = nn.CrossEntropyLoss(label_smoothing=options.smoothing)
    for epoch in range(1, options.epochs + 1):
        start = time.perf_counter()
        network.train()
        mean_loss = 0.0
        for batch in train[torch.randperm(len(train))][: steps * options.batch].split(options.batch):
            loss = criterion(network(augment(pictures[batch])), labels[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            mean_loss += loss.item() / steps
        share = accuracy(network, pictures[validation], labels[validation])
        seconds = time.perf_counter() - start
        print(f"epoch {epoch:2d}  loss {mean_loss:.4f}  validation {share:.2%}  {seconds:.0f} s", flush=True)
        if epoch % options.every == 0:
            write_weights(fold(network, blank_fashion_network()), options.out)
    return network


def read_idx(folder: Path, part: str) -> tuple[Tensor, Tensor]:
    """Read the ``train`` or ``t10k`` part: pictures uint8 N x 28 x 28 and labels int64 N."""
    with gzip.open(folder / f"{part}-images-idx3-ubyte.gz") as stream:
        pictures = np.frombuffer(stream.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(folder / f"{part}-labels-idx1-ubyte.gz") as stream:
        labels = np.frombuffer(stream.read(), np.uint8, offset=8)
    return torch.from_numpy(pictures.copy()), torch.from_numpy(labels.astype(np.int64))


def normalise(pictures: Tensor) -> Tensor:
    """Turn uint8 N x 28 x 28 into the network's N x 1 x 28 x 28, as ``fashion_transform`` does."""
    return ((pictures.float() / 255.0 - FASHION_MEAN) / FASHION_STD)[:, None]


def augment(pictures: Tensor) -> Tensor:
    """Normalise, mirror every other picture, shift all by up to 2 pixels and black out a square in every other."""
    n = len(pictures)
    pictures = torch.where(torch.rand(n, 1, 1) < 0.5, pictures.flip(2), pictures)
    padded = nn.functional.pad(pictures, (2, 2, 2, 2))
    rows = torch.randint(0, 5, (n, 1, 1)) + torch.arange(28)[:, None]
    columns = torch.randint(0, 5, (n, 1, 1)) + torch.arange(28)
    shifted = padded[torch.arange(n)[:, None, None], rows, columns]
    side = torch.randint(4, 11, (n, 1))
    top, left = torch.randint(-4, 26, (n, 1)), torch.randint(-4, 26, (n, 1))
    cells = torch.arange(28)
    in_rows = (cells >= top) & (cells < top + side)
    in_columns = (cells >= left) & (cells < left + side)
    erased = in_rows[:, :, None] & in_columns[:, None, :] & (torch.rand(n, 1, 1) < 0.5)
    return normalise(shifted.masked_fill(erased, 0))


def fold(network: nn.Sequential, folded: nn.Sequential) -> nn.Sequential:
    """Fold each batch normalisation into the convolution before it: the same function in eval mode, by `folded`."""
    network.eval()
    for name, part in network.named_modules():
        if isinstance(part, nn.BatchNorm2d):
            before = name.replace("norm", "conv")
            fused = fuse_conv_bn_eval(network.get_submodule(before), part)
            folded.get_submodule(before).load_state_dict(fused.state_dict())
    folded.get_submodule("classifier").load_state_dict(network.get_submodule("classifier").state_dict())
    return folded.eval()


def write_weights(network: nn.Module, path: Path) -> None:
    """Write the weights as float16 arrays; no pickle."""
    weights = {name: tensor.numpy().astype(np.float16) for name, tensor in network.state_dict().items()}
    np.savez_compressed(path, **weights)


def read_weights(path: Path) -> nn.Module:
    """Read the network back as ``build_fashion_network`` does, from any file."""
    with np.load(path, allow_pickle=False) as stored:
        weights = {name: torch.from_numpy(stored[name].astype(np.float32)) for name in stored.files}
    network = blank_fashion_network()
    network.load_state_dict(weights)
    return network.eval()


@torch.no_grad()
def accuracy(network: nn.Module, pictures: Tensor, labels: Tensor) -> float:
    """Share of pictures (uint8 N x 28 x 28) whose highest logit is their label's."""
    network.eval()
    right = [
        (network(normalise(part)).argmax(1) == truth).sum()
        for part, truth in zip(pictures.split(500), labels.split(500), strict=True)
    ]
    return float(sum(int(count) for count in right)) / len(labels)


if __name__ == "__main__":
    main()
