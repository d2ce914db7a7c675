"""What tests of the laboratory that learns share: the same network and training, by torch."""

import torch

import utils.losses as losses
from utils.models import MLP
from utils.paths import VP, AffinePath, CondOT, Cosine, DiscreteVP
from utils.training import ExponentialMovingAverage, epsilon_loss, flow_matching_loss, train

PATHS = {"condot": CondOT(), "cosine": Cosine(), "vp": VP()}


def flat(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


class Labelled(torch.nn.Module):
    """A network with a row of its first layer for each class, as the laboratory has it."""

    def __init__(self, hidden, depth, classes):
        super().__init__()
        self.net = MLP(2, hidden, depth).net
        self.net[0] = torch.nn.Linear(18 + classes, hidden)
        self.embed, self.classes = MLP(2).embed, classes

    def forward(self, x, t, label):
        one_hot = torch.nn.functional.one_hot(label + 1, self.classes + 1)[:, 1:].float()
        return self.net(torch.cat([x, self.embed(t), one_hot], -1))


def rebuilt(numbers, classes=0, hidden=64, depth=3):
    """The network that has these weights."""
    network = Labelled(hidden, depth, classes) if classes else MLP(2, hidden, depth)
    at, numbers = 0, torch.tensor(numbers)
    for parameter in network.parameters():
        count = parameter.numel()
        parameter.data = numbers[at : at + count].reshape(parameter.shape).clone()
        at += count
    assert at == len(numbers)
    return network


def by_torch(run, monkeypatch, hidden=64, depth=3, rate=3e-3, schedule="cosine"):
    """The same training by the course's own network, losses, optimiser and average."""
    recipe, classes = run["recipe"], run["recipe"].get("classes", 0)
    network = rebuilt(run["start"], classes, hidden, depth)

    def loss(model, step):
        x_0, x_1 = (torch.tensor(x).reshape(-1, 2) for x in run["batches"][step][:2])
        t, label = torch.tensor(run["batches"][step][2]), run["batches"][step][3]
        monkeypatch.setattr(losses, "randn_like", lambda *args: x_0)
        if recipe["path"] == "ddpm" and recipe["prediction"] == "epsilon":
            k = (1000 * (1 - t) - 1).round().long()
            with monkeypatch.context() as patch:
                patch.setattr(torch, "randint", lambda *args, **kwargs: k)
                return epsilon_loss(model, x_1, DiscreteVP())
        path = AffinePath(PATHS[recipe["path"]])
        if recipe["prediction"] == "velocity" and label is None:
            with monkeypatch.context() as patch:
                patch.setattr(torch, "rand", lambda *args, **kwargs: t)
                return flow_matching_loss(model, x_1, path)
        a, b = (c[:, None] for c in path.row(recipe["prediction"], t))
        x_t = path.sample(x_0, x_1, t).x_t
        answer = model(x_t, t, torch.tensor(label)) if label is not None else model(x_t, t)
        return (answer - (a * x_1 + b * x_0)).square().mean()

    loss(network, 0).backward()
    slope = torch.cat([p.grad.flatten() for p in network.parameters()])
    average = ExponentialMovingAverage(network)
    steps = len(run["batches"])
    seen = [value for _, value in train(network, loss, steps, rate, average, schedule)]
    x, t = (torch.tensor(numbers) for numbers in run["batches"][0][1:3])
    label = (torch.ones(len(t), dtype=torch.long),) if classes else ()
    answer = average.model(x.reshape(-1, 2), t, *label).flatten()
    return torch.tensor(seen), flat(network), flat(average.model), answer, slope
