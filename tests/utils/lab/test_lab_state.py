"""The laboratory in Python: the state that the browser gets, and how a notebook shows it."""

import json
import re

import pytest
import torch
from laboratory import good, rebuild, unpack  # noqa: F401  (a fixture)

from utils.lab import FlowLab, lab_state
from utils.models import MLP
from utils.schedulers import DiscreteVP


def test_state_holds_the_numbers_exactly(good):  # noqa: F811
    lab = json.loads(json.dumps(lab_state(**good)))
    assert torch.equal(unpack(lab["data"]).reshape(-1, 2), good["data"])
    assert torch.equal(unpack(lab["betas"], "<f8"), DiscreteVP().betas)
    x, t = good["noise"], torch.tensor(0.3)
    for kind, name in (("velocity", "flow"), ("epsilon", "diffusion")):
        assert torch.equal(rebuild(lab["models"][name])(x, t), good[kind][name](x, t))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"velocity": None, "epsilon": None}, ValueError, "at least one network"),
        ({"velocity": {"flow": torch.nn.Linear(2, 2)}}, TypeError, "utils.models.MLP"),
        ({"velocity": {"flow": MLP(dim=3)}}, ValueError, "dim=3"),
        ({"velocity": {"diffusion": MLP()}}, ValueError, "different names"),
        ({"schedule": None}, TypeError, "schedule"),
        ({"data": torch.zeros(600, 3)}, ValueError, "data must have shape"),
        ({"noise": torch.zeros(3, 2)}, ValueError, "noise must have shape"),
        ({"noise": torch.full((500, 2), torch.nan)}, ValueError, "noise must be finite"),
        ({"data": [[0.0, 0.0]]}, TypeError, "data must be a torch.Tensor"),
        ({"model": "nobody"}, ValueError, "model must be one of"),
        ({"sampler": "ddim"}, ValueError, "sampler must be one of"),
        ({"scheduler": "linear"}, ValueError, "scheduler must be one of"),
        ({"sampler": "heun", "scheduler": "vp"}, ValueError, "infinite"),
        ({"steps": 0}, ValueError, "steps"),
        ({"steps": 2000}, ValueError, "at most 1000"),
        ({"follow": "me"}, ValueError, "follow must be one of"),
        ({"batches": {"flow": 0}}, ValueError, "batches"),
        ({"batches": {"ot": 64}}, ValueError, "batches"),
        ({"point": (1.0, float("nan"))}, ValueError, "point"),
    ],
)
def test_bad_input_is_refused(good, change, error, words):  # noqa: F811
    with pytest.raises(error, match=words):
        lab_state(**(good | change))


def test_weights_that_are_not_finite_are_refused(good):  # noqa: F811
    good["velocity"]["flow"].net[0].bias.data[0] = torch.inf
    with pytest.raises(ValueError, match="finite weights"):
        lab_state(**good)


@pytest.mark.filterwarnings("ignore:install anywidget")
def test_output_is_the_same_in_every_language_and_run(good):  # noqa: F811
    lab = FlowLab(**good)
    bundle, _ = lab._repr_mimebundle_()
    assert repr(lab) == bundle["text/plain"] == "FlowLab(flow, diffusion: 500 particles)"
    assert bundle["text/html"] == FlowLab(**good).html()
    assert not re.search("[가-힣]", bundle["text/html"])
    assert bundle["text/html"].count("</script>") == 1


@pytest.mark.filterwarnings("ignore:install anywidget")
def test_a_laboratory_that_is_set_again_says_so(good):  # noqa: F811
    lab = FlowLab(**good)
    lab.lab = lab_state({"new": MLP(hidden=20)}, data=good["data"], noise=good["noise"][:100])
    assert repr(lab) == lab._repr_mimebundle_()[0]["text/plain"] == "FlowLab(new: 100 particles)"
    lab.lab = {}
    assert repr(lab) == "FlowLab(: 0 particles)"  # nonsense is no reason to raise


def test_widget_where_anywidget_is_installed(good):  # noqa: F811
    pytest.importorskip("anywidget")
    lab = FlowLab(**good)
    assert "application/vnd.jupyter.widget-view+json" in lab._repr_mimebundle_()[0]
    assert lab.get_state()["lab"]["start"]["sampler"] == "euler"
    assert "export default { render }" in lab.get_state()["_esm"]
