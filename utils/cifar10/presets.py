"""Three sizes of a run, from a minute on a CPU to a day on a GPU."""

from dataclasses import dataclass
from typing import Any

from utils.cifar10.config import NetworkConfig, SimpleNetworkConfig, TrainConfig

EPOCH = 391  # steps of 128 images in which 50,000 images are seen once


@dataclass(frozen=True)
class Preset:
    """A run by name.

    Attributes:
        about: one line for the help.
        config: what the weights depend on.
        pace: the other arguments of ``Run``.
    """

    about: str
    config: TrainConfig
    pace: dict[str, Any]


TINY_NETWORK = NetworkConfig(
    base_channels=8,
    channel_multipliers=(1, 1, 2),
    blocks_per_level=1,
    attention_resolutions=(8,),
    num_heads=2,
    dropout=0.0,
)
TINY = TrainConfig(network=TINY_NETWORK, batch_size=32, lr=1e-3, warmup=20, ema=0.99)
# lr, warm-up, average and times: chosen by the trials in utils/cifar10/recorded/trials.json.
GUIDE = TrainConfig(
    network=SimpleNetworkConfig(), lr=2e-3, warmup=500, ema=0.9995, time_sampling="logit-normal"
)
FULL = TrainConfig()

PRESETS = {
    "tiny": Preset(
        "a network that trains on a CPU in a minute, to see that everything works",
        TINY,
        {"steps": 200, "save_every": 50, "sample_every": 100, "sample_steps": 10, "log_every": 10},
    ),
    "guide": Preset(
        "the network of chapter 7: 50 epochs, hours on a CPU and minutes on a GPU",
        GUIDE,
        {
            "steps": 50 * EPOCH,
            "save_every": EPOCH,
            "sample_every": 5 * EPOCH,
            "sample_early": 5,
            "sample_steps": 30,
            "log_every": 50,
        },
    ),
    "full": Preset(
        "a large network: hours on one GPU",
        FULL,
        {
            "steps": 200000,
            "save_every": 5000,
            "sample_every": 10000,
            "sample_steps": 50,
            "log_every": 50,
        },
    ),
}
