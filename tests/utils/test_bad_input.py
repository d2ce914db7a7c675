"""Every public function names the argument that is wrong, and its value."""

import pytest
import torch

from utils.couplings import coupling_cost, independent_coupling, minibatch_ot_coupling
from utils.models import MLP, TimeEmbedding
from utils.paths import VP, AffinePath, CondOT, DiscreteVP, ddpm_betas
from utils.samplers import (
    count_evaluations,
    ddim_step,
    ddpm_step,
    sample_ddim,
    sample_ddpm,
    sample_ode,
    sample_sde,
)
from utils.tensors import expand_time
from utils.training import ExponentialMovingAverage, fit, flow_matching_loss, train

X, T = torch.ones(4, 2), torch.tensor(0.5)
NAN, EMPTY, INTS = X * float("nan"), torch.ones(0, 2), torch.ones(4, 2, dtype=torch.long)
PATH, SCHEDULE = AffinePath(CondOT()), DiscreteVP(ddpm_betas(10))


def field(x, t):
    return x


CASES = {
    "sample: nan": (lambda: PATH.sample(NAN, X, T), ValueError, "x_0.*nan"),
    "sample: inf": (lambda: PATH.sample(X, X / 0, T), ValueError, "x_1.*inf"),
    "sample: empty": (lambda: PATH.sample(EMPTY, EMPTY, T), ValueError, r"x_0.*empty.*\(0, 2\)"),
    "sample: ints": (lambda: PATH.sample(INTS, INTS, T), TypeError, "x_0.*int64"),
    "sample: list": (lambda: PATH.sample([1.0], X, T), TypeError, "x_0.*list"),
    "sample: pair": (lambda: PATH.sample(X[:3], X, T), ValueError, r"x_0 and x_1.*\(3, 2\)"),
    "sample: dtypes": (lambda: PATH.sample(X.double(), X, T), TypeError, "float64"),
    "sample: t high": (lambda: PATH.sample(X, X, torch.tensor(1.5)), ValueError, "t .*1.5"),
    "sample: t low": (lambda: PATH.sample(X, X, torch.tensor(-0.1)), ValueError, "t .*-0.1"),
    "sample: t nan": (lambda: PATH.sample(X, X, torch.tensor(torch.nan)), ValueError, "t .*nan"),
    "sample: t shape": (lambda: PATH.sample(X, X, torch.rand(3)), ValueError, r"t .*\(3,\)"),
    "sample: t ints": (lambda: PATH.sample(X, X, torch.tensor(1)), TypeError, "t .*int64"),
    "sample: t text": (lambda: PATH.sample(X, X, "now"), TypeError, "t .*str"),
    "scheduler: t": (lambda: CondOT().alpha(torch.tensor(2.0)), ValueError, "t .*2.0"),
    "path: scheduler": (lambda: AffinePath("cosine"), TypeError, "scheduler.*cosine"),
    "row: kind": (lambda: PATH.row("noise", T), ValueError, "kind.*noise"),
    "convert: shapes": (
        lambda: PATH.convert(X, T, X[:2], "v", "target"),
        ValueError,
        r"x_t and value.*\(2, 2\)",
    ),
    "convert: infinite": (
        lambda: PATH.convert(X, torch.tensor(1.0), X, "v", "score"),
        ValueError,
        "score.*1.0",
    ),
    "expand_time": (lambda: expand_time(torch.rand(3), X), ValueError, r"t .*\(3,\)"),
    "vp: order": (lambda: VP(5.0, 1.0), ValueError, "beta_max.*1.0"),
    "vp: negative": (lambda: VP(-1.0, 1.0), ValueError, "beta_min.*-1.0"),
    "betas: T zero": (lambda: ddpm_betas(0), ValueError, "T .*0"),
    "betas: T float": (lambda: ddpm_betas(10.0), TypeError, "T .*10.0"),
    "betas: range": (lambda: ddpm_betas(10, 0.0), ValueError, "beta_start.*0"),
    "discrete: range": (lambda: DiscreteVP(torch.tensor([0.5, 1.5])), ValueError, "betas.*1.5"),
    "discrete: shape": (lambda: DiscreteVP(X * 0.1), ValueError, r"betas.*\(4, 2\)"),
    "discrete: k": (lambda: SCHEDULE.alpha(10), ValueError, "k .*10"),
    "discrete: k float": (lambda: SCHEDULE.alpha(1.0), TypeError, "k .*float"),
    "step: k": (lambda: SCHEDULE.step(X, -1), ValueError, "k .*-1"),
    "ode: steps 0": (lambda: sample_ode(field, X, 0), ValueError, "steps.*0"),
    "ode: steps -1": (lambda: sample_ode(field, X, -1), ValueError, "steps.*-1"),
    "ode: steps float": (lambda: sample_ode(field, X, 2.5), TypeError, "steps.*2.5"),
    "ode: method": (lambda: sample_ode(field, X, method="rk4"), ValueError, "method.*rk4"),
    "ode: grid": (
        lambda: sample_ode(field, X, time_grid=torch.tensor([0.0, 0.6, 0.5])),
        ValueError,
        "time_grid.*0.6",
    ),
    "ode: one time": (
        lambda: sample_ode(field, X, time_grid=torch.tensor([0.0])),
        ValueError,
        "time_grid.*two",
    ),
    "ode: nan": (lambda: sample_ode(field, NAN), ValueError, "x_0.*nan"),
    "ode: output": (
        lambda: sample_ode(lambda x, t: x[:, :1], X),
        ValueError,
        r"velocity.*\(4, 1\)",
    ),
    "sde: scale": (lambda: sample_sde(field, X, CondOT(), 5, -1.0), ValueError, "noise_scale.*-1"),
    "sde: end": (lambda: sample_sde(field, X, CondOT(), t_end=1.5), ValueError, "t_end.*1.5"),
    "sde: scheduler": (lambda: sample_sde(field, X, "vp"), TypeError, "scheduler.*vp"),
    "ddim: steps": (lambda: sample_ddim(field, X, SCHEDULE, 11), ValueError, "steps.*11"),
    "ddim: eta": (lambda: ddim_step(X, X, 5, 2, SCHEDULE, eta=-1.0), ValueError, "eta.*-1"),
    "ddim: order": (lambda: ddim_step(X, X, 5, 7, SCHEDULE), ValueError, "k_next.*7"),
    "ddim: noise": (lambda: ddim_step(X, X, 5, 2, SCHEDULE, eta=1.0), ValueError, "noise.*None"),
    "ddpm: variance": (
        lambda: sample_ddpm(field, X, SCHEDULE, variance="learned"),
        ValueError,
        "variance.*learned",
    ),
    "ddpm: noise": (lambda: ddpm_step(X, X, 5, SCHEDULE), ValueError, "noise.*None"),
    "ddpm: shapes": (lambda: ddpm_step(X[:2], X, 5, SCHEDULE), ValueError, r"epsilon.*\(2, 2\)"),
    "ddpm: k": (lambda: ddpm_step(X, X, 99, SCHEDULE, X), ValueError, "k .*99"),
    "count": (lambda: count_evaluations(3), TypeError, "field.*int"),
    "coupling: pair": (lambda: minibatch_ot_coupling(X[:2], X), ValueError, r"x_0 and x_1"),
    "coupling: nan": (lambda: minibatch_ot_coupling(NAN, X), ValueError, "x_0.*nan"),
    "coupling: empty": (lambda: independent_coupling(EMPTY, EMPTY), ValueError, "x_0.*empty"),
    "cost: dims": (lambda: coupling_cost(X, X[:, :1]), ValueError, r"\(4, 1\)"),
    "embedding: odd": (lambda: TimeEmbedding(7), ValueError, "dim.*7"),
    "embedding: frequency": (lambda: TimeEmbedding(8, 0.1), ValueError, "max_frequency.*0.1"),
    "mlp: hidden": (lambda: MLP(hidden=0), ValueError, "hidden.*0"),
    "mlp: x": (lambda: MLP()(torch.ones(4, 3), T), ValueError, r"x .*\(4, 3\)"),
    "ema: decay": (lambda: ExponentialMovingAverage(MLP(), 1.0), ValueError, "decay.*1.0"),
    "train: steps": (lambda: train(MLP(), field, 0), ValueError, "steps.*0"),
    "train: lr": (lambda: train(MLP(), field, 5, lr=0.0), ValueError, "lr.*0.0"),
    "train: lr nan": (lambda: train(MLP(), field, 5, lr=float("nan")), ValueError, "lr.*nan"),
    "train: schedule": (lambda: fit(MLP(), field, 5, lr_schedule="x"), ValueError, "lr_schedule"),
    "loss: empty": (lambda: flow_matching_loss(MLP(), EMPTY, PATH), ValueError, "x_1.*empty"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_by_name(name):
    call, error, message = CASES[name]
    with pytest.raises(error, match=message):
        call()
