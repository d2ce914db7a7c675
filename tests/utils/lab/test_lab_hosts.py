"""The laboratory away from the book: in JupyterLab, in a frame like Colab's, without workers."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
from importlib.util import find_spec

import chromium
import nbformat
import pytest
import torch
from laboratory import RENDER, STEPS, by_torch, hosted  # noqa: F401  (a fixture)
from pages import browser, needs_browser  # noqa: F401  (a fixture)
from pushing import pushed  # noqa: F401  (a fixture)
from waiting import until

from utils.lab.pusht import push_state

CODE = """
import torch
from utils.lab import FlowLab
from utils.models import MLP
from utils.schedulers import DiscreteVP

torch.manual_seed(0)
laboratory = FlowLab(
    velocity={"flow": MLP(hidden=20)},
    epsilon={"diffusion": MLP(hidden=20)},
    schedule=DiscreteVP(),
    data=torch.randn(600, 2),
    noise=torch.randn(500, 2),
)
laboratory
"""
LEARNING = """
from utils.lab.learning import LearningLab

LearningLab()
"""
PUSHING = """
from utils.lab.pusht import PushTLab

PushTLab(evaluations=4)
"""
WORDS = {
    "ko": "이 노트북은 입자가 노이즈에서 데이터로 흐르는 모습을 보입니다.",
    "en": "This notebook shows particles that flow from noise to data.",
}
AGAIN = """
start = laboratory.lab["start"] | {"steps": 4, "sampler": "euler"}
laboratory.lab = laboratory.lab | {"start": start}
"""
SESSION = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session"
LAB = "document.querySelector('.fl').parentElement.flowLab"
PUSH = "document.querySelector('.fl-push')?.parentElement.flowLab"
pytestmark = needs_browser


@pytest.fixture(scope="module")
def lab():
    space = {}
    exec(CODE.removesuffix("laboratory\n"), space)
    return space["laboratory"].lab


def started(page):
    """Wait until the particles are there."""
    page.wait(f"!!{LAB}.view.shown", 60)


def same_as_torch(page, lab, monkeypatch):
    """The end points of two networks, against torch for the same noise."""
    for model, sampler in (("flow", "sde"), ("diffusion", "ddpm"), ("flow", "midpoint")):
        settings = {"model": model, "sampler": sampler, "steps": STEPS[sampler]}
        settings["scheduler"] = "condot"
        page.evaluate(f"{LAB}.set({json.dumps(settings)}).then(() => null)")
        answer = page.evaluate(
            f"{LAB}.trace().then(({{states, noises}}) => [states[0], states.at(-1), ...noises]"
            ".map((a) => Array.from(a)))"
        )
        x_0, got = (torch.tensor(x).reshape(-1, 2) for x in answer[:2])
        want = by_torch(lab, settings, x_0, answer[2:], monkeypatch)
        # Untrained noise predictors send points far away: relative to where they are.
        assert ((got - want).abs() / want.abs().clamp(min=1)).max() < 1e-4, (model, sampler)


def pushes(page):
    """Nine actions of a policy that carries out eight of a plan: two plans, of four evaluations."""
    step = f"{PUSH}.root.querySelectorAll('.fl-buttons button')[1].click()"
    page.evaluate(f"for (let i = 0; i < 9; i += 1) {step}")
    keys = ("steps", "plans", "evaluations")
    assert [page.evaluate(f"{PUSH}.episode.{key}") for key in keys] == [9, 2, 8]


# ---- JupyterLab, with a kernel and the widget manager ------------------------------------------


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory):
    if not find_spec("jupyterlab"):
        pytest.skip("needs jupyterlab: pip install -r requirements-grading.txt")
    folder, home = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("jupyter")
    for language, words in WORDS.items():
        cells = [nbformat.v4.new_markdown_cell(words), nbformat.v4.new_code_cell(CODE.strip())]
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, folder / f"{language}.ipynb")
        notebook.cells[1] = nbformat.v4.new_code_cell(LEARNING.strip())
        notebook.cells.append(nbformat.v4.new_code_cell(PUSHING.strip()))
        nbformat.write(notebook, folder / f"learning-{language}.ipynb")
    port = free_port()
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
        "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    mine = {f"JUPYTER_{what}_DIR": str(home / what) for what in ("CONFIG", "DATA", "RUNTIME")}
    mine |= {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    mine |= {"JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces")}
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=os.environ | mine, stdout=log, stderr=log
        )

    def listens(left):
        assert server.poll() is None, f"JupyterLab has ended: {(home / 'log').read_text()[-2000:]}"
        with socket.create_connection(("127.0.0.1", port), 1):
            return True

    try:
        until(listens, 120, f"JupyterLab listens on port {port}")
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(30)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_in_jupyterlab(jupyter, browser, lab, language, monkeypatch):  # noqa: F811
    page = chromium.Page(browser, width=1400, height=1000, reduced=True)
    with contextlib.closing(page):
        address = f"{jupyter}lab/tree/{language}.ipynb?reset"
        page.call("Page.navigate", url=address)
        page.wait(f"{SESSION}?.kernel?.status === 'idle'", 120)
        page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells'); 0")
        started(page)
        same_as_torch(page, lab, monkeypatch)
        # In the notebook's language, though the menus are in English.
        text = page.evaluate(f"{LAB}.root.innerText")
        assert bool(re.search("[가-힣]", text)) == (language == "ko"), text
        # A theme chosen in the menu, and a state set in the kernel.
        for theme, dark in (("JupyterLab Dark", "true"), ("JupyterLab Light", "false")):
            choose = f"jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}})"
            page.evaluate(f"{choose}; 0")
            page.wait(f"{LAB}.root.classList.contains('fl-dark') === {dark}", 60)
        page.evaluate(f"{SESSION}.kernel.requestExecute({{code: {json.dumps(AGAIN)}}}); 0")
        page.wait(f"{LAB}.view.shown.nfe === 4", 60)


def test_those_that_learn_and_push_in_jupyterlab(jupyter, browser):  # noqa: F811
    """Both in one notebook: a kernel and a page of JupyterLab for each would take ten seconds."""
    page = chromium.Page(browser, width=1400, height=1000, reduced=True)
    with contextlib.closing(page):
        page.call("Page.navigate", url=f"{jupyter}lab/tree/learning-ko.ipynb?reset")
        page.wait(f"{SESSION}?.kernel?.status === 'idle'", 120)
        page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells'); 0")
        page.wait(f"!!{LAB}", 60)
        assert re.search("[가-힣]", page.evaluate(f"{LAB}.root.innerText"))
        page.evaluate(f"{LAB}.set({{budget: 500}}).then(() => null)")
        page.evaluate("document.querySelector('.fl-go').scrollIntoView()")
        page.evaluate("document.querySelector('.fl-go').click()")
        page.wait(f"{LAB}.sides.every((side) => side.trained)", 120)
        # A letter in the field for a word is a letter, and no command of the notebook's.
        cells = "document.querySelectorAll('.jp-Cell').length"
        before = page.evaluate(cells)
        page.evaluate("document.querySelector('.fl-learn [type=text]').focus()")
        page.press("b", 66, "b")
        assert page.evaluate("document.querySelector('.fl-learn [type=text]').value") == "b"
        assert page.evaluate(cells) == before
        page.wait(f"!!{PUSH}?.episode", 60)
        pushes(page)
        assert re.search("[가-힣]", page.evaluate(f"{PUSH}.root.innerText"))


# ---- frames like Colab's -----------------------------------------------------------------------

# From a frame of another origin nothing can be read: it tells what it has computed.
TELL = """
const { flowLab } = host;
await flowLab.ready();
const answer = await flowLab.trace();
parent.postMessage([answer.states[0], answer.states.at(-1)].map((a) => Array.from(a)), "*");
"""
PARENT = """<!doctype html><title>parent</title><script>
onmessage = ({ data }) => { window.told = data; };
</script><iframe sandbox="allow-scripts" width="900" height="700" src="frame.html"></iframe>"""


def test_in_a_sandboxed_frame_of_another_origin(hosted, lab, monkeypatch):  # noqa: F811
    page = hosted(RENDER + TELL, name="parent.html", parent=PARENT)
    page.wait("!!window.told")
    x_0, got = (torch.tensor(x).reshape(-1, 2) for x in page.evaluate("window.told"))
    want = by_torch(lab, lab["start"], x_0, [], monkeypatch)
    assert (got - want).abs().max() < 1e-4


# The page opens itself in a frame, where it counts as one of another origin.
PUSH_TELL = f"""
if (top === self) {{
  onmessage = ({{ data }}) => {{ window.told = data; }};
  const frame = document.createElement("iframe");
  Object.assign(frame, {{ sandbox: "allow-scripts", width: 900, height: 700, src: location.href }});
  document.body.append(frame);
}} else {{
  {RENDER}
  await host.flowLab.ready();
  for (let i = 0; i < 9; i += 1) host.querySelectorAll(".fl-buttons button")[1].click();
  const {{ steps, plans, evaluations }} = host.flowLab.episode;
  parent.postMessage([origin, steps, plans, evaluations], "*");
}}"""


def test_push_in_a_sandboxed_frame_of_another_origin(pushed):  # noqa: F811
    page = pushed(script=PUSH_TELL, state=push_state(evaluations=4), wait=False)
    page.wait("!!window.told")
    assert page.evaluate("window.told") == ["null", 9, 2, 8]


def test_where_a_policy_forbids_workers(hosted, lab, monkeypatch):  # noqa: F811
    policy = """<meta http-equiv="Content-Security-Policy" content="worker-src 'none'">"""
    page = hosted(head=policy)
    started(page)
    same_as_torch(page, lab, monkeypatch)
    complaints = page.complaints("http://127.0.0.1")
    assert any("worker-src" in line for line in complaints)  # it was forbidden indeed


def test_without_a_declared_language_the_browser_s_counts(hosted):  # noqa: F811
    page = hosted()
    started(page)
    korean = page.evaluate("navigator.language.startsWith('ko')")
    text = page.evaluate(f"{LAB}.root.innerText")
    assert bool(re.search("[가-힣]", text)) == korean


COLAB = """
import sys, types
output = types.ModuleType("google.colab.output")
output._widgets = types.SimpleNamespace(_installed_url=None)
def enable_custom_widget_manager():
    output._widgets._installed_url = "https://example.org/manager.js"
output.enable_custom_widget_manager = enable_custom_widget_manager
sys.modules["google.colab.output"] = output
"""
SHOWN = """
bundle, metadata = laboratory._repr_mimebundle_()
view = "application/vnd.jupyter.widget-view+json"
assert view in bundle and "url" in metadata[view]["colab"]["custom_widget_manager"], metadata
"""


def test_in_colab_it_asks_for_the_widget_manager():
    """Colab shows widgets of other packages only if its manager for them has been switched on."""
    # Once in a process is enough for anywidget: as if the second laboratory were the first.
    again = "output._widgets._installed_url = None\nfrom anywidget import _util\n"
    again += "_util.enable_custom_widget_manager_once.cache_clear()\n"
    program = COLAB + CODE + SHOWN + again + PUSHING + SHOWN.replace("laboratory", "PushTLab()")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
