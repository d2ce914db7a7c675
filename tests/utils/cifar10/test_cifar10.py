import dataclasses
import errno
import functools
import hashlib
import io
import json
import multiprocessing
import os
import pickle
import random
import resource
import signal
import socket
import subprocess
import sys
import tarfile
import time
import types
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save

from utils.atomic import write_atomically
from utils.cifar10 import sources
from utils.cifar10 import train as training
from utils.cifar10.__main__ import main
from utils.cifar10.batches import batch_indices, make_batch, sample_time, to_float, to_pixels
from utils.cifar10.checkpoint import load_network, read
from utils.cifar10.classifier import cached_classifier, train_classifier
from utils.cifar10.config import CLASSES, NetworkConfig, SimpleNetworkConfig, TrainConfig
from utils.cifar10.data import Images, load_images
from utils.cifar10.draw import draw, parse_class, png_grid
from utils.cifar10.options import build_parser
from utils.cifar10.presets import FULL, GUIDE, TINY, TINY_NETWORK
from utils.cifar10.processes import Processes, pick_device
from utils.cifar10.train import CHECKPOINT, LOG, WEIGHTS, train
from utils.cifar10.trainer import Run, Trainer
from utils.paths import AffinePath, CondOT

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("COURSE_DATA", ROOT.parent / "shared" / "data"))
SMALL = dataclasses.replace(
    TINY, network=dataclasses.replace(TINY_NETWORK, base_channels=4), batch_size=4, warmup=5
)
GUIDE_8 = dataclasses.replace(GUIDE, network=SimpleNetworkConfig(8), batch_size=4, warmup=5)
FULL_4 = dataclasses.replace(
    FULL, network=NetworkConfig(4, (1, 2), blocks_per_level=1), batch_size=4, warmup=5
)
PRESETS = {"tiny": SMALL, "guide": GUIDE_8, "full": FULL_4}
PROCESS = ["--batch-size", "4", "--base-channels", "4", "--no-progress", "--device", "cpu"]


def jpeg(generator, quality=75):
    pixels = generator.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="JPEG", quality=quality)
    return buffer.getvalue()


def jpeg_files(train=20, test=20):
    generator = np.random.default_rng(0)
    counts = {"train": train, "test": test}
    return {
        f"{split}/{name}/{number:04d}.jpg": jpeg(generator)
        for split, count in counts.items()
        for name in CLASSES
        for number in range(count)
    }


def write_tar(path, files, mode="w:xz"):
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def toy(n=40, key="toy"):
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (n, 3, 32, 32), dtype=torch.uint8, generator=generator)
    labels = torch.arange(n) % len(CLASSES)
    return Images(pixels, labels, pixels[:20], labels[:20], key)


def run_to(out, steps, **options):
    return Run(out, steps, **{"save_every": 2, "sample_every": 0, "progress": False} | options)


def fails(capsys, *words):
    """The one line that a command says before it gives up."""
    assert main([str(word) for word in words]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: "), lines
    return lines[0]


def same_files(a, b):
    (about, first), (other, second) = read(a), read(b)
    assert about == other and first.keys() == second.keys() and len(first) > 50
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    """The real images where they are at hand, else noise in the same layout; and its options."""
    real = DATA / "cifar10_jpeg.tar.xz"
    if real.is_file():
        return ["--data", str(real)]
    path = write_tar(tmp_path_factory.mktemp("archive") / "cifar10.tar.xz", jpeg_files())
    return ["--data", str(path), "--sha256", sources.sha256(path)]


@pytest.fixture(scope="session")
def workers():
    """Processes that start in no time, since their server has loaded torch already."""
    context = multiprocessing.get_context("forkserver")
    # The optimiser loads torch._dynamo at its first use, which would take each process seconds.
    names = ["pytest", "accelerate", "torch._dynamo", "utils.cifar10.__main__"]
    context.set_forkserver_preload(names)
    return context


# --- the whole way, as a user goes it


def test_train_sample_evaluate(archive, tmp_path):
    # In the words of chapter 7, so with the cache of a user who names none.
    out, cache = tmp_path / "run", tmp_path / "cache"
    data = [*archive, "--per-class", "20"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}

    def command(*words):
        line = [sys.executable, "-m", "utils.cifar10", *map(str, words)]
        result = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
        return result.stdout + result.stderr

    pace = ["--steps", 12, "--save-every", 6, "--sample-every", 12, "--log-every", 4]
    pace += ["--sample-steps", 2, "--batch-size", 16]
    said = command("train", "--tiny", "--out", out, *data, *pace, "--device", "cpu")
    assert "loss=" in said and "img_s=" in said and "12 steps" in said
    log = [json.loads(line) for line in (out / LOG).read_text().splitlines()]
    assert [line["step"] for line in log] == [4, 6, 8, 12]
    assert log[-1]["loss"] < log[0]["loss"] and log[0]["images_per_second"] > 0
    assert Image.open(out / "samples-0000012.png").size == (342, 274)

    weights, grid = out / WEIGHTS, tmp_path / "grid.png"
    shape = ["--rows", 2, "--steps", 2, "--method", "heun", "--guidance", 2, "--out", grid]
    command("sample", "--weights", weights, "--classes", "cat,7,0", *shape)
    assert Image.open(grid).size == (104, 70)

    small = [
        "--samples",
        40,
        "--steps",
        "1,2",
        "--guidance",
        "1,2",
        "--nearest",
        10,
        "--classifier-width",
        4,
        "--classifier-epochs",
        1,
    ]
    said = command("evaluate", "--weights", weights, *data, *small)
    assert "classifier" in said and "baseline" in said and "not FID" in said
    found = json.loads((out / "evaluation.json").read_text())
    assert [(row["guidance"], row["steps"]) for row in found["rows"]] == [
        (1.0, 1),
        (1.0, 2),
        (2.0, 1),
        (2.0, 2),
    ]
    assert found["nearest"]["samples"] == 10
    assert found["nearest"]["pixels"]["generated"]["smallest"] > 1
    assert found["trained_steps"] == 12
    assert found["rows"][0]["distance"] > found["baseline"] > 0
    assert 0 <= found["classifier_accuracy"] <= 1
    assert not list(tmp_path.rglob("*.tmp"))
    kept = [file.name.split("-")[0] for file in (cache / "flow-matching-course").iterdir()]
    assert sorted(kept) == ["cifar10", "classifier"]


def test_a_run_s_folder_names_its_weights(tmp_path, monkeypatch, capsys):
    # Also one that has the name of a run of the package: who stands beside it means their own.
    train(SMALL, toy(), run_to(tmp_path / "guide", 2), Processes("cpu"))
    monkeypatch.chdir(tmp_path)
    words = ["sample", "--rows", "1", "--steps", "1", "--device", "cpu", "--weights"]
    assert main([*words, "guide"]) == 0
    assert str(Path("guide", WEIGHTS)) in capsys.readouterr().out
    (tmp_path / "guide" / WEIGHTS).unlink()
    assert main([*words, "guide"]) == 0
    assert "the package's run guide" in capsys.readouterr().out
    assert "no such file" in fails(capsys, *words, "other")


def test_help_names_every_option(capsys):
    for command in ("train", "sample", "evaluate", "film"):
        with pytest.raises(SystemExit) as left:
            main([command, "--help"])
        text = capsys.readouterr().out
        assert left.value.code == 0 and "torchrun --nproc-per-node 8" in text
    for action in build_parser()._subparsers._group_actions[0].choices.values():
        assert all(option.help for option in action._actions)


# --- batches


def test_batches_go_through_all_images_in_every_epoch():
    seen = torch.cat([batch_indices(0, step, 12, 10) for step in range(5)])
    for epoch in seen.split(10):
        assert epoch.sort().values.tolist() == list(range(10))
    assert not torch.equal(seen[:10], seen[10:20])
    assert not torch.equal(seen[:10], batch_indices(1, 0, 10, 10))


def test_slices_of_several_processes_are_the_global_batch():
    images = toy()
    whole = make_batch(SMALL, 7, images.train_images, images.train_labels)
    parts = [make_batch(SMALL, 7, images.train_images, images.train_labels, r, 2) for r in (0, 1)]
    for one, *slices in zip(whole, *parts, strict=True):
        assert torch.equal(one, torch.cat(slices))
    with pytest.raises(ValueError, match="batch_size must be divisible .*3, got 4"):
        make_batch(SMALL, 7, images.train_images, images.train_labels, 0, 3)


def test_batch_lies_on_the_straight_path():
    images = toy()
    batch = make_batch(SMALL, 3, images.train_images, images.train_labels)
    x_1 = batch.x_t + (1 - batch.t[:, None, None, None]) * batch.target
    sample = AffinePath(CondOT()).sample(x_1 - batch.target, x_1, batch.t)
    torch.testing.assert_close(sample.x_t, batch.x_t, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(sample.dx_t, batch.target, rtol=1e-5, atol=1e-5)
    chosen = to_float(images.train_images[batch_indices(SMALL.seed, 3, 4, 40)])
    for found, image in zip(x_1, chosen, strict=True):
        errors = [(found - side).abs().max() for side in (image, image.flip(-1))]
        assert min(errors) < 1e-4 < max(errors)


def test_times():
    skewed = dataclasses.replace(SMALL, time_sampling="logit-normal", logit_mean=-1.2)
    for config, median in ((SMALL, 0.5), (skewed, torch.sigmoid(torch.tensor(-1.2)).item())):
        t = sample_time(config, 20000, torch.Generator().manual_seed(0))
        assert 0 <= t.min() and t.max() <= 1 and abs(t.median().item() - median) < 0.01


def test_pixels_survive_the_way_to_floats_and_back():
    pixels = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(to_pixels(to_float(pixels)), pixels)
    assert to_pixels(torch.tensor([-2.0, 2.0])).tolist() == [0, 255]


# --- training


@contextmanager
def restless_scaler():
    """A loss scale that is too large at first and moves all the time, as in a long run."""
    options = {"init_scale": 2.0**60, "backoff_factor": 2.0**-20, "growth_interval": 2}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.amp, "GradScaler", functools.partial(torch.amp.GradScaler, **options))
        yield


def run_for(precision, out, steps, **options):
    return run_to(out, steps, channels_last=precision != "fp32", **options)


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("preset", PRESETS)
def test_resume_is_exact_to_the_bit(preset, precision, tmp_path):
    config, alone = dataclasses.replace(PRESETS[preset], precision=precision), Processes("cpu")
    if preset == "tiny":
        config = dataclasses.replace(
            config, network=dataclasses.replace(config.network, dropout=0.2)
        )
    with restless_scaler():
        train(config, toy(), run_for(precision, tmp_path / "whole", 6), alone)
        for steps in (1, 3, 6):
            torch.manual_seed(random.randrange(2**31))  # the state of torch must not matter
            train(config, toy(), run_for(precision, tmp_path / "parts", steps), alone)
    for name in (CHECKPOINT, WEIGHTS):
        same_files(tmp_path / "whole" / name, tmp_path / "parts" / name)
    about, _ = read(tmp_path / "parts" / CHECKPOINT)
    assert about["step"] == 6 and ("scaler" in about) == (precision == "fp16")
    steps = [
        json.loads(line)["step"] for line in (tmp_path / "parts" / LOG).read_text().split("\n")[:-1]
    ]
    assert steps == sorted(set(steps))


def test_the_scale_of_the_loss_belongs_to_the_checkpoint(tmp_path):
    config, alone = dataclasses.replace(GUIDE_8, precision="fp16"), Processes("cpu")
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    with restless_scaler():
        for out in (right, wrong):
            train(config, toy(), run_for("fp16", out, 4), alone)
        about, tensors = read(wrong / CHECKPOINT)
        assert about["scaler"]["scale"] < 2.0**60  # steps were left out, as they had to be

        def rewrite(scaler):
            kept = {name: value for name, value in about.items() if name != "scaler"} | scaler
            (wrong / CHECKPOINT).write_bytes(save(tensors, {"course": json.dumps(kept)}))

        rewrite({})
        with pytest.raises(ValueError, match="does not fit .*scaler"):
            train(config, toy(), run_for("fp16", wrong, 6), alone)
        # With the scale of a first step in its place, the weights become other ones.
        rewrite({"scaler": about["scaler"] | {"scale": 2.0**60, "_growth_tracker": 0}})
        for out in (right, wrong):
            train(config, toy(), run_for("fp16", out, 6), alone)
    a, b = (load_file(out / WEIGHTS) for out in (right, wrong))
    assert not all(torch.equal(value, b[name]) for name, value in a.items())


def _train_in_child(out, steps, preset="tiny", precision="fp32"):
    torch.set_num_threads(1)
    config = dataclasses.replace(PRESETS[preset], batch_size=2, precision=precision)
    with restless_scaler():
        run = run_for(precision, Path(out), steps, save_every=1)
        code = train(config, toy(), run, Processes("cpu"))
    os._exit(128 + code if code else 0)


def written(path):
    return path.stat().st_mtime_ns if path.exists() else 0


def wait_for(condition):
    end = time.monotonic() + 30
    while not condition():  # without a pause: a checkpoint is written in milliseconds
        assert time.monotonic() < end, "waited in vain"


# Each preset and each precision; all pairs of them resume in the test above.
@pytest.mark.parametrize(
    "preset, precision", [("tiny", "fp32"), ("guide", "fp16"), ("full", "bf16")]
)
def test_sigkill_at_any_moment_changes_nothing(preset, precision, workers, tmp_path):
    chance, caught, reached = random.Random(0), 0, []
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    checkpoint = killed / CHECKPOINT

    def start(out, steps):
        words = (str(out), steps, preset, precision)
        process = workers.Process(target=_train_in_child, args=words)
        process.start()
        return process

    for number in range(10):
        process = start(killed, 10**6)
        writing = f"{CHECKPOINT}.{process.pid}-*.tmp"
        if number:  # else: before the first checkpoint
            for _ in range(chance.randrange(1, 3)):
                before = written(checkpoint)
                wait_for(lambda before=before: written(checkpoint) != before)
        if number % 2:  # while a checkpoint is being written
            wait_for(lambda writing=writing: any(killed.glob(writing)))
        else:  # at any moment
            time.sleep(chance.uniform(0, 0.1))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        caught += any(killed.glob(writing))
        if checkpoint.exists():
            reached.append(read(checkpoint)[0]["step"])  # whole, whatever happened
    assert caught >= 1, "no kill fell into the writing of a checkpoint"
    assert reached == sorted(reached) and reached[-1] >= 9
    print(f"killed ten times, {caught} times while writing, after steps {reached}")
    for out in (killed, whole):
        process = start(out, reached[-1] + 2)
        process.join()
        assert process.exitcode == 0
    for name in (CHECKPOINT, WEIGHTS):
        same_files(whole / name, killed / name)
    assert not list(killed.glob("*.tmp"))  # what the killed ones left is gone


def test_sigterm_saves_first(workers, tmp_path):
    process = workers.Process(target=_train_in_child, args=(str(tmp_path), 100000))
    process.start()
    wait_for((tmp_path / CHECKPOINT).exists)
    process.terminate()
    process.join()
    assert process.exitcode == 128 + signal.SIGTERM
    step = read(tmp_path / CHECKPOINT)[0]["step"]
    assert step > 0 and read(tmp_path / WEIGHTS)[0]["step"] == step


def _signal_yourself_in_child(out, signals):
    torch.set_num_threads(1)
    step = Trainer.step

    def signalled(self, number, batch):
        if number == 2:
            for name in signals:  # from within: two that come from outside may arrive as one
                os.kill(os.getpid(), getattr(signal, name))
        return step(self, number, batch)

    Trainer.step = signalled
    code = train(SMALL, toy(), run_to(Path(out), 9, save_every=9), Processes("cpu"))
    os._exit(128 + code if code else 0)


@pytest.mark.parametrize(
    "signals", [("SIGTERM", "SIGTERM"), ("SIGINT", "SIGTERM"), ("SIGINT", "SIGINT")]
)
def test_two_signals_in_a_row_save_first(signals, workers, tmp_path):
    # Schedulers that signal every process, and torchrun beside them, send the same thing twice.
    process = workers.Process(target=_signal_yourself_in_child, args=(str(tmp_path), signals))
    process.start()
    process.join()
    assert process.exitcode == 128 + getattr(signal, signals[0])
    assert [read(tmp_path / name)[0]["step"] for name in (CHECKPOINT, WEIGHTS)] == [3, 3]
    assert not list(tmp_path.glob("*.tmp"))


def _hang_in_child(out):
    torch.set_num_threads(1)
    step = Trainer.step

    def hang(self, number, batch):
        if number == 1:
            (Path(out) / "hangs").touch()
            time.sleep(60)
        return step(self, number, batch)

    Trainer.step = hang
    train(SMALL, toy(), run_to(Path(out), 5, save_every=1), Processes("cpu"))


def test_a_second_ctrl_c_stops_a_step_that_hangs(workers, tmp_path):
    process = workers.Process(target=_hang_in_child, args=(str(tmp_path),))
    process.start()
    wait_for((tmp_path / "hangs").exists)
    before = (tmp_path / CHECKPOINT).read_bytes()
    began = time.monotonic()
    for pause in (0.2, 1.2):  # twice within a second is once
        os.kill(process.pid, signal.SIGINT)
        time.sleep(pause)
        assert process.is_alive()
    os.kill(process.pid, signal.SIGINT)
    process.join(timeout=20)
    assert process.exitcode == 1 and time.monotonic() - began < 20  # KeyboardInterrupt
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def _train_as_one_of_two(rank, port, out):
    torch.set_num_threads(1)
    os.environ |= {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "MASTER_PORT": str(port)}
    step, save_ = Trainer.step, training._save

    def signalled(self, number, batch):
        if (rank, number) == (1, 12):
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, number, batch)

    def noted(trainer, images, run, done):
        save_(trainer, images, run, done)
        (Path(out) / f"saved-{rank}").write_text(str(done))

    Trainer.step, training._save = signalled, noted
    processes = Processes("cpu")
    run = run_to(Path(out), 60, save_every=1000, log_every=1000)
    code = train(SMALL, toy(), run, processes)
    processes.close()
    os._exit(128 + code if code else 0)


def test_one_signal_stops_both_processes_after_the_same_step(workers, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    both = [
        workers.Process(target=_train_as_one_of_two, args=(rank, port, str(tmp_path)))
        for rank in (0, 1)
    ]
    for process in both:
        process.start()
    for process in both:
        process.join(timeout=60)
    assert [process.exitcode for process in both] == [128 + signal.SIGTERM] * 2
    assert [(tmp_path / f"saved-{rank}").read_text() for rank in (0, 1)] == ["20", "20"]
    assert read(tmp_path / CHECKPOINT)[0]["step"] == 20  # 13 steps were done: within ten


def test_two_processes_learn_what_one_learns(tmp_path):
    files = write_tar(tmp_path / "data.tar.xz", jpeg_files(2, 1))
    words = ["train", "--tiny", "--data", files, "--sha256", sources.sha256(files), *PROCESS]
    words += ["--cache", tmp_path / "cache", "--steps", 10, "--sample-every", 0]
    words += ["--precision", "fp32"]  # 16 bits would round the sums of two halves differently
    words = [str(word) for word in words]
    assert main([*words, "--out", str(tmp_path / "one")]) == 0
    launch = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
    ]
    line = [*launch, "-m", "utils.cifar10", *words, "--out", str(tmp_path / "two")]
    result = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    one, two = (load_file(tmp_path / name / CHECKPOINT) for name in ("one", "two"))
    start = Trainer(SMALL, Processes("cpu"), run_to(tmp_path, 1)).model.state_dict()
    moved = 0.0
    for name, value in one.items():
        torch.testing.assert_close(value, two[name], rtol=0, atol=1e-5)
        if name.startswith("model/"):
            moved = max(moved, (value - start[name.removeprefix("model/")]).abs().max().item())
    assert moved > 1e-4  # else they would agree because nothing was learned


def test_more_processes_than_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with pytest.raises(ValueError, match="2 processes.*GPUs for 1.*--nproc-per-node 1.*cpu"):
        Processes("auto")


@pytest.mark.parametrize("setting", ["CUDA_VISIBLE_DEVICES", "no LOCAL_WORLD_SIZE"])
def test_each_process_with_a_gpu_of_its_own(setting, monkeypatch):
    # As launchers on clusters do: one process on each of many machines, or one GPU shown to each.
    class Accelerator:
        process_index, local_process_index, device = 3, 1, torch.device("cuda", 0)

        def __init__(self, cpu, kwargs_handlers):
            assert not cpu

    monkeypatch.setattr(pytest.importorskip("accelerate"), "Accelerator", Accelerator)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    if setting == "CUDA_VISIBLE_DEVICES":
        monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
        monkeypatch.setenv(setting, "1")
    assert Processes("auto").rank == 3


def test_average_follows_its_formula(tmp_path):
    trainer = Trainer(SMALL, Processes("cpu"), run_to(tmp_path, 1))
    images, name = toy(), "first.weight"
    before = trainer.ema.state_dict()[name].clone()
    trainer.step(3, trainer.batch(3, images.train_images, images.train_labels))
    after = trainer.model.state_dict()[name]
    torch.testing.assert_close(trainer.ema.state_dict()[name], before.lerp(after, 1 - 4 / 13))


def test_nan_stops_and_keeps_the_checkpoint(tmp_path):
    train(SMALL, toy(), run_to(tmp_path, 2), Processes("cpu"))
    before = (tmp_path / CHECKPOINT).read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "step", lambda self, step, batch: torch.tensor(float("nan")))
        with pytest.raises(FloatingPointError, match="loss is nan .*--lr"):
            train(SMALL, toy(), run_to(tmp_path, 4), Processes("cpu"))
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_bfloat16_channels_last_and_done_runs(tmp_path, capsys):
    config = dataclasses.replace(SMALL, precision="bf16")
    run = run_to(tmp_path, 2, channels_last=True)
    assert train(config, toy(), run, Processes("cpu")) == 0
    (tmp_path / WEIGHTS).unlink()  # as if killed between the two files
    assert train(config, toy(), run, Processes("cpu")) == 0
    assert (tmp_path / WEIGHTS).exists() and "nothing to train" in capsys.readouterr().out


# --- checkpoints


def _full_disk(*args):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_full_disk_keeps_the_last_checkpoint(tmp_path, monkeypatch):
    train(SMALL, toy(), run_to(tmp_path, 2), Processes("cpu"))
    before = (tmp_path / CHECKPOINT).read_bytes()
    monkeypatch.setattr(os, "fsync", _full_disk)
    with pytest.raises(OSError, match="No space left.*Make room.*left alone"):
        train(SMALL, toy(), run_to(tmp_path, 4), Processes("cpu"))
    assert (tmp_path / CHECKPOINT).read_bytes() == before and not list(tmp_path.glob("*.tmp"))
    monkeypatch.undo()
    train(SMALL, toy(), run_to(tmp_path, 4), Processes("cpu"))
    train(SMALL, toy(), run_to(tmp_path / "whole", 4), Processes("cpu"))
    same_files(tmp_path / CHECKPOINT, tmp_path / "whole" / CHECKPOINT)


def test_write_that_fails_halfway_leaves_nothing(tmp_path):
    file = tmp_path / "file"
    write_atomically(file, b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # the system itself cuts it off
    try:
        with pytest.raises(OSError, match="cannot write .*file"):
            write_atomically(file, bytes(1_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert file.read_bytes() == b"old" and list(tmp_path.iterdir()) == [file]
    with pytest.raises(OSError, match="cannot write"):
        write_atomically(tmp_path / "missing" / "file", b"new")


def test_checkpoint_of_another_run(tmp_path):
    alone = Processes("cpu")
    train(SMALL, toy(), run_to(tmp_path, 1), alone)
    before = (tmp_path / CHECKPOINT).read_bytes()
    with pytest.raises(ValueError, match="another architecture .base_channels is 4 .* 8 .*--out"):
        train(TINY, toy(), run_to(tmp_path, 2), alone)
    with pytest.raises(ValueError, match="another run .lr is 0.001 .* 0.5 here.*--out"):
        train(dataclasses.replace(SMALL, lr=0.5), toy(), run_to(tmp_path, 2), alone)
    with pytest.raises(ValueError, match="other images .toy"):
        train(SMALL, toy(key="others"), run_to(tmp_path, 2), alone)
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_damaged_files_of_weights(tmp_path, capsys):
    train(SMALL, toy(), run_to(tmp_path, 1), Processes("cpu"))
    whole = (tmp_path / CHECKPOINT).read_bytes()
    for data in (whole[: len(whole) // 2], b"", b"\0" * 64):
        (tmp_path / CHECKPOINT).write_bytes(data)
        with pytest.raises(ValueError, match="damaged or truncated.*move it away"):
            train(SMALL, toy(), run_to(tmp_path, 2), Processes("cpu"))
        assert (tmp_path / CHECKPOINT).read_bytes() == data
        said = fails(capsys, "sample", "--weights", tmp_path / CHECKPOINT, "--device", "cpu")
        assert "damaged or truncated" in said
    said = fails(capsys, "sample", "--weights", tmp_path / "none.safetensors")
    assert "no such file" in said
    # Weights alone are enough to draw, but not to train on.
    (tmp_path / CHECKPOINT).write_bytes((tmp_path / WEIGHTS).read_bytes())
    with pytest.raises(ValueError, match="weights only"):
        train(SMALL, toy(), run_to(tmp_path, 2), Processes("cpu"))


def test_run_and_weights_hold_the_same_network(tmp_path):
    train(SMALL, toy(), run_to(tmp_path, 2), Processes("cpu"))
    a, b = (load_network(tmp_path / name)[0] for name in (CHECKPOINT, WEIGHTS))
    for one, two in zip(a.parameters(), b.parameters(), strict=True):
        assert torch.equal(one, two) and not one.requires_grad


# --- drawing and judging


def test_samples_do_not_depend_on_the_batch_size(tmp_path):
    trainer = Trainer(SMALL, Processes("cpu"), run_to(tmp_path, 1))
    for parameter in trainer.model.parameters():
        torch.nn.init.normal_(parameter, std=0.1, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(5)
    whole, parts = (
        torch.cat(list(draw(trainer.model, labels, 2, "midpoint", 2.0, 1, batch_size=size)))
        for size in (5, 2)
    )
    assert whole.shape == (5, 3, 32, 32) and whole.dtype == torch.uint8
    assert (whole.int() - parts.int()).abs().max() <= 1


def test_grid_places_images_in_rows():
    images = torch.arange(3, dtype=torch.uint8)[:, None, None, None].expand(3, 3, 32, 32)
    picture = np.asarray(Image.open(io.BytesIO(png_grid(images, 2))))
    assert picture.shape == (70, 70, 3) and picture[0, 0, 0] == 255
    assert [picture[2, 2, 0], picture[2, 36, 0], picture[36, 2, 0]] == [0, 1, 2]
    assert picture[36, 36, 0] == 255


@pytest.mark.parametrize("label", ["10", "-1", "unicorn", "1.5", ""])
def test_class_out_of_range(label, tmp_path, capsys):
    with pytest.raises(ValueError, match="class must be one of 0..9 or airplane"):
        parse_class(label)
    said = fails(capsys, "sample", "--weights", "w", f"--classes=cat,{label}", "--device", "cpu")
    assert repr(label) in said
    assert parse_class(" Cat") == parse_class("3") == 3


def test_classifier_learns_and_is_kept(tmp_path):
    images = toy(200)
    # Colours that tell the class, in place of real images.
    shade = (images.train_labels * 25).to(torch.uint8)[:, None, None, None]
    pixels = (images.train_images // 16 + shade).clamp(max=255)
    images = Images(pixels, images.train_labels, pixels, images.train_labels, "shades")
    model, accuracy = cached_classifier(images, tmp_path, epochs=40, width=4)
    assert accuracy > 0.5
    again, same = cached_classifier(images, tmp_path, epochs=40, width=4)
    assert same == accuracy and len(list(tmp_path.iterdir())) == 1
    for one, two in zip(model.look(pixels), again.look(pixels), strict=True):
        assert torch.equal(one, two)
    with pytest.raises(ValueError, match="epochs"):
        train_classifier(images, 0)


# --- images


def test_images_of_archive_and_folder_agree(tmp_path):
    files = jpeg_files(3, 2)
    path = write_tar(tmp_path / "a.tar.gz", {f"cifar/{k}": v for k, v in files.items()}, "w:gz")
    for name, data in files.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(data)
    a = load_images(path, tmp_path / "cache", sources.sha256(path))
    b = load_images(tmp_path / "folder", tmp_path / "cache")
    assert a.train_images.shape == (30, 3, 32, 32) and a.test_images.shape == (20, 3, 32, 32)
    expected = np.asarray(Image.open(io.BytesIO(files["train/bird/0001.jpg"])))
    assert (a.train_images[7].permute(1, 2, 0).numpy() == expected).all()
    assert a.train_labels.tolist() == [label for label in range(10) for _ in range(3)]
    first = load_images(path, tmp_path / "cache", sources.sha256(path), per_class=1)
    assert torch.equal(first.train_images, a.train_images[::3]) and first.key != a.key
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        assert torch.equal(getattr(a, name), getattr(b, name))


def official(tmp_path, **changes):
    """The official layout, smaller: five pickled training batches and one for testing."""
    generator = np.random.default_rng(0)
    files = {}
    for number, name in enumerate([*sources.TRAIN_BATCHES, *sources.TEST_BATCHES]):
        data = generator.integers(0, 256, (10, 3072), dtype=np.uint8)
        batch = {b"data": data, b"labels": list(range(10)), b"batch_label": b"x"} | changes
        files[f"cifar-10-batches-py/{name}"] = pickle.dumps(batch, protocol=2 + number % 3)
    return write_tar(tmp_path / "official.tar.gz", files, "w:gz"), files


def test_official_archive(tmp_path, monkeypatch):
    path, files = official(tmp_path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setitem(sources.KNOWN_ARCHIVES, digest, "official")
    found = load_images(path, tmp_path / "cache")
    first = pickle.loads(files["cifar-10-batches-py/data_batch_1"])
    assert found.train_images.shape == (50, 3, 32, 32)
    assert (found.train_images[:10].flatten(1).numpy() == first[b"data"]).all()
    assert found.train_labels.tolist() == list(range(10)) * 5


def test_a_pickle_may_not_run_programs(tmp_path):
    path, _ = official(tmp_path, **{"trap": types.SimpleNamespace(a=1)})
    with pytest.raises(ValueError, match="asks for types.SimpleNamespace"):
        load_images(path, tmp_path / "cache", sources.sha256(path))


def test_torchvision_is_asked_where_it_is_installed(tmp_path, monkeypatch):
    class CIFAR10:
        def __init__(self, root, train, download):
            assert download and Path(root).parent == tmp_path
            self.data = np.arange(20, dtype=np.uint8)[:, None, None, None] + np.zeros(
                (20, 32, 32, 3), np.uint8
            )
            self.targets = list(range(10)) * 2

    package = types.ModuleType("torchvision")
    package.datasets = types.ModuleType("torchvision.datasets")
    package.datasets.CIFAR10 = CIFAR10
    monkeypatch.setitem(sys.modules, "torchvision", package)
    monkeypatch.setitem(sys.modules, "torchvision.datasets", package.datasets)
    found = load_images(None, tmp_path)
    assert found.key == "torchvision" and found.train_images[19, 0, 0, 0] == 19
    assert load_images(None, tmp_path, per_class=1).train_labels.tolist() == list(range(10))
    monkeypatch.setitem(sys.modules, "torchvision.datasets", None)
    with pytest.raises(ValueError, match="install torchvision.*--data"):
        load_images(None, tmp_path / "other")


def test_bad_archives(tmp_path, capsys):
    good = write_tar(tmp_path / "good.tar.xz", jpeg_files(1, 1))
    data = good.read_bytes()

    def refused(path, *more):
        cache, out = tmp_path / "cache", tmp_path / "run"
        said = fails(
            capsys, "train", "--tiny", "--device", "cpu", "--out", out, "--data", path,
            "--cache", cache, *more,
        )  # fmt: skip
        assert not list(cache.iterdir()) and not out.exists()
        return said

    def allowed(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return path, "--sha256", sources.sha256(path)

    assert f"--sha256 {sources.sha256(good)}" in refused(good)
    assert "not the 00" in refused(good, "--sha256", "00")
    assert "damaged or truncated" in refused(*allowed("short.tar.xz", data[: len(data) // 2]))
    assert "damaged or truncated" in refused(*allowed("noise.tar.xz", b"no archive" * 999))
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 255
    assert "damaged or truncated" in refused(*allowed("flipped.tar.xz", bytes(flipped)))
    other = write_tar(tmp_path / "other.tar.xz", {"readme.txt": b"hello"})
    assert "is not CIFAR-10" in refused(other, "--sha256", sources.sha256(other))
    assert "no such folder or archive" in refused(tmp_path / "nothing")
    for name, content in {
        "cut": jpeg(np.random.default_rng(0))[:200],
        "text": b"not an image",
    }.items():
        files = jpeg_files(1, 1) | {"test/ship/0000.jpg": content}
        path = write_tar(tmp_path / f"{name}.tar.xz", files)
        said = refused(path, "--sha256", sources.sha256(path))
        assert "test/ship/0000.jpg is no readable image" in said
    buffer = io.BytesIO()
    Image.new("RGB", (16, 32)).save(buffer, format="JPEG")
    path = write_tar(
        tmp_path / "size.tar", jpeg_files(1, 1) | {"test/dog/1.jpg": buffer.getvalue()}
    )
    assert "must be 32x32 pixels, got 16x32" in refused(path, "--sha256", sources.sha256(path))
    folder = tmp_path / "folder"
    folder.mkdir()
    assert "is not CIFAR-10" in refused(folder)


def test_full_disk_and_damaged_cache(tmp_path, monkeypatch):
    path = write_tar(tmp_path / "a.tar.xz", jpeg_files(1, 1))
    digest, cache = sources.sha256(path), tmp_path / "cache"
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _full_disk)
        with pytest.raises(OSError, match="No space left"):
            load_images(path, cache, digest)
    assert not list(cache.iterdir())
    found = load_images(path, cache, digest)
    (file,) = cache.iterdir()
    file.write_bytes(file.read_bytes()[:1000])
    assert torch.equal(load_images(path, cache, digest).train_images, found.train_images)


# --- bad input


def test_cuda_asked_for_but_absent(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    said = fails(capsys, "train", "--device", "cuda", "--out", tmp_path / "run")
    assert "'cuda' was asked for" in said and "--device cpu" in said
    assert not (tmp_path / "run").exists()
    assert "--device cpu" in fails(capsys, "sample", "--weights", "w", "--device", "cuda")
    assert pick_device("auto").type == "cpu"
    with pytest.raises(ValueError, match="device must be"):
        pick_device("gpu")


@pytest.mark.parametrize(
    "options, match",
    [
        ({"batch_size": 0}, "batch_size"),
        ({"lr": 0.0}, "lr must be positive"),
        ({"lr": float("nan")}, "lr must be finite"),
        ({"ema": 1.0}, "ema must lie"),
        ({"label_drop": 1.5}, "label_drop must lie"),
        ({"time_sampling": "cubic"}, "time_sampling must be one of"),
        ({"precision": "fp8"}, "precision must be one of"),
    ],
)
def test_bad_numbers(options, match):
    with pytest.raises(ValueError, match=match):
        TrainConfig(**options)


def test_bad_pace(tmp_path, capsys):
    base = ("train", "--tiny", "--device", "cpu", "--out", tmp_path / "run")
    assert "steps must be at least 1" in fails(capsys, *base, "--steps", 0)
    assert "batch_size must be at least 1" in fails(capsys, *base, "--batch-size", 0)
    assert not (tmp_path / "run").exists()
    weights = ("evaluate", "--weights", "w", "--device", "cpu")
    assert "steps must be whole numbers" in fails(capsys, *weights, "--steps", "5,x")
