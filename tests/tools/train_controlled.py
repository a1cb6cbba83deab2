"""Train the two networks of the controlled benchmark and write ``inv_widgets/datasets/controlled_{object,scene}.npz``.

    OMP_NUM_THREADS=1 python tests/tools/train_controlled.py SOURCES

SOURCES is the folder that ``make_textures.py`` needs; garments are the training pictures of Debian's package
``dataset-fashion-mnist``. Pictures are made as ``datasets.controlled()`` makes them, new ones in each epoch, from
garments and regions of textures that it never uses. So that each network relies on its own part, the object network
also sees garments on photos, noise and plain ground, and the scene network also sees coats and shirts lie about.

The last tenth of the training garments is kept out for validation. The test garments, on the regions that are shipped,
are looked at once, at the end, with the networks as shipped: batch normalisation folded into the convolutions and
weights rounded to float16. Same seed, machine and number of threads: same files.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from make_textures import regions
from PIL import Image
from torch import Tensor, nn
from train_fashion import DATA, fold, read_idx, write_weights

from inv_widgets.datasets import CONTROLLED_OBJECTS, CONTROLLED_SCENES, FASHION_CATEGORIES, HERE, photos
from inv_widgets.datasets.controlled_networks import (
    CONTROLLED_CATEGORIES,
    MEAN,
    STD,
    blank_controlled_network,
)
from inv_widgets.datasets.controlled_pictures import CROP_SIDES, Parts, draw_sample, shipped_parts

if TYPE_CHECKING:
    from inv_widgets.datasets.controlled_pictures import ControlledSample

SEEDS = {"object": 1, "scene": 2}
EPOCHS = {"object": 16, "scene": 8}
VALIDATION = 1000
TRAINING_CROPS = (44, 112)
"""Sides of the crops of textures in training: a wider range than that of evaluation."""
SHIPPED_IN_PART = ("taxis.jpg", "turtle.jpg")
"""Photos that textures are cut from: no ground for training."""


def main() -> None:
    """Train, fold, round, write, and print the accuracy of what was written."""
    parser = argparse.ArgumentParser(description="Train the two networks of the controlled benchmark.")
    parser.add_argument("sources", type=Path, help="folder with the sources of the textures")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of Fashion-MNIST's four idx .gz files")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write the .npz files to")
    parser.add_argument("--parts", nargs="+", choices=tuple(SEEDS), default=tuple(SEEDS))
    parser.add_argument("--pictures", type=int, default=12_800, help="pictures an epoch")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.1, help="highest learning rate of the one-cycle schedule")
    parser.add_argument("--decay", type=float, default=5e-4, help="weight decay")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(mode=True)
    for part in options.parts:
        torch.manual_seed(SEEDS[part])
        network = train_network(part, EPOCHS[part], options)
        path = options.out / f"controlled_{part}.npz"
        folded = fold(network, blank_controlled_network(network.get_submodule("classifier").out_features))
        write_weights(folded, path)
        shipped = {name: tensor.half().float() for name, tensor in folded.state_dict().items()}
        folded.load_state_dict(shipped)
        test = Parts(garments(options.data, "t10k", CONTROLLED_OBJECTS), shipped_parts().textures)
        share = accuracy(folded, part, draw(test, 5000, SEEDS[part] + 2000, CROP_SIDES))
        print(f"test accuracy of {path.name} {share:.2%}", flush=True)


def train_network(part: str, epochs: int, options: argparse.Namespace) -> nn.Sequential:
    """Stochastic gradient descent, one cycle of the learning rate (Smith and Topin 2018)."""
    training, validation = training_parts(part, options)
    held_out = draw(validation, VALIDATION, SEEDS[part] + 1000, CROP_SIDES)
    network = blank_controlled_network(len(CONTROLLED_CATEGORIES[part]), batch_norm=True)
    network = network.to(memory_format=torch.channels_last)
    steps = options.pictures // options.batch
    optimiser = torch.optim.SGD(
        network.parameters(), lr=options.rate, momentum=0.9, nesterov=True, weight_decay=options.decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=options.rate, epochs=epochs, steps_per_epoch=steps, pct_start=0.25
    )
    criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
    for epoch in range(1, epochs + 1):
        start = time.perf_counter()
        samples = draw(training, steps * options.batch, 10_000 * SEEDS[part] + epoch, TRAINING_CROPS)
        drawn = time.perf_counter() - start
        pictures, labels = batch_of(samples, part)
        network.train()
        mean_loss = 0.0
        for some, truth in zip(pictures.split(options.batch), labels.split(options.batch), strict=True):
            with torch.autocast("cpu", torch.bfloat16):
                logits = network(normalise(some))
            loss = criterion(logits.float(), truth)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            mean_loss += loss.item() / steps
        share = accuracy(network, part, held_out)
        seconds = time.perf_counter() - start
        print(
            f"{part} epoch {epoch:2d}  loss {mean_loss:.4f}  validation {share:.2%}  {seconds:.0f} s ({drawn:.0f})",
            flush=True,
        )
    return network


def training_parts(part: str, options: argparse.Namespace) -> tuple[Parts, Parts]:
    """Give what the network trains on, and what it is validated on."""
    textures = {scene: regions(scene, options.sources)[0] for scene in CONTROLLED_SCENES}
    kinds = CONTROLLED_OBJECTS if part == "object" else FASHION_CATEGORIES
    grounds = textures | other_grounds() if part == "object" else textures
    seen, kept = {}, {}
    for kind, pictures in garments(options.data, "train", kinds).items():
        cut = len(pictures) * 9 // 10
        seen[kind], kept[kind] = pictures[:cut], pictures[cut:]
    return Parts(seen, grounds), Parts({kind: kept[kind] for kind in CONTROLLED_OBJECTS}, textures)


def garments(folder: Path, split: str, kinds: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Give the pictures (uint8, N x 28 x 28) of each kind."""
    pictures, labels = (tensor.numpy() for tensor in read_idx(folder, split))
    return {kind: pictures[labels == FASHION_CATEGORIES.index(kind)] for kind in kinds}


def other_grounds() -> dict[str, np.ndarray]:
    """Give grounds that are no scene: grey photos, noise at three scales, plain grey."""
    grounds = {}
    for sample in photos():
        if sample.name not in SHIPPED_IN_PART:
            with Image.open(sample) as picture:
                grounds[sample.name] = np.asarray(picture.convert("L").reduce(2))
    random = np.random.default_rng(0)
    for cell in (2, 6, 18):
        noise = Image.fromarray(random.integers(0, 256, (256 // cell, 256 // cell), dtype=np.uint8))
        grounds[f"noise {cell}"] = np.asarray(noise.resize((256, 256), Image.Resampling.BICUBIC))
    # A plain ground in every grey.
    grounds["plain"] = np.tile(np.repeat(np.arange(0, 256, 32, dtype=np.uint8), 112)[:, None], (1, 112))
    return grounds


def draw(parts: Parts, count: int, seed: int, crop_sides: tuple[int, int]) -> list[ControlledSample]:
    """Draw pictures; objects and scenes from streams of their own."""
    of_object, of_scene = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1])
    return [draw_sample(parts, of_object, of_scene, crop_sides=crop_sides) for _ in range(count)]


def batch_of(samples: list[ControlledSample], part: str) -> tuple[Tensor, Tensor]:
    """Stack pictures (uint8 N x 64 x 64 x 3) and labels (int64 N)."""
    names = CONTROLLED_CATEGORIES[part]
    labels = [names.index(sample.object_category if part == "object" else sample.scene_category) for sample in samples]
    return torch.from_numpy(np.stack([sample.picture for sample in samples])), torch.tensor(labels)


def normalise(pictures: Tensor) -> Tensor:
    """Turn uint8 N x 64 x 64 x 3 into the networks' N x 3 x 64 x 64, as ``controlled_transform`` does."""
    return ((pictures.float() / 255.0 - MEAN) / STD).permute(0, 3, 1, 2)


@torch.no_grad()
def accuracy(network: nn.Module, part: str, samples: list[ControlledSample]) -> float:
    """Share of pictures whose highest logit is their object's or their scene's."""
    network.eval()
    pictures, labels = batch_of(samples, part)
    found = torch.cat([network(normalise(some)).argmax(1) for some in pictures.split(250)])
    return float((found == labels).float().mean())


if __name__ == "__main__":
    main()
