"""A UNet for small images: a velocity field that may be told a class."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils.models import TimeEmbedding
from utils.tensors import check_images, check_labels, check_nonnegative, check_positive_int


def _norm(channels: int) -> nn.GroupNorm:
    """Group normalisation with up to 32 groups, each of at least 4 channels.

    A group of one channel would take away its mean, and with it the bias of the layer before: its
    gradient would be rounding errors, which Adam blows up to steps of full size.
    """
    most = min(32, max(1, channels // 4))
    return nn.GroupNorm(max(g for g in range(1, most + 1) if channels % g == 0), channels)


def _zero(layer: nn.Module) -> nn.Module:
    """Set the weights to 0, so that a block starts as the identity and a network as 0."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


class ResidualBlock(nn.Module):
    r"""Two convolutions beside a shortcut; time and class enter as a scale and a shift (FiLM).

    .. math:: y = \mathrm{skip}(x) + C_2\big((1 + s_e)\,\mathrm{GN}(C_1 x) + b_e\big)

    Activations are left out of the formula. Source: Dhariwal and Nichol 2021 (arXiv 2105.05233),
    section 3; Perez et al. 2018 (arXiv 1709.07871), eq. 2.
    """

    def __init__(self, channels_in: int, channels_out: int, embed_dim: int, dropout: float) -> None:
        """Build the block; the last convolution starts at 0."""
        super().__init__()
        self.norm_1 = _norm(channels_in)
        self.conv_1 = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.film = nn.Linear(embed_dim, 2 * channels_out)
        self.norm_2 = _norm(channels_out)
        self.dropout = nn.Dropout(dropout)
        self.conv_2 = _zero(nn.Conv2d(channels_out, channels_out, 3, padding=1))
        same = channels_in == channels_out
        self.skip = nn.Identity() if same else nn.Conv2d(channels_in, channels_out, 1)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """Map ``(B, C_in, H, W)`` and an embedding to ``(B, C_out, H, W)``."""
        h = self.conv_1(F.silu(self.norm_1(x)))
        scale, shift = self.film(embedding)[:, :, None, None].chunk(2, dim=1)
        h = F.silu(self.norm_2(h) * (1 + scale) + shift)
        return self.skip(x) + self.conv_2(self.dropout(h))


class SelfAttention(nn.Module):
    """Every pixel looks at every other one. Source: Vaswani et al. 2017 (1706.03762), eq. 1."""

    def __init__(self, channels: int, num_heads: int) -> None:
        """Build the layer; its output starts at 0."""
        super().__init__()
        self.num_heads = num_heads
        self.norm = _norm(channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = _zero(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(B, C, H, W)`` to the same shape and memory format."""
        batch, channels, height, width = x.shape
        # One row for each pixel: where channels lie innermost already, this copies nothing, and
        # neither does anything below. The 1x1 convolutions are products of matrices, then.
        pixels = self.norm(x).permute(0, 2, 3, 1).reshape(batch, height * width, channels)
        qkv = F.linear(pixels, self.qkv.weight.flatten(1), self.qkv.bias)
        qkv = qkv.view(batch, height * width, 3, self.num_heads, channels // self.num_heads)
        # Each (B, heads, H * W, C / heads) with the last one innermost: fused kernels want that.
        q, k, v = qkv.transpose(1, 3).unbind(2)
        h = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(pixels.shape)
        h = F.linear(h, self.out.weight.flatten(1), self.out.bias)
        return x + h.view(batch, height, width, channels).permute(0, 3, 1, 2)


class Stage(nn.Module):
    """A residual block, with attention after it at the resolutions that ask for it."""

    def __init__(
        self, channels_in: int, channels_out: int, embed_dim: int, dropout: float, num_heads: int
    ) -> None:
        """Build the stage; ``num_heads`` 0 means no attention."""
        super().__init__()
        self.block = ResidualBlock(channels_in, channels_out, embed_dim, dropout)
        self.attention = SelfAttention(channels_out, num_heads) if num_heads else nn.Identity()

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """Map ``(B, C_in, H, W)`` and ``(B, E)`` to ``(B, C_out, H, W)``."""
        return self.attention(self.block(x, embedding))


def double_size(x: Tensor) -> Tensor:
    r"""Repeat each pixel as a square of four (nearest neighbour), in the memory format of x.

    .. math:: y_{b,c,2i+k,2j+l} = x_{b,c,i,j}, \qquad k, l \in \{0, 1\}

    ``F.interpolate`` gives the same numbers, but its gradient on CUDA is either not deterministic
    or, where that is asked for, a slow scatter (``index_put_``). Here it is one sum of two
    neighbours for each direction.

    Args:
        x: images, shape ``(B, C, H, W)``.

    Returns:
        Shape ``(B, C, 2H, 2W)``.
    """
    batch, channels, height, width = x.shape
    if x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous():
        x = x.permute(0, 2, 3, 1)
        x = torch.stack((x, x), dim=3).view(batch, height, 2 * width, channels)
        x = torch.stack((x, x), dim=2).view(batch, 2 * height, 2 * width, channels)
        return x.permute(0, 3, 1, 2)
    x = torch.stack((x, x), dim=4).view(batch, channels, height, 2 * width)
    return torch.stack((x, x), dim=3).view(batch, channels, 2 * height, 2 * width)


class Upsample(nn.Module):
    """Double height and width by repeating pixels, then smooth with a convolution."""

    def __init__(self, channels: int) -> None:
        """Build the convolution."""
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(B, C, H, W)`` to ``(B, C, 2H, 2W)``."""
        return self.conv(double_size(x))


class UNet(nn.Module):
    r"""A network :math:`f_\theta(x, t, c)` from an image, a time and a class to an image.

    Halves the image level by level, then doubles it again, and hands every map of the way down to
    the way up. It starts as the zero function. One embedding more than there are classes stands
    for "no class", so that one network serves both sides of classifier-free guidance.
    Source: Ronneberger et al. 2015 (arXiv 1505.04597), fig. 1; Ho et al. 2020 (arXiv 2006.11239),
    appendix B; Ho and Salimans 2022 (arXiv 2207.12598), section 3.2 for the class.

    Attributes:
        null_label: the label that means "no class"; ``None`` if the network takes no labels.
    """

    def __init__(
        self,
        in_channels: int = 3,
        image_size: int = 32,
        base_channels: int = 128,
        channel_multipliers: Sequence[int] = (1, 2, 2, 2),
        blocks_per_level: int = 2,
        attention_resolutions: Sequence[int] = (16,),
        num_heads: int = 4,
        dropout: float = 0.0,
        num_classes: int | None = None,
    ) -> None:
        """Build the network.

        Args:
            in_channels: channels of an image, C.
            image_size: height and width of an image.
            base_channels: channels at full resolution; a level has a multiple of them.
            channel_multipliers: one factor for each level, from the full resolution down.
            blocks_per_level: residual blocks in each level on the way down (one more going up).
            attention_resolutions: heights at which blocks are followed by self-attention.
            num_heads: attention heads.
            dropout: probability within the residual blocks, in [0, 1).
            num_classes: number of classes K; ``None`` builds a network without labels.

        Raises:
            TypeError: if an argument has the wrong type.
            ValueError: if a value is out of range, or the sizes do not fit each other.
        """
        super().__init__()
        counts = {
            "in_channels": in_channels,
            "image_size": image_size,
            "base_channels": base_channels,
            "blocks_per_level": blocks_per_level,
            "num_heads": num_heads,
        }
        for name, n in counts.items():
            check_positive_int(name, n)
        if not channel_multipliers:
            raise ValueError(f"channel_multipliers must not be empty, got {channel_multipliers}")
        for factor in channel_multipliers:
            check_positive_int("channel_multipliers", factor)
        if num_classes is not None:
            check_positive_int("num_classes", num_classes)
        if check_nonnegative("dropout", dropout) >= 1:
            raise ValueError(f"dropout must lie in [0, 1), got {dropout}")
        levels = len(channel_multipliers)
        if image_size % 2 ** (levels - 1):
            raise ValueError(
                f"image_size must be divisible by {2 ** (levels - 1)} for {levels} levels, "
                f"got {image_size}"
            )
        sizes = [image_size // 2**level for level in range(levels)]
        for size in attention_resolutions:
            if size not in sizes:
                raise ValueError(f"attention_resolutions must be among {sizes}, got {size}")
        widths = [base_channels * factor for factor in channel_multipliers]
        attended = [
            w for w, size in zip(widths, sizes, strict=True) if size in attention_resolutions
        ]
        for width in [*attended, widths[-1]]:  # the middle always attends
            if width % num_heads:
                raise ValueError(f"num_heads must divide the {width} channels, got {num_heads}")

        self.in_channels, self.image_size, self.num_classes = in_channels, image_size, num_classes
        self.null_label = num_classes
        embed_dim = 4 * base_channels
        # 1/4 to 8 cycles over [0, 1]: fine enough for small steps, smooth enough for a solver.
        self.time = nn.Sequential(
            TimeEmbedding(64, max_frequency=8.0),
            nn.Linear(64, embed_dim),
            nn.SiLU(),
            nn.Linear(embed_dim, embed_dim),
        )
        self.label = None if num_classes is None else nn.Embedding(num_classes + 1, embed_dim)

        def stage(channels_in: int, channels_out: int, attend: bool) -> Stage:
            heads = num_heads if attend else 0
            return Stage(channels_in, channels_out, embed_dim, dropout, heads)

        self.first = nn.Conv2d(in_channels, widths[0], 3, padding=1)
        channels, skips = widths[0], [widths[0]]
        self.down = nn.ModuleList()
        for level, (width, size) in enumerate(zip(widths, sizes, strict=True)):
            for _ in range(blocks_per_level):
                self.down.append(stage(channels, width, size in attention_resolutions))
                channels = width
                skips.append(channels)
            if level < levels - 1:
                self.down.append(nn.Conv2d(channels, channels, 3, stride=2, padding=1))
                skips.append(channels)

        self.middle = nn.ModuleList(
            [stage(channels, channels, True), stage(channels, channels, False)]
        )

        self.up = nn.ModuleList()
        for level in reversed(range(levels)):
            for _ in range(blocks_per_level + 1):
                attend = sizes[level] in attention_resolutions
                self.up.append(stage(channels + skips.pop(), widths[level], attend))
                channels = widths[level]
            if level > 0:
                self.up.append(Upsample(channels))

        self.norm = _norm(channels)
        self.last = _zero(nn.Conv2d(channels, in_channels, 3, padding=1))

    def forward(self, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """Evaluate the network.

        Args:
            x: images, shape ``(B, C, H, W)``.
            t: time in [0, 1], shape ``()`` (solvers pass one time for the batch) or ``(B,)``.
            labels: classes 0..K-1, or K for "no class", shape ``(B,)``, integers; ``None`` means
                "no class" for all.

        Returns:
            Shape ``(B, C, H, W)``.

        Raises:
            TypeError: if ``labels`` are not integers.
            ValueError: if a shape does not match, or a label is out of range or not asked for.
        """
        check_images(x, t, self.in_channels)
        wanted = (self.in_channels, self.image_size, self.image_size)
        if x.ndim != 4 or tuple(x.shape[1:]) != wanted:
            shape = ", ".join(str(n) for n in wanted)
            raise ValueError(f"x must have shape (B, {shape}), got {tuple(x.shape)}")
        embedding = self.time(t.to(x.dtype).expand(x.shape[0]))
        if self.num_classes is not None:
            embedding = embedding + self.label(check_labels(labels, x, self.num_classes))
        elif labels is not None:
            raise ValueError(f"labels must be None without num_classes, got {labels!r:.80}")
        embedding = F.silu(embedding)

        h = self.first(x)
        skips = [h]
        for layer in self.down:
            h = layer(h, embedding) if isinstance(layer, Stage) else layer(h)
            skips.append(h)
        for layer in self.middle:
            h = layer(h, embedding)
        for layer in self.up:
            if isinstance(layer, Stage):
                h = layer(torch.cat([h, skips.pop()], dim=1), embedding)
            else:
                h = layer(h)
        return self.last(F.silu(self.norm(h)))
