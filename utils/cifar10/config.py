"""What defines a run: the network, and every number that the weights depend on."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar

from utils.simple_unet import SimpleUNet
from utils.tensors import check_nonnegative, check_positive_int
from utils.unet import UNet

CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
IMAGE_SIZE = 32
TIME_SAMPLING = ("uniform", "logit-normal")
PRECISIONS = ("fp32", "bf16", "fp16")


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the UNet; the defaults are the usual ones for CIFAR-10 (Ho et al. 2020, app. B)."""

    base_channels: int = 128
    channel_multipliers: tuple[int, ...] = (1, 2, 2, 2)
    blocks_per_level: int = 2
    attention_resolutions: tuple[int, ...] = (16,)
    num_heads: int = 4
    dropout: float = 0.1

    def build(self) -> UNet:
        """The network, with fresh weights from torch's default generator.

        Returns:
            A class-conditional UNet for 32x32 RGB images.

        Raises:
            TypeError: if a size has the wrong type.
            ValueError: if the sizes do not fit each other.
        """
        return UNet(in_channels=3, image_size=IMAGE_SIZE, num_classes=len(CLASSES), **asdict(self))


@dataclass(frozen=True)
class SimpleNetworkConfig:
    """Size of the network that stands in chapter 7; the default is the guide's."""

    base_channels: int = 64
    dropout: ClassVar[float] = 0.0  # it has none

    def build(self) -> SimpleUNet:
        """The network, with fresh weights from torch's default generator.

        Returns:
            A class-conditional UNet for 32x32 RGB images.

        Raises:
            TypeError: if the size is not an integer.
            ValueError: if it is no multiple of 8.
        """
        return SimpleUNet(3, self.base_channels, num_classes=len(CLASSES))


KINDS = {"unet": NetworkConfig, "simple": SimpleNetworkConfig}
AnyNetwork = NetworkConfig | SimpleNetworkConfig


def network_to_dict(network: AnyNetwork) -> dict[str, Any]:
    """Sizes of a network with its kind, ready for JSON."""
    kind = next(name for name, config in KINDS.items() if isinstance(network, config))
    return {"kind": kind, **asdict(network)}


def network_from_dict(values: dict[str, Any]) -> AnyNetwork:
    """Undo ``network_to_dict`` after a way through JSON, which has no tuples.

    Raises:
        ValueError: if the kind or a size is unknown to this version of the program.
    """
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    kind = values.pop("kind", "unet")  # files from before there were two
    try:
        return KINDS[kind](**values)
    except (KeyError, TypeError) as error:
        raise ValueError(f"unknown kind of network {kind!r} with {values}") from error


@dataclass(frozen=True)
class TrainConfig:
    """Everything that the weights after k steps depend on, apart from the images.

    Attributes:
        network: sizes of the network, and which one it is.
        batch_size: images in one step, over all processes together.
        lr: learning rate after the warm-up.
        warmup: steps over which the learning rate rises from 0.
        clip: largest norm of the gradient.
        ema: decay of the averaged weights.
        label_drop: share of labels replaced by "no class".
        time_sampling: ``"uniform"`` or ``"logit-normal"``.
        logit_mean: mean of the logit of t; negative means more noise.
        logit_std: its standard deviation.
        precision: ``"fp32"``, ``"bf16"`` or ``"fp16"`` (autocast; fp16 with a scaled loss).
        seed: of everything random.
    """

    network: AnyNetwork = field(default_factory=NetworkConfig)
    batch_size: int = 128
    lr: float = 2e-4
    warmup: int = 5000
    clip: float = 1.0
    ema: float = 0.9999
    label_drop: float = 0.1
    time_sampling: str = "uniform"
    logit_mean: float = 0.0
    logit_std: float = 1.0
    precision: str = "fp32"
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values out of range.

        Raises:
            TypeError: if a value has the wrong type.
            ValueError: if a value is out of range.
        """
        check_positive_int("batch_size", self.batch_size)
        for name in ("lr", "clip", "logit_std"):
            if check_nonnegative(name, getattr(self, name)) == 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
        check_nonnegative("warmup", self.warmup)
        if check_nonnegative("ema", self.ema) >= 1:
            raise ValueError(f"ema must lie in [0, 1), got {self.ema}")
        if check_nonnegative("label_drop", self.label_drop) > 1:
            raise ValueError(f"label_drop must lie in [0, 1], got {self.label_drop}")
        check_nonnegative("abs(logit_mean)", abs(self.logit_mean))
        for name, known in (("time_sampling", TIME_SAMPLING), ("precision", PRECISIONS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {known}, got {getattr(self, name)!r}")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int):
            raise TypeError(f"seed must be an integer, got {self.seed!r:.80}")

    def to_dict(self) -> dict[str, Any]:
        """All values, ready for JSON."""
        return asdict(self) | {"network": network_to_dict(self.network)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "TrainConfig":
        """Undo ``to_dict`` after a way through JSON."""
        return cls(**values | {"network": network_from_dict(values["network"])})


def differences(old: Any, new: Any) -> list[str]:
    """Where two configurations differ, as phrases for a message."""
    if type(old) is not type(new):
        return [f"the network is {network_to_dict(old)} there and {network_to_dict(new)} here"]
    return [
        f"{f.name} is {getattr(old, f.name)!r} there and {getattr(new, f.name)!r} here"
        for f in fields(old)
        if getattr(old, f.name) != getattr(new, f.name)
    ]
