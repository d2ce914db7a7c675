"""What can be checked without a GPU of how the CIFAR-10 code uses one."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from torch._dynamo.testing import CompileCounterWithBackend
from torch.utils._python_dispatch import TorchDispatchMode

import utils.atomic
from utils.atomic import write_atomically
from utils.cifar10 import classifier, compilation, determinism, draw
from utils.cifar10 import commands as command
from utils.cifar10.__main__ import main
from utils.cifar10.config import NetworkConfig, TrainConfig
from utils.cifar10.data import Images
from utils.cifar10.options import build_parser
from utils.cifar10.processes import Processes
from utils.cifar10.trainer import Run, Trainer
from utils.simple_unet import SimpleUNet

ROOT = Path(__file__).parents[3]
CPU, CUDA = torch.device("cpu"), torch.device("cuda")
# One resolution, one block: what a compiler takes longest for is the number of layers.
SMALLEST = NetworkConfig(4, (1, 2), 1, (16,), 2, dropout=0.0)


def trainer_for(tmp_path, mode="off", **options):
    config = TrainConfig(network=SMALLEST, batch_size=4, warmup=2, **options)
    return Trainer(config, Processes("cpu"), Run(tmp_path, 1, compile=mode))


def toy(n=20):
    pixels = torch.randint(256, (n, 3, 32, 32), dtype=torch.uint8)
    return pixels, torch.arange(n) % 10


# --- torch.compile


@pytest.mark.parametrize(
    "asked, device, processes, mode",
    [
        ("auto", CPU, 1, "off"),
        ("auto", CPU, 2, "off"),
        ("auto", CUDA, 1, "graphs"),
        ("auto", CUDA, 8, "default"),
        ("on", CPU, 1, "default"),
        ("on", CUDA, 1, "default"),
        ("on", CUDA, 8, "default"),
        ("off", CUDA, 1, "off"),
        ("default", CUDA, 1, "default"),
        ("default", CPU, 1, "default"),
        ("graphs", CUDA, 1, "graphs"),
    ],
)
def test_mode_of_compilation(asked, device, processes, mode):
    assert compilation.choose_mode(asked, device, processes) == mode


def test_graphs_need_one_process_on_cuda(tmp_path):
    with pytest.raises(ValueError, match="needs CUDA and a single process, got 8 processes"):
        compilation.choose_mode("graphs", CUDA, 8)
    with pytest.raises(ValueError, match="got device cpu: take --compile default"):
        compilation.choose_mode("graphs", CPU)
    with pytest.raises(ValueError, match="compile must be one of"):
        compilation.choose_mode("fast", CPU)
    with pytest.raises(ValueError, match="compile must be one of .*True"):
        Run(tmp_path, 1, compile=True)
    with pytest.raises(ValueError, match="compile must be one of"):
        compilation.compiled(torch.nn.Identity(), "on")


@pytest.mark.parametrize(
    "words, asked",
    [
        ((), "auto"),
        (("--compile",), "on"),
        (("--no-compile",), "off"),
        (("--compile", "graphs"), "graphs"),
        (("--compile", "--tiny"), "on"),
    ],
)
def test_words_for_compilation(words, asked):
    parser = build_parser()
    assert parser.parse_args(["train", "--out", "o", *words]).compile == asked
    options = parser.parse_args(["evaluate", "--weights", "w", *words[:1]])
    assert options.compile == {"auto": "off", "graphs": "on"}.get(asked, asked)


@pytest.mark.parametrize(
    "mode, calls",
    [
        ("off", []),
        ("default", [{}]),
        ("graphs", [{"mode": "reduce-overhead", "dynamic": False}]),
    ],
)
def test_a_step_runs_the_network_in_its_mode(mode, calls, tmp_path, monkeypatch):
    seen, order = [], []

    def compile_(network, **options):
        seen.append(options)
        return network

    monkeypatch.setattr(torch, "compile", compile_)
    monkeypatch.setattr(
        torch.compiler, "cudagraph_mark_step_begin", lambda: order.append("new pass")
    )
    trainer = trainer_for(tmp_path, mode)

    def forward(module, inputs):
        # Else they would lie in memory that the graph of this pass writes to.
        assert all(parameter.grad is None for parameter in trainer.model.parameters())
        order.append("forward")

    trainer.model.register_forward_pre_hook(forward)
    for step in range(2):
        trainer.step(step, trainer.batch(step, *toy()))
    assert seen == calls
    assert order == (["new pass", "forward"] if mode == "graphs" else ["forward"]) * 2


def compared_steps(tmp_path, mode):
    """Three eager steps, and three with ``torch.compile`` from the same start: close."""
    images, results = toy(), []
    for way in ("off", mode):
        trainer = trainer_for(tmp_path, way)
        start = [parameter.detach().clone() for parameter in trainer.model.parameters()]
        losses = [trainer.step(k, trainer.batch(k, *images)).item() for k in range(3)]
        results.append((losses, [p.detach() for p in trainer.model.parameters()]))
    (eager, weights), (fast, others) = results
    assert fast == pytest.approx(eager, rel=1e-4) and eager[0] != eager[1]
    distance = sum((a - b).square().sum() for a, b in zip(weights, others, strict=True))
    moved = sum((a - b).square().sum() for a, b in zip(weights, start, strict=True))
    assert distance < 1e-4 * moved and moved > 0
    return trainer


def test_the_network_is_one_graph_whose_steps_are_close_to_eager_ones(tmp_path, monkeypatch):
    # All of a compiler but the last part, which makes kernels: that takes minutes on a slow CPU.
    counter, compile_ = CompileCounterWithBackend("aot_eager"), torch.compile
    monkeypatch.setattr(
        torch, "compile", lambda net, **o: compile_(net, backend=counter, fullgraph=True, **o)
    )
    compared_steps(tmp_path, "default")
    assert counter.frame_count == 1  # neither cut in pieces nor compiled anew for the second step


@pytest.mark.skipif(
    not os.environ.get("COURSE_SLOW_TESTS"), reason="minutes: set COURSE_SLOW_TESTS=1"
)
def test_a_compiled_step_is_close_to_an_eager_one(tmp_path):
    if compilation.why_not(CPU):
        pytest.skip("no C compiler here")
    assert isinstance(compared_steps(tmp_path, "default")._network, torch._dynamo.OptimizedModule)


NO_COMPILER = {"CC": "/nowhere/gcc", "CXX": "/nowhere/g++"}


def test_without_a_c_compiler(tmp_path):
    line = [sys.executable, "-m", "utils.cifar10", "train", "--tiny", "--device", "cpu"]
    line += ["--out", tmp_path / "run", "--data", tmp_path, "--compile"]
    result = subprocess.run(
        line, cwd=ROOT, env=os.environ | NO_COMPILER, capture_output=True, text=True
    )
    assert result.returncode == 2
    said = result.stderr.strip().splitlines()
    assert len(said) == 1 and said[0].startswith("error: torch.compile does not work here (")
    assert "C++ compiler" in said[0] and said[0].endswith("or add --no-compile")
    assert not (tmp_path / "run").exists()


def test_nothing_to_compile_with_is_no_error_where_nobody_asked(capsys, monkeypatch):
    assert command._usable("off", "on", CUDA) == "off"
    monkeypatch.setattr(compilation, "why_not", lambda device: None)
    assert command._usable("graphs", "auto", CUDA) == "graphs"
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(compilation, "why_not", lambda device: "no gcc: add --no-compile")
    assert command._usable("graphs", "auto", CUDA) == "off"
    assert capsys.readouterr().out.count("going on without it") == 1
    assert command._usable("graphs", "auto", CUDA, speaks=False) == "off"
    assert capsys.readouterr().out == ""
    for asked in ("on", "default", "graphs"):
        with pytest.raises(ValueError, match="no gcc: add --no-compile"):
            command._usable("graphs", asked, CUDA)


class BackendFailed(RuntimeError):
    inner_exception = ValueError("\nno triton here\nand more")


BackendFailed.__module__ = "torch._dynamo.exc"


@pytest.mark.parametrize(
    "error, words",
    [
        (BackendFailed("wrapped\nin much"), ("(no triton here)", "--no-compile")),
        (
            RuntimeError(
                "put_ does not have a deterministic implementation,\nbut you set "
                "'torch.use_deterministic_algorithms(True)'."
            ),
            ("put_ does not", "--no-deterministic"),
        ),
    ],
)
def test_errors_that_an_option_avoids_are_one_line(error, words, capsys, monkeypatch):
    def broken(options):
        raise error

    monkeypatch.setattr(command, "do_train", broken)
    assert main(["train", "--out", "o"]) == 2
    said = capsys.readouterr().err.strip()
    assert "\n" not in said and all(word in said for word in words)


def test_mistakes_of_ours_keep_their_traceback(monkeypatch):
    def broken(options):
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(command, "do_train", broken)
    with pytest.raises(RuntimeError, match="of ours"):
        main(["train", "--out", "o"])


# --- no step waits for the device


class Readings(TorchDispatchMode):
    """Notes each time that a number is read from a tensor, which makes a GPU finish first."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if name in ("_local_scalar_dense", "nonzero", "equal", "is_nonzero"):
            self.names.append(name)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_a_step_reads_no_number(precision, tmp_path, monkeypatch):
    # Labels are looked at on the CPU only, by a check that has its own test.
    monkeypatch.setattr("utils.unet.check_labels", lambda labels, x, n: labels)
    trainer = trainer_for(tmp_path, precision=precision)
    trainer.step(0, trainer.batch(0, *toy()))
    with Readings() as readings:
        for step in (1, 2):
            trainer.step(step, trainer.batch(step, *toy()))
        assert readings.names == []
        trainer.step(3, trainer.batch(3, *toy())).item()
        assert readings.names == ["_local_scalar_dense"]  # so it would have been noticed


# --- determinism


@pytest.fixture
def flags():
    """Puts back what is chosen for the whole process."""
    cudnn = torch.backends.cudnn
    before = (cudnn.deterministic, cudnn.benchmark, torch.get_float32_matmul_precision())
    yield
    torch.use_deterministic_algorithms(False)
    torch.backends.cuda.enable_cudnn_sdp(True)
    torch.utils.deterministic.fill_uninitialized_memory = True
    cudnn.deterministic, cudnn.benchmark = before[:2]
    torch.set_float32_matmul_precision(before[2])


def test_deterministic_means_no_exceptions(flags, monkeypatch, tmp_path):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    determinism.set_deterministic(True, CPU)
    assert not torch.are_deterministic_algorithms_enabled()
    determinism.set_deterministic(True, CUDA)
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.is_deterministic_algorithms_warn_only_enabled()
    assert not torch.backends.cuda.cudnn_sdp_enabled()
    assert torch.backends.cuda.flash_sdp_enabled()
    assert torch.backends.cuda.mem_efficient_sdp_enabled()
    assert torch.backends.cudnn.deterministic and not torch.backends.cudnn.benchmark
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    trainer = trainer_for(tmp_path)
    assert trainer.step(0, trainer.batch(0, *toy())).isfinite()
    determinism.set_deterministic(False, CUDA)
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.backends.cuda.cudnn_sdp_enabled()
    assert torch.backends.cudnn.benchmark and not torch.backends.cudnn.deterministic


@pytest.mark.parametrize("word, on", [("--deterministic", True), ("--no-deterministic", False)])
def test_train_sets_it_before_cuda_starts(word, on, monkeypatch, tmp_path):
    seen = []

    def started(device):
        raise ValueError(f"stop here after {seen}")

    monkeypatch.setattr(determinism, "set_deterministic", lambda *a: seen.append(a))
    monkeypatch.setattr(command, "Processes", started)
    words = ["train", "--tiny", "--device", "cpu", "--out", str(tmp_path / "run"), word]
    assert main(words) == 2 and seen == [(on, CPU)]


# --- several processes


def test_the_first_process_of_each_machine_goes_first():
    # Two machines with three processes each, as threads that wait for each other.
    barrier, lock, order = threading.Barrier(6), threading.Lock(), []

    def run(rank):
        processes = object.__new__(Processes)
        processes.rank, processes.local_rank = rank, rank % 3
        processes.is_main = rank == 0
        processes.wait = barrier.wait
        time.sleep(0.02 * (6 - rank))  # the last one is the first to arrive
        with processes.main_first():
            time.sleep(0.02)
            with lock:
                order.append(rank)

    threads = [threading.Thread(target=run, args=(rank,), daemon=True) for rank in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert order[:2] == [0, 3] and sorted(order[2:]) == [1, 2, 4, 5]


def test_buffers_are_not_sent_at_every_step(monkeypatch):
    accelerate, seen = pytest.importorskip("accelerate"), {}

    class Accelerator:
        process_index, local_process_index, device = 5, 1, CPU

        def __init__(self, cpu, kwargs_handlers):
            (options,) = kwargs_handlers
            seen.update(vars(options), cpu=cpu)

    monkeypatch.setattr(accelerate, "Accelerator", Accelerator)
    monkeypatch.setenv("WORLD_SIZE", "8")
    processes = Processes("cpu")
    assert seen["broadcast_buffers"] is False and seen["gradient_as_bucket_view"] and seen["cpu"]
    assert (processes.rank, processes.local_rank, processes.world_size) == (5, 1, 8)
    assert not processes.is_main
    # Nothing to send: what is no weight never changes.
    assert [name for name, _ in SMALLEST.build().named_buffers()] == ["time.0.frequencies"]
    assert [name for name, _ in SimpleUNet(3, 8).named_buffers()] == ["time.0.frequencies"]


def test_leftovers_of_dead_processes_go_and_others_stay(tmp_path, monkeypatch):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here = utils.atomic._machine()
    dead, alive = f"file.{ended.pid}-{here}.tmp", f"file.{os.getppid()}-{here}.tmp"
    elsewhere, old = f"file.{ended.pid}-another.tmp", "file.1-another.tmp"
    others = [f"other.{ended.pid}-{here}.tmp", f"a.file.{ended.pid}-{here}.tmp", "file.tmp"]
    for name in (dead, alive, elsewhere, old, *others):
        (tmp_path / name).write_bytes(b"half")
    os.utime(tmp_path / old, (0, 0))
    write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"file", alive, elsewhere, *others}


def test_two_writers_of_one_file_do_not_meet(tmp_path, monkeypatch):
    names, replace = [], os.replace

    def note(temporary, path):
        names.append(temporary.name)
        if len(names) == 1:  # the second one writes while the first has not finished
            with monkeypatch.context() as patch:
                patch.setattr(os, "getpid", lambda: os.getppid())
                write_atomically(path, b"second")
            assert path.read_bytes() == b"second"
        replace(temporary, path)

    monkeypatch.setattr(os, "replace", note)
    write_atomically(tmp_path / "file", b"first")
    assert len(set(names)) == 2 and (tmp_path / "file").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# --- drawing and judging


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_samples_come_in_the_network_s_memory_format(layout, monkeypatch):
    torch.manual_seed(0)
    model = SMALLEST.build().eval().to(memory_format=layout)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    seen = []
    model.register_forward_pre_hook(
        lambda module, inputs: seen.append(inputs[0].is_contiguous(memory_format=layout))
    )
    (found,) = draw.draw(model, torch.arange(3), 2, "heun", 1.0)
    assert seen == [True] * 4
    (expected,) = draw.draw(SMALLEST.build().eval(), torch.arange(3), 2, "heun", 1.0)
    assert not torch.equal(found, expected)
    (again,) = draw.draw(
        model.to(memory_format=torch.contiguous_format), torch.arange(3), 2, "heun"
    )
    assert (found.int() - again.int()).abs().max() <= 1


def test_a_network_that_always_answers_in_the_same_place(monkeypatch):
    class Graph(torch.nn.Module):
        """As in CUDA graphs: each answer overwrites the one before."""

        null_label = 10

        def __init__(self, overwrites):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1))
            self.place = torch.zeros(2, 3, 32, 32) if overwrites else None

        def forward(self, x, t, labels):
            answer = self.weight * x * (1 + t)
            return answer if self.place is None else self.place.copy_(answer)

    for method in ("euler", "midpoint", "heun"):
        a, b = (
            next(draw.draw(Graph(way), torch.tensor([1, 2]), 3, method)) for way in (False, True)
        )
        assert torch.equal(a, b)


@pytest.mark.parametrize("words, last", [((), False), (("--channels-last",), True)])
def test_sample_and_evaluate_move_the_network(words, last, tmp_path, monkeypatch):
    from utils.cifar10.checkpoint import save_weights

    weights, seen = tmp_path / "weights.safetensors", []
    save_weights(weights, 1, SMALLEST, SMALLEST.build())

    def stop(model, *rest):
        weight = model.first.weight
        seen.append(weight.is_contiguous(memory_format=torch.channels_last))
        raise ValueError("seen enough")

    monkeypatch.setattr(command, "draw", stop)
    monkeypatch.setattr(command, "evaluate", stop)
    monkeypatch.setattr(command, "load_images", lambda *a: Images(*toy(), *toy(), "toy"))
    monkeypatch.setattr(command, "cached_classifier", lambda *a: (None, 0.5))
    common = ["--weights", str(weights), "--device", "cpu", "--precision", "fp32", *words]
    assert main(["sample", *common]) == 2
    assert main(["evaluate", *common]) == 2
    common[common.index("fp32")] = "bf16"
    assert main(["sample", *common]) == 2
    assert seen == [last, last, True]


def test_evaluate_compiles_where_it_is_asked_to(tmp_path, monkeypatch):
    from utils.cifar10.checkpoint import save_weights

    weights, calls = tmp_path / "weights.safetensors", []
    save_weights(weights, 1, SMALLEST, SMALLEST.build())

    def compiled(network, mode):
        calls.append(mode)
        return network

    def stop(*a):
        raise ValueError("far enough")

    monkeypatch.setattr(compilation, "compiled", compiled)
    monkeypatch.setattr(compilation, "why_not", lambda device: None)
    monkeypatch.setattr(command, "load_images", stop)
    common = ["evaluate", "--weights", str(weights), "--device", "cpu"]
    for words in ((), ("--compile",), ("--compile", "auto"), ("--no-compile",)):
        assert main([*common, *words]) == 2
    assert calls == ["off", "default", "off", "off"]


def test_classifiers_of_other_versions_are_other_files(tmp_path, monkeypatch):
    images, trained = Images(*toy(), *toy(), "toy"), []

    def train(images, epochs, width, device):
        trained.append(str(device))
        return classifier.Classifier(width), 0.25

    monkeypatch.setattr(classifier, "train_classifier", train)
    for _ in range(2):
        classifier.cached_classifier(images, tmp_path, 1, 4, "cpu")
    assert trained == ["cpu"]
    monkeypatch.setattr(torch, "__version__", "2.99.0+cu999")
    classifier.cached_classifier(images, tmp_path, 1, 4, CPU)
    assert len(trained) == 2
    monkeypatch.setattr(classifier.Classifier, "to", lambda self, device: self)
    classifier.cached_classifier(images, tmp_path, 1, 4, CUDA)
    assert len(trained) == 3
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 3 and sum("torch2.99.0+cu999-cuda" in name for name in names) == 1
