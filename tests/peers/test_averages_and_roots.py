"""EMA against torch.optim.swa_utils, Frechet distance against SciPy's matrix square root."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from torch.optim.swa_utils import AveragedModel

from utils.metrics import frechet_distance
from utils.training import ExponentialMovingAverage


def capped(decay):
    """torch's average with the cap on d that ours has; its count has the first copy in it."""

    def move(slow, fast, count):
        n = int(count) - 1
        d = min(decay, (1 + n) / (10 + n))
        return d * slow + (1 - d) * fast

    return move


def shake(net, seed):
    generator = torch.Generator().manual_seed(seed)
    for p in net.parameters():
        p.data = torch.randn(p.shape, dtype=p.dtype, generator=generator)


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.9, 0.9999])
@pytest.mark.parametrize("warm", [0, 100_000])
def test_averages(decay, warm):
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 1)).double()
    shake(net, 0)
    mine = ExponentialMovingAverage(net, decay)
    mine.updates = warm
    theirs = AveragedModel(net, avg_fn=capped(decay))
    theirs.n_averaged += 1 + warm  # torch's first update is a copy, which ours has made already
    for seed in range(1, 30):
        shake(net, seed)
        mine.update(net)
        theirs.update_parameters(net)
    for a, b in zip(mine.model.parameters(), theirs.module.parameters(), strict=True):
        torch.testing.assert_close(a, b.data, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dim", [1, 2, 5, 20])
@pytest.mark.parametrize(("n", "m"), [(200, 200), (60, 300)])
def test_frechet_distance(dim, n, m):
    generator = torch.Generator().manual_seed(dim)
    a = torch.randn(n, dim, dtype=torch.float64, generator=generator)
    turn = torch.randn(dim, dim, dtype=torch.float64, generator=generator)
    b = torch.randn(m, dim, dtype=torch.float64, generator=generator) @ turn + 1
    one, other = (np.atleast_2d(np.cov(x.numpy().T)) for x in (a, b))
    theirs = (a.mean(0) - b.mean(0)).square().sum().item()
    theirs += np.trace(one + other - 2 * sqrtm(one @ other).real)
    assert abs(frechet_distance(a, b) / theirs - 1) < 1e-6
    assert frechet_distance(a, a) < 1e-12
