"""Where CIFAR-10 comes from: torchvision, the official archive, or folders of JPEG files.

Nothing is unpacked on the disk: archives are read in memory, so there is nothing to clean up.
"""

import hashlib
import io
import lzma
import pickle
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from utils.cifar10.config import CLASSES, IMAGE_SIZE

KNOWN_ARCHIVES = {
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce": "cifar-10-python.tar.gz",
    "613bffa31430dd9578c0a742c42ae36f0f2ff20bf75d41bea3cde4dc33da81d5": "JPEG files, tar.xz",
}
SUFFIXES = (".jpg", ".jpeg", ".png")
TRAIN_BATCHES = tuple(f"data_batch_{i}" for i in range(1, 6))
TEST_BATCHES = ("test_batch",)
DAMAGED = (EOFError, OSError, lzma.LZMAError, tarfile.TarError, zlib.error)


class Split(NamedTuple):
    """Images ``(N, 3, 32, 32)`` uint8 and labels ``(N,)`` int64."""

    images: np.ndarray
    labels: np.ndarray


def sha256(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_archive(path: Path, allowed: str | None = None) -> str:
    """Refuse an archive that is not one of the known ones, before anything in it is read.

    Args:
        path: the archive.
        allowed: SHA-256 of another archive that the user trusts.

    Returns:
        Its SHA-256.

    Raises:
        ValueError: if the hash is another one.
    """
    found = sha256(path)
    if found in KNOWN_ARCHIVES or found == (allowed or "").lower():
        return found
    if allowed is not None:
        raise ValueError(f"{path} has SHA-256 {found}, not the {allowed} given with --sha256")
    raise ValueError(
        f"{path} is none of the known CIFAR-10 archives (its SHA-256 is {found}): it is truncated, "
        f"damaged or holds something else. Fetch it again; if you trust it as it is, add "
        f"--sha256 {found}"
    )


def from_torchvision(root: Path) -> tuple[Split, Split]:
    """Training and test images through torchvision, which fetches and checks them.

    Args:
        root: folder for what it fetches.

    Returns:
        Training and test split.

    Raises:
        ValueError: if torchvision is not installed.
    """
    try:
        from torchvision.datasets import CIFAR10
    except ImportError as error:
        raise ValueError(
            "no images: install torchvision, which fetches CIFAR-10, or name a folder or an "
            "archive of it with --data"
        ) from error

    def split(train: bool) -> Split:
        found = CIFAR10(str(root), train=train, download=True)
        images = np.ascontiguousarray(np.asarray(found.data).transpose(0, 3, 1, 2))
        return Split(images, np.asarray(found.targets, dtype=np.int64))

    return split(True), split(False)


def from_path(path: Path, per_class: int | None = None) -> tuple[Split, Split]:
    """Training and test images from a folder or an archive, in either of the two layouts.

    The official one holds ``data_batch_1`` to ``5`` and ``test_batch``; the other one
    ``train/<class>/*.jpg`` and ``test/<class>/*.jpg``. Both may lie within a further folder.

    Args:
        path: folder or tar archive, of any compression.
        per_class: take only the first images of each class; ``None`` takes all.

    Returns:
        Training and test split.

    Raises:
        FileNotFoundError: if there is no such path.
        ValueError: if it is damaged, or holds something else.
    """
    if not path.exists():
        raise FileNotFoundError(f"--data {path}: no such folder or archive")
    try:
        files = dict(_folder_files(path) if path.is_dir() else _archive_files(path))
    except DAMAGED as error:
        raise ValueError(
            f"{path} cannot be read, it is damaged or truncated ({error}): fetch it again"
        ) from error
    names = {name.rsplit("/", 1)[-1]: name for name in files}
    if set(TRAIN_BATCHES + TEST_BATCHES) <= names.keys():
        splits = [
            _from_pickles(path, [files[names[batch]] for batch in batches])
            for batches in (TRAIN_BATCHES, TEST_BATCHES)
        ]
        if per_class is not None:
            splits = [first_of_each(split, per_class) for split in splits]
    else:
        splits = [_from_images(path, files, split, per_class) for split in ("train", "test")]
    return splits[0], splits[1]


Reader = Callable[[], bytes]


def _wanted(name: str) -> bool:
    base = name.rsplit("/", 1)[-1]
    return base.lower().endswith(SUFFIXES) or base in TRAIN_BATCHES + TEST_BATCHES


def _folder_files(path: Path) -> Iterator[tuple[str, Reader]]:
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path).as_posix()
        if _wanted(name) and file.is_file():
            yield name, file.read_bytes


def _archive_files(path: Path) -> Iterator[tuple[str, Reader]]:
    # Read in the order of the archive, once: a compressed stream cannot jump.
    with tarfile.open(path, "r:*") as archive:
        for member in archive:
            if member.isfile() and _wanted(member.name):
                data = archive.extractfile(member).read()
                if len(data) != member.size:
                    raise EOFError(f"{member.name} is cut off")
                yield member.name, lambda data=data: data


class _ArraysOnly(pickle.Unpickler):
    """Reads dictionaries of arrays and nothing else: a pickle could otherwise run any program."""

    ALLOWED = {
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("_codecs", "encode"),
    }

    def find_class(self, module: str, name: str) -> object:
        """Refuse every name that an array does not need."""
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no image needs")
        if module == "numpy.core.multiarray":  # its name before numpy 2
            module = np._core.multiarray.__name__ if hasattr(np, "_core") else module
        return super().find_class(module, name)


def _from_pickles(path: Path, readers: list[Reader]) -> Split:
    images, labels = [], []
    for reader in readers:
        try:
            batch = _ArraysOnly(io.BytesIO(reader()), encoding="bytes").load()
            pixels = np.asarray(batch[b"data"])
            images.append(pixels.reshape(-1, 3, IMAGE_SIZE, IMAGE_SIZE))
            labels.append(np.asarray(batch[b"labels"], dtype=np.int64))
            if pixels.dtype != np.uint8 or len(images[-1]) != len(labels[-1]):
                raise ValueError(f"{pixels.dtype} pixels of shape {pixels.shape}")
        except Exception as error:  # a damaged pickle raises nearly anything
            raise ValueError(f"{path} holds a batch that is no CIFAR-10 batch: {error}") from error
    return _checked(path, Split(np.concatenate(images), np.concatenate(labels)))


def _from_images(path: Path, files: dict[str, Reader], split: str, per_class: int | None) -> Split:
    by_class: dict[str, list[str]] = {}
    for name in files:
        parts = name.split("/")
        if len(parts) >= 3 and parts[-3] == split:
            by_class.setdefault(parts[-2], []).append(name)
    if set(by_class) != set(CLASSES):
        missing = sorted(set(CLASSES) - set(by_class))
        unknown = sorted(set(by_class) - set(CLASSES))
        raise ValueError(
            f"{path} is not CIFAR-10: it must hold {split}/<class>/*.jpg for its ten classes, or "
            f"data_batch_1 to 5 and test_batch; missing {missing}, unknown {unknown}"
        )
    images, labels = [], []
    for label, name in enumerate(CLASSES):
        for file in sorted(by_class[name])[:per_class]:
            images.append(_decode(path, file, files[file]))
            labels.append(label)
    return _checked(path, Split(np.stack(images), np.asarray(labels, dtype=np.int64)))


def _decode(path: Path, name: str, reader: Reader) -> np.ndarray:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(reader())) as image:
            pixels = np.asarray(image.convert("RGB"))
    except Exception as error:  # Pillow raises many kinds for a damaged file
        raise ValueError(
            f"{path}: {name} is no readable image ({error}): fetch it again"
        ) from error
    if pixels.shape != (IMAGE_SIZE, IMAGE_SIZE, 3):
        raise ValueError(
            f"{path}: {name} must be {IMAGE_SIZE}x{IMAGE_SIZE} pixels, "
            f"got {pixels.shape[1]}x{pixels.shape[0]}"
        )
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _checked(path: Path, split: Split) -> Split:
    if len(split.labels) == 0 or split.labels.min() < 0 or split.labels.max() >= len(CLASSES):
        raise ValueError(f"{path} must hold images with labels 0..{len(CLASSES) - 1}")
    return split


def first_of_each(split: Split, n: int) -> Split:
    """Only the first n images of each class."""
    chosen: Iterable[np.ndarray] = (
        np.flatnonzero(split.labels == label)[:n] for label in range(len(CLASSES))
    )
    keep = np.concatenate(list(chosen))
    return Split(split.images[keep], split.labels[keep])
