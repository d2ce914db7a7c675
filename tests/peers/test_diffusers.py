"""DDPM's and DDIM's steps against the schedulers of diffusers, on random inputs.

diffusers keeps betas and their products in float32, so that it is not exact to 1e-6 in float64: the
product of a thousand factors is off by up to 1e-4 where almost no data are left. The steps are
compared after its tables have been replaced by ours; a second test says how far off its own are.
"""

import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler

from utils.samplers import ddim_step, ddpm_step, sample_ddim, sample_ddpm
from utils.schedulers import DiscreteVP, cosine_betas, ddpm_betas

SCHEDULES = {"linear": ddpm_betas(1000), "squaredcos_cap_v2": cosine_betas(100)}
CLOSE = {"rtol": 1e-6, "atol": 1e-6}


def noise(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


def theirs_with(kind, name, **options):
    """A scheduler of diffusers with the same betas, and its tables in float64."""
    ours = DiscreteVP(SCHEDULES[name])
    options |= {"num_train_timesteps": ours.T, "beta_start": 1e-4, "beta_end": 0.02}
    theirs = kind(beta_schedule=name, clip_sample=False, **options)
    theirs.betas, theirs.alphas, theirs.alphas_cumprod = ours.betas, ours.alphas, ours.alpha_bar
    theirs.one = torch.ones((), dtype=torch.float64)
    if kind is DDIMScheduler:
        theirs.final_alpha_cumprod = theirs.one
    return ours, theirs


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize(("k", "seed"), [(0, 0), (1, 1), (37, 2), (98, 3), (99, 4)])
@pytest.mark.parametrize(
    ("variance", "named"), [("beta", "fixed_large"), ("posterior", "fixed_small")]
)
def test_ddpm(name, k, seed, variance, named):
    ours, theirs = theirs_with(DDPMScheduler, name, variance_type=named)
    x, epsilon = noise(seed, 5, 2), noise(seed + 9, 5, 2)
    z = torch.randn(5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    out = theirs.step(epsilon, k, x, generator=torch.Generator().manual_seed(seed)).prev_sample
    torch.testing.assert_close(ddpm_step(epsilon, x, k, ours, z, variance), out, **CLOSE)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("eta", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("stride", [1, 5, 20])
def test_ddim(name, eta, stride):
    ours, theirs = theirs_with(DDIMScheduler, name, set_alpha_to_one=True)
    theirs.set_timesteps(ours.T // stride)
    for k in (0, stride // 2, stride, 60):
        k_next = max(k - stride, -1)
        x, epsilon, z = noise(k, 4, 3), noise(k + 1, 4, 3), noise(k + 2, 4, 3)
        out = theirs.step(epsilon, k, x, eta=eta, variance_noise=z).prev_sample
        mine = ddim_step(epsilon, x, k, k_next, ours, eta, z)
        if k_next < 0:  # no noise is left to add; diffusers counts before 0 as clean, too
            mine = ddim_step(epsilon, x, k, -1, ours)
        torch.testing.assert_close(mine, out, **CLOSE)


@pytest.mark.parametrize("name", SCHEDULES)
def test_jumping_into_the_noise(name):
    ours, theirs = theirs_with(DDPMScheduler, name)
    x_1, x_0, k = noise(0, 6, 2), noise(1, 6, 2), torch.tensor([0, 1, 2, 50, 98, 99])
    torch.testing.assert_close(ours.sample(x_0, x_1, k), theirs.add_noise(x_1, x_0, k), **CLOSE)


def test_whole_runs():
    ours, theirs = theirs_with(DDIMScheduler, "squaredcos_cap_v2", set_alpha_to_one=True)

    def model(x, t):
        return torch.tanh(x + t)

    x = x_T = noise(3, 8, 2)
    theirs.set_timesteps(100)
    for k in theirs.timesteps.tolist():
        x = theirs.step(model(x, ours.time(k)), k, x, eta=0.0).prev_sample
    torch.testing.assert_close(sample_ddim(model, x_T, ours, 100), x, **CLOSE)
    ours, theirs = theirs_with(DDPMScheduler, "linear", variance_type="fixed_large")
    x, generator = x_T, torch.Generator().manual_seed(5)
    for k in range(ours.T - 1, -1, -1):
        x = theirs.step(model(x, ours.time(k)), k, x, generator=generator).prev_sample
    mine = sample_ddpm(model, x_T, ours, torch.Generator().manual_seed(5))
    torch.testing.assert_close(mine, x, **CLOSE)


@pytest.mark.parametrize(("name", "off"), [("linear", 1e-4), ("squaredcos_cap_v2", 1e-4)])
def test_their_own_tables_are_in_float32(name, off):
    ours = DiscreteVP(SCHEDULES[name])
    theirs = DDPMScheduler(ours.T, 1e-4, 0.02, name)
    assert theirs.betas.dtype == theirs.alphas_cumprod.dtype == torch.float32
    torch.testing.assert_close(theirs.betas.double(), ours.betas, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(theirs.alphas_cumprod.double(), ours.alpha_bar, rtol=off, atol=1e-6)
