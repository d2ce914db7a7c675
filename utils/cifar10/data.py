"""All images in memory, decoded once: CIFAR-10 is 184 MB, less than a data loader costs."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from utils.atomic import write_atomically
from utils.cifar10 import sources
from utils.tensors import check_positive_int

FORMAT = 1


def cache_folder(named: str | os.PathLike | None = None) -> Path:
    """The folder for decoded images and the classifier, made if it is missing.

    Args:
        named: a folder; ``None`` is ``flow-matching-course`` in the user's cache folder.

    Returns:
        The folder.

    Raises:
        ValueError: if none is named and the user has none, as in some containers.
        OSError: if it cannot be made.
    """
    folder = _user_s_own() if named is None else Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _user_s_own() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    if not base:
        try:
            base = Path.home() / ".cache"
        except RuntimeError as error:
            raise ValueError(f"no cache folder ({error}): name one with --cache") from error
    return Path(base) / "flow-matching-course"


@dataclass(frozen=True)
class Images:
    """CIFAR-10, or its first images.

    Attributes:
        train_images: uint8, shape ``(N, 3, 32, 32)``.
        train_labels: int64, shape ``(N,)``.
        test_images: uint8, shape ``(M, 3, 32, 32)``.
        test_labels: int64, shape ``(M,)``.
        key: names the source; equal keys mean equal images.
    """

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    key: str


def _folder_key(path: Path) -> str:
    """A hash of all names and contents: a copy of the folder elsewhere is the same data."""
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        if file.is_file():
            name = file.relative_to(path).as_posix()
            digest.update(f"{name}\0{sources.sha256(file)}\n".encode())
    return digest.hexdigest()


def load_images(
    data: str | os.PathLike | None = None,
    cache: str | os.PathLike | None = None,
    sha256: str | None = None,
    per_class: int | None = None,
) -> Images:
    """CIFAR-10 from ``data`` or through torchvision, decoded once and kept in the cache.

    Args:
        data: folder or archive; ``None`` asks torchvision.
        cache: folder for the decoded images; ``None`` is the user's cache folder.
        sha256: hash of an archive besides the known ones that shall be allowed.
        per_class: take only the first images of each class; ``None`` takes all.

    Returns:
        The images.

    Raises:
        FileNotFoundError: if ``data`` does not exist.
        ValueError: if it is damaged or something else, or there is no source at all.
        OSError: if the cache cannot be written; nothing half-written stays.
    """
    if per_class is not None:
        check_positive_int("per_class", per_class)
    cache = cache_folder(cache)
    if data is None:
        source = "torchvision"
    elif Path(data).is_dir():
        source = "folder-" + _folder_key(Path(data))[:16]
    elif Path(data).is_file():
        source = "archive-" + sources.check_archive(Path(data), sha256)[:16]
    else:
        raise FileNotFoundError(f"--data {data}: no such folder or archive")
    key = source if per_class is None else f"{source}-first{per_class}"
    file = cache / f"cifar10-{key}.safetensors"
    found = _read(file, key)
    if found is None:
        if data is None:
            splits = sources.from_torchvision(cache / "torchvision")
            if per_class is not None:
                splits = tuple(sources.first_of_each(split, per_class) for split in splits)
        else:
            splits = sources.from_path(Path(data), per_class)
        found = Images(*(torch.from_numpy(part) for split in splits for part in split), key=key)
        _write(file, found)
    return found


def _write(file: Path, images: Images) -> None:
    from safetensors.torch import save

    tensors = {name: value for name, value in vars(images).items() if name != "key"}
    about = {"course": json.dumps({"kind": "images", "format": FORMAT, "key": images.key})}
    write_atomically(file, save(tensors, about))


def _read(file: Path, key: str) -> Images | None:
    """The cached images, or ``None`` if there are none that can be used."""
    from safetensors import SafetensorError, safe_open

    if not file.is_file():
        return None
    try:
        with safe_open(file, "pt") as opened:
            about = json.loads((opened.metadata() or {}).get("course", "{}"))
            if about != {"kind": "images", "format": FORMAT, "key": key}:
                return None
            return Images(**{name: opened.get_tensor(name) for name in opened.keys()}, key=key)
    except (SafetensorError, OSError, TypeError, ValueError):
        return None  # only a copy of what the source holds: decode that again
