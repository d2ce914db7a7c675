"""A small classifier of the real images: its features measure samples, its votes check classes."""

import json
import os

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils.atomic import write_atomically
from utils.cifar10.batches import batch_indices, generator_for, to_float
from utils.cifar10.config import CLASSES
from utils.cifar10.data import Images, cache_folder
from utils.tensors import check_positive_int

BATCH, LR = 128, 2e-3


class Classifier(nn.Module):
    """Three pairs of convolutions, each half as large and twice as wide, then a mean of pixels."""

    def __init__(self, width: int = 64) -> None:
        """Build it.

        Args:
            width: channels of the first pair; there are four times as many features.

        Raises:
            TypeError: if ``width`` is not an integer.
            ValueError: if ``width`` < 1.
        """
        super().__init__()
        check_positive_int("width", width)
        layers: list[nn.Module] = []
        channels = 3
        for wide in (width, 2 * width, 4 * width):
            for stride in (1, 2):
                conv = nn.Conv2d(channels, wide, 3, stride=stride, padding=1, bias=False)
                layers += [conv, nn.BatchNorm2d(wide), nn.ReLU()]
                channels = wide
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(channels, len(CLASSES))

    def features(self, x: Tensor) -> Tensor:
        """Map images ``(B, 3, 32, 32)`` in [-1, 1] to features ``(B, 4 width)``."""
        return self.body(x).mean(dim=(2, 3))

    def forward(self, x: Tensor) -> Tensor:
        """Map images ``(B, 3, 32, 32)`` in [-1, 1] to logits ``(B, 10)``."""
        return self.head(self.features(x))

    @torch.no_grad()
    def look(self, images: Tensor, batch_size: int = 1000) -> tuple[Tensor, Tensor]:
        """Features and most likely classes of many images.

        Args:
            images: uint8, shape ``(N, 3, 32, 32)``.
            batch_size: images at a time.

        Returns:
            Features ``(N, 4 width)``, float64, and classes ``(N,)``, both on the CPU.
        """
        device, features, classes = self.head.weight.device, [], []
        for part in images.split(batch_size):
            found = self.features(to_float(part.to(device)))
            features.append(found.double().cpu())
            classes.append(self.head(found).argmax(1).cpu())
        return torch.cat(features), torch.cat(classes)


def _augment(x: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror half of the images and shift each by up to 4 pixels."""
    mirror = torch.rand(len(x), device=x.device, generator=generator) < 0.5
    x = torch.where(mirror[:, None, None, None], x.flip(-1), x)
    down, right = torch.randint(9, (2, len(x), 1), device=x.device, generator=generator)
    span = torch.arange(x.shape[-1], device=x.device)
    rows, columns = (down + span)[:, None, :, None], (right + span)[:, None, None, :]
    channels = torch.arange(x.shape[1], device=x.device)[None, :, None, None]
    numbers = torch.arange(len(x), device=x.device)[:, None, None, None]
    return F.pad(x, (4, 4, 4, 4))[numbers, channels, rows, columns]


def train_classifier(
    images: Images, epochs: int, width: int = 64, device: torch.device | str = "cpu", seed: int = 0
) -> tuple[Classifier, float]:
    """Train on the training images, then test once on the test images.

    Args:
        images: the data.
        epochs: passes over the training images.
        width: channels of the first layers.
        device: where to train.
        seed: of everything random.

    Returns:
        The classifier in evaluation mode, and its accuracy on the test images.

    Raises:
        TypeError: if ``epochs`` or ``width`` is not an integer.
        ValueError: if ``epochs`` or ``width`` < 1.
    """
    check_positive_int("epochs", epochs)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Classifier(width)
    model = model.to(device).train()
    pixels, labels = images.train_images.to(device), images.train_labels.to(device)
    steps = max(1, epochs * len(pixels) // BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR, weight_decay=5e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, total_steps=max(2, steps))
    for step in range(steps):
        chosen = batch_indices(seed, step, BATCH, len(pixels), device)
        generator = generator_for(seed, "classifier", step, device)
        logits = model(_augment(to_float(pixels[chosen]), generator))
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(logits, labels[chosen]).backward()
        optimizer.step()
        schedule.step()
    model.eval()
    _, found = model.look(images.test_images)
    return model, (found == images.test_labels).double().mean().item()


def cached_classifier(
    images: Images,
    cache: str | os.PathLike | None,
    epochs: int,
    width: int = 64,
    device: torch.device | str = "cpu",
) -> tuple[Classifier, float]:
    """The classifier of these images from the cache, or a new one that is put there.

    Another version of torch, or another kind of device, trains another classifier from the same
    seed, and distances in its features are other numbers: each has its own file.

    Args:
        images: the data.
        cache: folder; ``None`` is the user's cache folder.
        epochs: passes over the training images.
        width: channels of the first layers.
        device: where to train it and to run it.

    Returns:
        The classifier in evaluation mode, and its accuracy on the test images.

    Raises:
        ValueError: as ``train_classifier`` and ``data.cache_folder``.
        OSError: if the cache cannot be written.
    """
    from safetensors import SafetensorError, safe_open
    from safetensors.torch import save

    where = f"torch{torch.__version__}-{torch.device(device).type}"
    name = f"classifier-{images.key}-width{width}-epochs{epochs}-{where}.safetensors"
    file = cache_folder(cache) / name
    try:
        with safe_open(file, "pt") as opened:
            accuracy = json.loads(opened.metadata()["course"])["accuracy"]
            model = Classifier(width)
            model.load_state_dict({name: opened.get_tensor(name) for name in opened.keys()})
        return model.to(device).eval(), accuracy
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError):
        pass  # missing or damaged: it is only a copy of what training gives again
    model, accuracy = train_classifier(images, epochs, width, device)
    tensors = {name: value.cpu().contiguous() for name, value in model.state_dict().items()}
    about = {"course": json.dumps({"kind": "classifier", "accuracy": accuracy})}
    write_atomically(file, save(tensors, about))
    return model, accuracy
