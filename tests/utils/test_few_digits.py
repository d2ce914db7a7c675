"""float16 and bfloat16: sums, times and averages keep the digits of float32."""

import pytest
import torch

from utils.couplings import coupling_cost
from utils.losses import epsilon_loss, flow_matching_loss
from utils.mixtures import EmpiricalDistribution, GaussianMixture
from utils.models import MLP
from utils.paths import PREDICTIONS, VP, AffinePath, CondOT, Cosine, DiscreteVP, ddpm_betas
from utils.samplers import sample_ddim, sample_ddpm, sample_ode, sample_sde
from utils.training import ExponentialMovingAverage, load_checkpoint, move_average, save_checkpoint

HALVES = (torch.float16, torch.bfloat16)
EPS = {torch.float16: 2**-10, torch.bfloat16: 2**-7}  # of numbers between 1 and 2
eight = GaussianMixture.eight_gaussians()


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def near(found, wanted, dtype, digits=1.0):
    """Equal up to the rounding of the result, and in the asked type."""
    assert found.dtype == dtype
    scale = wanted.abs().clamp(min=1.0)
    assert ((found.double() - wanted.double()).abs() / scale).max() <= digits * EPS[dtype]


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("method", ["euler", "midpoint", "heun"])
def test_a_thousand_small_steps_on_a_large_number(dtype, method):
    ends = sample_ode(
        lambda x, t: torch.ones_like(x), torch.full((4, 2), 4.0, dtype=dtype), 1000, method
    )
    assert ends.dtype == dtype and (ends == 5).all()  # in 16 bits throughout it stays at 4


@pytest.mark.parametrize("dtype", HALVES)
def test_solvers_are_near_those_in_float32(dtype):
    x_0, schedule = noise(64, 2).to(dtype), DiscreteVP(ddpm_betas(300, 1e-4, 0.05))
    fields = (eight.velocity_field(CondOT()), eight.epsilon_model(schedule))
    ways = (
        lambda x: sample_ode(fields[0], x, 50),
        lambda x: sample_sde(fields[0], x, CondOT(), 50, generator=torch.Generator().manual_seed(1),
                             noise_scale=0.0),
        lambda x: sample_ddim(fields[1], x, schedule, 20),
    )  # fmt: skip
    for way in ways:
        wide = way(x_0.float())
        # The field sees rounded states: an error for each step, none of which grows.
        assert way(x_0).dtype == dtype
        assert (way(x_0).float() - wide).abs().median() < 4 * EPS[dtype]
    states = sample_ode(fields[0], x_0, 5, return_trajectory=True)
    assert states.shape == (6, 64, 2) and states.dtype == dtype
    assert sample_ddpm(fields[1], x_0, schedule).isfinite().all()


def test_the_field_sees_states_in_the_callers_type_and_times_that_can_be_told_apart():
    seen = []

    def field(x, t):
        seen.append((x.dtype, t.dtype))
        return x

    for dtype in (*HALVES, torch.float32, torch.float64):
        seen.clear()
        assert sample_ode(field, torch.ones(2, 2, dtype=dtype), 3).dtype == dtype
        assert {*seen} == {(dtype, torch.promote_types(dtype, torch.float32))}


@pytest.mark.parametrize("dtype", HALVES)
def test_a_network_in_16_bits_is_sampled_and_trained(dtype):
    torch.manual_seed(0)
    net = MLP(dim=2, hidden=16, depth=1).to(dtype)
    assert sample_ode(net, noise(8, 2).to(dtype), 4).dtype == dtype
    loss = flow_matching_loss(net, noise(32, 2).to(dtype), AffinePath(CondOT()))
    loss.backward()
    assert loss.dtype == torch.float32 and net.net[0].weight.grad.dtype == dtype
    assert epsilon_loss(net, noise(32, 2).to(dtype), DiscreteVP()).isfinite()


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("scheduler", [CondOT(), Cosine(), VP()])
def test_exact_fields_lose_only_what_the_result_cannot_hold(dtype, scheduler):
    few = EmpiricalDistribution(noise(5, 3, 8, 8, seed=1))
    x, flat = noise(4, 3, 8, 8).to(dtype), noise(16, 2).to(dtype)
    for t in (torch.tensor(0.9), torch.tensor(0.99), 0.99):
        for name in ("posterior_mean", "epsilon", "score", "velocity"):
            wide = getattr(few, name)(x.double(), t, scheduler)
            # Beyond what the type holds there is only infinity.
            if wide.abs().max() < torch.finfo(dtype).max:
                near(getattr(few, name)(x, t, scheduler), wide, dtype)
            near(getattr(eight, name)(flat, t, scheduler),
                 getattr(eight, name)(flat.double(), t, scheduler), dtype, 2)  # fmt: skip
    shares = few.responsibilities(x, torch.tensor(0.9), scheduler)
    assert shares.dtype == dtype and (shares.float().sum(1) - 1).abs().max() < 5 * EPS[dtype]
    assert few.velocity_variance(x, torch.tensor(0.5), scheduler).dtype == dtype
    near(eight.log_density(flat), eight.log_density(flat.double()), dtype, 2)


def test_one_point_pulls_by_the_inverse_of_the_time_that_is_left():
    one = EmpiricalDistribution(torch.zeros(1, 2))
    pull = one.velocity(torch.tensor([[1.0, 0.0]]).bfloat16(), torch.tensor(0.99), CondOT())
    assert pull[0, 0] == -100  # a time in bfloat16 gives -85.5


def test_a_time_in_16_bits_cannot_name_a_step():
    schedule = DiscreteVP(ddpm_betas(300, 1e-4, 0.05))
    model, k = eight.epsilon_model(schedule), torch.arange(300)
    x = noise(300, 2).bfloat16()
    wanted = eight.epsilon_model(schedule)(x.float(), schedule.time(k))
    near(model(x, schedule.time(k)), wanted, torch.bfloat16, 2)
    with pytest.raises(TypeError, match="t must be float32 or better to name a step"):
        model(x, schedule.time(k).bfloat16())


@pytest.mark.parametrize("dtype", HALVES)
def test_paths_and_conversions(dtype):
    x_0, x_1, t = (
        noise(32, 3).to(dtype),
        noise(32, 3, seed=1).to(dtype),
        torch.rand(32) * 0.9 + 0.05,
    )
    path = AffinePath(Cosine())
    sample, wide = path.sample(x_0, x_1, t), path.sample(x_0.double(), x_1.double(), t)
    near(sample.x_t, wide.x_t, dtype)
    near(sample.dx_t, wide.dx_t, dtype)
    for source in PREDICTIONS:
        for target in PREDICTIONS:
            found = path.convert(sample.x_t, t, sample.dx_t, source, target)
            near(
                found,
                path.convert(sample.x_t.double(), t, sample.dx_t.double(), source, target),
                dtype,
            )


def test_a_cost_that_the_inputs_type_cannot_hold():
    far = torch.full((2, 2), 200.0).half()
    assert coupling_cost(torch.zeros(2, 2).half(), far) == 80000


@pytest.mark.parametrize("dtype", HALVES)
def test_an_average_of_weights_in_16_bits(dtype, tmp_path):
    """After the weight has stood at 0 for long, 1,000 steps of 1e-3 towards 1 give 1 - 1/e."""
    net = torch.nn.Linear(1, 1, bias=False).to(dtype)
    torch.nn.init.zeros_(net.weight)
    ema = ExponentialMovingAverage(net, 0.999)
    ema.updates = 100_000
    torch.nn.init.ones_(net.weight)
    for _ in range(500):
        ema.update(net)
    save_checkpoint(tmp_path / "c.pt", net, 500, ema=ema)
    other = ExponentialMovingAverage(net, 0.999)
    load_checkpoint(tmp_path / "c.pt", net, ema=other)  # with the digits beside the model
    for _ in range(500):
        other.update(net)
    assert other.model.weight.dtype == dtype
    assert abs(other.model.weight.item() - (1 - 0.999**1000)) < EPS[dtype] / 2
    with pytest.raises(TypeError, match="slow must be float32 or better"):
        move_average([net.weight], [net.weight], 0.999, 0)


def test_an_output_of_another_shape_is_refused():
    data = noise(64, 1)
    for model in (lambda x, t: x[:, 0], lambda x, t: x.sum(), lambda x, t: (x, t)):
        with pytest.raises(ValueError, match=r"model must return shape \(64, 1\), got"):
            flow_matching_loss(model, data, AffinePath(CondOT()))
        with pytest.raises(ValueError, match=r"model must return shape \(64, 1\), got"):
            epsilon_loss(model, data, DiscreteVP())
