"""What the tests of explain_many on a dask cluster share with its workers, which import this too."""

import os
import time
import uuid
from pathlib import Path

import fsspec
import numpy as np
import torch
from fsspec.implementations.local import LocalFileSystem
from torch import nn

import inv_widgets as inv
from inv_widgets.pictures import load_picture

DEADLY = 0  # a picture of this grey kills the worker that looks at it


class Transform:
    """To a tensor, in so many seconds; leaves a file in `folder` for each picture that was looked at."""

    def __init__(self, folder=None, seconds=0.0):
        self.folder = folder
        self.seconds = seconds

    def __call__(self, image):
        array = np.asarray(image, np.float32)
        if (array == DEADLY).all():
            os._exit(1)
        if self.folder is not None and image.size == (14, 12):  # not what the network is asked about itself
            Path(self.folder, load_picture(image).hash).touch()
        time.sleep(self.seconds)
        return torch.from_numpy(array.transpose(2, 0, 1) / 255 - 0.5)


def network(transform=None, seed=0):
    generator = torch.Generator().manual_seed(seed)
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.rand(parameter.shape, generator=generator) - 0.4)
    return inv.Classifier.from_module(module, transform or Transform(), ["cat", "dog", "owl"])


def another_one_each_time():
    return network(seed=int.from_bytes(os.urandom(4), "big"))


class Bucket(LocalFileSystem):
    """A folder with the manners of an object store: a put shows an object whole or not at all; no renaming."""

    protocol = "bucket"

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(str(path).removeprefix("bucket://"))

    def pipe_file(self, path, value, mode="overwrite", **options):
        draft = Path(f"{path}.{uuid.uuid4().hex}.draft")
        draft.write_bytes(value)
        draft.replace(path)

    def put_file(self, lpath, rpath, **options):
        self.pipe_file(self._strip_protocol(rpath), Path(lpath).read_bytes())

    def mv(self, *arguments, **options):
        raise NotImplementedError("object stores do not rename")

    mv_file = mv


fsspec.register_implementation("bucket", Bucket, clobber=True)
