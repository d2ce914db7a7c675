"""What the properties draw: batches, times and networks, as awkward as a caller's may be."""

import torch
from hypothesis import strategies as st

from utils.mixtures import EmpiricalDistribution, GaussianMixture
from utils.schedulers import VP, CondOT, Cosine, DiscreteVP, cosine_betas, ddpm_betas

HALVES = (torch.float16, torch.bfloat16)
SINGLES = (torch.float32, torch.float64)
DTYPES = (*HALVES, *SINGLES)
# What one rounding of a result near 1 may cost.
EPS = {dtype: torch.finfo(dtype).eps for dtype in DTYPES}

seeds = st.integers(0, 2**32 - 1)
dtypes = st.sampled_from(DTYPES)
singles = st.sampled_from(SINGLES)
schedulers = st.one_of(
    st.sampled_from([CondOT(), Cosine(), VP(), VP(0.0, 2.0), VP(0.3, 0.3)]),
    st.builds(lambda low, more: VP(low, low + more), st.floats(0, 5), st.floats(0.1, 15)),
)


def drawn(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Standard normal numbers of a seed, the same up to rounding in every type."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator).to(dtype)


@st.composite
def shapes(draw, least: int = 1, most: int = 6, flat: bool = False) -> tuple[int, ...]:
    """``(B, D)``, or images; a batch of 1, one coordinate and B = D are common."""
    batch = draw(st.integers(least, most))
    width = draw(st.one_of(st.just(1), st.just(batch), st.integers(1, 5)))
    if flat or draw(st.booleans()):
        return batch, width
    return batch, draw(st.integers(1, 3)), draw(st.integers(1, 3)), width


@st.composite
def batches(draw, shape: tuple[int, ...], dtype=torch.float64, scale=1.0, awkward=True):
    """Normal numbers: in one piece, or a view with gaps or turned axes, or with a gradient."""
    values = scale * drawn(draw(seeds), *shape)
    x = values.to(dtype)
    layout = draw(st.sampled_from(["plain", "gaps", "turned", "grad"])) if awkward else "plain"
    if layout == "gaps":
        x = torch.stack([x, x + 1], dim=-1)[..., 0]
    elif layout == "turned":
        x = x.movedim(0, -1).contiguous().movedim(-1, 0)
    return x.requires_grad_() if layout == "grad" else x


@st.composite
def pairs(draw, dtype=dtypes, scale=1.0, **options):
    """Two batches of one shape and type."""
    shape, kind = draw(shapes(**options)), draw(dtype)
    return tuple(draw(batches(shape, kind, scale)) for _ in range(2))


def moments(low: float = 0.0, high: float = 1.0):
    """Times, often the ends."""
    return st.one_of(st.sampled_from([low, high]), st.floats(low, high))


@st.composite
def times(draw, batch: int, dtype=torch.float64, low=0.0, high=1.0, numbers=True):
    """A number, a 0-dim tensor, or one time for each sample."""
    kind = draw(st.sampled_from(["number", "0-dim", "batch"] if numbers else ["0-dim", "batch"]))
    if kind == "number":
        return draw(moments(low, high))
    if kind == "0-dim":
        return torch.tensor(draw(moments(low, high)), dtype=dtype)
    values = draw(st.lists(moments(low, high), min_size=batch, max_size=batch))
    return torch.tensor(values, dtype=dtype)


def wide(t, x: torch.Tensor) -> torch.Tensor:
    """A time as the functions see it, in float64 and ready to broadcast over ``x``."""
    kind = torch.promote_types(x.dtype, torch.float32)
    t = torch.as_tensor(t, dtype=None if torch.is_tensor(t) else kind).double()
    return t.reshape(-1, *[1] * (x.ndim - 1)) if t.ndim else t


@st.composite
def schedules(draw, most: int = 12) -> DiscreteVP:
    """Discrete schedules with few steps."""
    T = draw(st.integers(1, most))
    ends = draw(st.floats(1e-4, 0.3)), draw(st.floats(1e-4, 0.5))
    return DiscreteVP(draw(st.sampled_from([ddpm_betas(T, *ends), cosine_betas(T)])))


@st.composite
def mixtures(draw, shape: tuple[int, ...], dtype=torch.float64) -> GaussianMixture:
    """Gaussian mixtures over samples of a shape; a weight may be 0."""
    count, seed = draw(st.integers(1, 4)), draw(seeds)
    stds = 0.2 + drawn(seed + 1, count).abs()
    weights = drawn(seed + 2, count).abs() + 0.1
    if count > 1 and draw(st.booleans()):
        weights[0] = 0
    return GaussianMixture(2 * drawn(seed, count, *shape).to(dtype), stds, weights)


@st.composite
def data_sets(draw, shape: tuple[int, ...], dtype=torch.float64) -> EmpiricalDistribution:
    """A few points, each as likely as the others."""
    return EmpiricalDistribution(drawn(draw(seeds), draw(st.integers(1, 4)), *shape).to(dtype))


def near(found, wanted, dtype=None, digits=4.0, scale=1.0):
    """Equal up to so many roundings of the result's type, relative to ``scale`` or to the value."""
    assert dtype is None or found.dtype == dtype
    found_wide, wanted = found.detach().double(), wanted.detach().double()
    assert found_wide.shape == wanted.shape
    room = digits * EPS[found.dtype] * wanted.abs().clamp(min=scale)
    off = (found_wide - wanted).abs() > room
    assert not off.any() and found_wide.isfinite().all(), (found_wide, wanted)
