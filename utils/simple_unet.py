"""A UNet that fits on one page: the guide's network of section 7.7, repaired and told a class.

Not one of its lines is only for the computer: ``utils.unet`` has what larger runs add (attention,
dropout, any number of levels).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils.models import TimeEmbedding
from utils.tensors import check_images, check_labels, check_positive_int


class ResBlock(nn.Module):
    r"""Two convolutions beside a shortcut; the embedding shifts every channel between them.

    .. math:: y = \mathrm{skip}(x) + \mathrm{GN}\big(C_2(\mathrm{GN}(C_1 x) + W e)\big)

    Activations are left out of the formula. Source: Ho et al. 2020 (arXiv 2006.11239), appendix B.
    """

    def __init__(self, channels_in: int, channels_out: int, embed_dim: int) -> None:
        """Build the block."""
        super().__init__()
        self.conv_1 = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.norm_1 = nn.GroupNorm(8, channels_out)
        self.shift = nn.Linear(embed_dim, channels_out)
        self.conv_2 = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        self.norm_2 = nn.GroupNorm(8, channels_out)
        same = channels_in == channels_out
        self.shortcut = nn.Identity() if same else nn.Conv2d(channels_in, channels_out, 1)

    def forward(self, x: Tensor, e: Tensor) -> Tensor:
        """Map ``(B, C_in, H, W)`` and an embedding ``(B, E)`` to ``(B, C_out, H, W)``."""
        # fmt: off
        h = self.norm_1(self.conv_1(x))           # (B, C_out, H, W)
        h = h + self.shift(e)[:, :, None, None]   # time and class
        h = F.silu(h)
        h = F.silu(self.norm_2(self.conv_2(h)))   # (B, C_out, H, W)
        return h + self.shortcut(x)               # (B, C_out, H, W)
        # fmt: on


class SimpleUNet(nn.Module):
    r"""A velocity field :math:`u_\theta(x, t, c)` for 32x32 images: down to 8x8, and up again.

    One embedding more than there are classes stands for "no class", so that one network serves
    both sides of classifier-free guidance.
    Source: Ronneberger et al. 2015 (arXiv 1505.04597), fig. 1; Ho and Salimans 2022 (arXiv
    2207.12598), section 3.2 for the class.

    Attributes:
        null_label: the label that means "no class".
    """

    def __init__(
        self, in_channels: int = 3, base_channels: int = 64, num_classes: int = 10
    ) -> None:
        """Build the network, with fresh weights.

        Args:
            in_channels: channels of an image, C.
            base_channels: channels at full resolution, a multiple of 8; twice as many below.
            num_classes: number of classes K.

        Raises:
            TypeError: if an argument is not an integer.
            ValueError: if an argument is out of range.
        """
        super().__init__()
        self.in_channels = check_positive_int("in_channels", in_channels)
        self.null_label = check_positive_int("num_classes", num_classes)
        if check_positive_int("base_channels", base_channels) % 8:
            raise ValueError(f"base_channels must be a multiple of 8, got {base_channels}")
        # The page shows what follows, with the shapes of base_channels=64.
        # fmt: off
        c, e = base_channels, 2 * base_channels          # 64 and 128 channels

        self.time = nn.Sequential(
            TimeEmbedding(e, max_frequency=8.0),         # a time: e numbers
            nn.Linear(e, e), nn.SiLU(), nn.Linear(e, e),
        )
        self.label = nn.Embedding(num_classes + 1, e)    # one more: "no class"

        # Encoder: 32 -> 16 -> 8
        self.conv_in = nn.Conv2d(in_channels, c, 3, padding=1)
        self.down_1 = ResBlock(c, c, e)
        self.pool_1 = nn.Conv2d(c, c, 3, stride=2, padding=1)
        self.down_2 = ResBlock(c, 2 * c, e)
        self.pool_2 = nn.Conv2d(2 * c, 2 * c, 3, stride=2, padding=1)

        # Bottleneck: 8
        self.mid = ResBlock(2 * c, 2 * c, e)

        # Decoder: 8 -> 16 -> 32
        self.up_1 = nn.ConvTranspose2d(2 * c, 2 * c, 4, stride=2, padding=1)
        self.dec_1 = ResBlock(4 * c, c, e)               # 2c below + 2c kept
        self.up_2 = nn.ConvTranspose2d(c, c, 4, stride=2, padding=1)
        self.dec_2 = ResBlock(2 * c, c, e)               # c below + c kept
        self.conv_out = nn.Conv2d(c, in_channels, 3, padding=1)
        # fmt: on

    def forward(self, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """Evaluate the network.

        Args:
            x: images, shape ``(B, C, 32, 32)`` (any height and width that 4 divides).
            t: time in [0, 1], shape ``()`` (solvers pass one time for the batch) or ``(B,)``.
            labels: classes 0..K-1, or K for "no class", shape ``(B,)``, integers; ``None`` means
                "no class" for all.

        Returns:
            Shape ``(B, C, 32, 32)``.

        Raises:
            TypeError: if ``labels`` are not integers.
            ValueError: if a shape does not match, or a label is out of range.
        """
        check_images(x, t, self.in_channels, divisor=4)
        labels = check_labels(labels, x, self.null_label)
        # fmt: off
        t = t.to(x.dtype).expand(len(x))         # (B,), from () or (B,)
        e = self.time(t) + self.label(labels)    # (B, 128)

        # Encoder
        h = self.conv_in(x)                      # (B,  64, 32, 32)
        h_1 = self.down_1(h, e)                  # (B,  64, 32, 32)  kept
        h = self.pool_1(h_1)                     # (B,  64, 16, 16)
        h_2 = self.down_2(h, e)                  # (B, 128, 16, 16)  kept
        h = self.pool_2(h_2)                     # (B, 128,  8,  8)

        # Bottleneck
        h = self.mid(h, e)                       # (B, 128,  8,  8)

        # Decoder, with what was kept
        h = self.up_1(h)                         # (B, 128, 16, 16)
        h = torch.cat([h, h_2], dim=1)           # (B, 256, 16, 16)
        h = self.dec_1(h, e)                     # (B,  64, 16, 16)
        h = self.up_2(h)                         # (B,  64, 32, 32)
        h = torch.cat([h, h_1], dim=1)           # (B, 128, 32, 32)
        h = self.dec_2(h, e)                     # (B,  64, 32, 32)
        return self.conv_out(h)                  # (B,   3, 32, 32)
