import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from utils.pusht import __main__ as cli
from utils.pusht import evaluate, lerobot, recorded, train
from utils.pusht.data import Demonstrations, load_demonstrations, windows
from utils.pusht.environment import PushT
from utils.pusht.evaluate import Planner, summary
from utils.pusht.features import FEATURES, features, reflect
from utils.pusht.film import block_outline, episode_strip, save_film
from utils.robots.control import rollout, shifted

ROOT = Path(__file__).parents[3]
FILE = Path(os.environ.get("COURSE_DATA", ROOT.parent / "shared" / "data")) / "pusht_demos.npz"
real_data = pytest.mark.skipif(not FILE.exists(), reason="no Push-T demonstrations here")
SMALL = train.Config(hidden=8, depth=1, steps=30, batch_size=4)


def invented(episodes=3, length=40, seed=0):
    """Demonstrations that have the right form and show nothing."""
    generator = torch.Generator().manual_seed(seed)
    n = episodes * length
    state = torch.rand(n, 5, generator=generator)
    state = torch.cat([100 + 300 * state[:, :4], 2 * torch.pi * state[:, 4:]], dim=1)
    action = 512 * torch.rand(n, 2, generator=generator)
    return Demonstrations(state, action, torch.arange(1, episodes + 1) * length)


def write_npz(path, demonstrations, **changes):
    arrays = {
        "state": demonstrations.state.numpy(),
        "action": demonstrations.action.numpy(),
        "episode_ends": demonstrations.ends.numpy(),
    }
    arrays.update(changes)
    np.savez(path, **{k: v for k, v in arrays.items() if v is not None})
    return path


def write_lerobot(folder, demonstrations, layout, **changes):
    """The public data set's files: one for each episode (v2) or for all (v3)."""
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    corners = torch.stack([block_corners(pose) for pose in demonstrations.state[:, 2:].double()])
    begin = 0
    tables = []
    for index, end in enumerate(demonstrations.ends.tolist()):
        rows = slice(begin, end)
        columns = {
            "observation.state": demonstrations.state[rows, :2].tolist(),
            "observation.environment_state": corners[rows].flatten(1).float().tolist(),
            "action": demonstrations.action[rows].tolist(),
            "episode_index": [index] * (end - begin),
            "frame_index": list(range(end - begin)),
        }
        columns.update({k: v for k, v in changes.items() if v is not None})
        tables.append(pa.table({k: v for k, v in columns.items() if changes.get(k, 1) is not None}))
        begin = end
    data = folder / "data" / "chunk-000"
    data.mkdir(parents=True)
    if layout == "v2":
        for index, table in enumerate(tables):
            pq.write_table(table, data / f"episode_{index:06d}.parquet")
    else:
        pq.write_table(pa.concat_tables(tables[::-1]), data / "file-000.parquet")
    return folder


def block_corners(pose):
    """As gym-pusht gives them; every other time with its rectangles in the other order."""
    c, s = pose[2].cos(), pose[2].sin()
    turn = torch.stack([torch.stack([c, -s]), torch.stack([s, c])])
    corners = lerobot.CORNERS @ turn.T + pose[:2]
    return corners.roll(4 * int(pose[0] > 250), dims=0)


@real_data
def test_the_real_demonstrations():
    demonstrations = load_demonstrations(FILE)
    assert demonstrations.state.shape == (25650, 5) and len(demonstrations.ends) == 206
    states, actions = windows(demonstrations)
    # pad_before = 1 and pad_after = 7 add 8 windows to the length - 16 + 1 of each episode
    assert len(states) == len(actions) == 25650 - 206 * (16 - 1 - 8)


@real_data
@pytest.mark.parametrize("layout", ["v2", "v3"])
def test_both_sources_give_the_same(tmp_path, layout):
    whole = load_demonstrations(FILE)
    n = int(whole.ends[4])
    some = Demonstrations(whole.state[:n], whole.action[:n], whole.ends[:5])
    read = load_demonstrations(write_lerobot(tmp_path, some, layout))
    assert torch.equal(read.ends, some.ends) and torch.equal(read.action, some.action)
    torch.testing.assert_close(read.state[:, :4], some.state[:, :4], atol=1e-3, rtol=0)
    turn = (read.state[:, 4] - some.state[:, 4] + torch.pi).remainder(2 * torch.pi) - torch.pi
    assert turn.abs().max() < 1e-4


def test_corners_are_those_of_the_simulator():
    table = PushT()
    states = table.reset(range(20))
    corners = np.stack([c.get_keypoints(c.block.shapes) for c in table._copies])
    pose = lerobot.pose_from_corners(torch.from_numpy(corners))
    torch.testing.assert_close(pose[:, :2].float(), states[:, 2:4], atol=1e-3, rtol=0)
    turn = (pose[:, 2] - states[:, 4] + torch.pi).remainder(2 * torch.pi) - torch.pi
    assert turn.abs().max() < 1e-5


def test_foreign_lerobot_data(tmp_path):
    invention = invented()
    with pytest.raises(FileNotFoundError, match="no Parquet files"):
        load_demonstrations(tmp_path)
    other = write_lerobot(
        tmp_path / "a", invention, "v2", **{"observation.environment_state": None}
    )
    with pytest.raises(ValueError, match="environment_state"):
        load_demonstrations(other)
    squashed = [[0.0] * 16] * 40
    other = write_lerobot(
        tmp_path / "b", invention, "v2", **{"observation.environment_state": squashed}
    )
    with pytest.raises(ValueError, match="miss Push-T's block"):
        load_demonstrations(other)
    damaged = write_lerobot(tmp_path / "c", invention, "v3") / "data/chunk-000/file-000.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-50])
    with pytest.raises(ValueError, match="damaged"):
        load_demonstrations(tmp_path / "c")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": None}, "holds no Push-T"),
        ({"state": np.zeros((120, 4), np.float32)}, r"state must have shape \(120, 5\)"),
        ({"action": np.zeros((119, 2), np.float32)}, "action must have shape"),
        ({"action": np.full((120, 2), np.nan, np.float32)}, "action holds NaN"),
        ({"action": np.full((120, 2), 600, np.float32)}, "must lie on the table"),
        ({"episode_ends": np.array([40, 40, 120])}, "must increase"),
        ({"episode_ends": np.array([40, 80, 121])}, "must increase"),
        ({"episode_ends": np.zeros(0, np.int64)}, "no demonstrations"),
        ({"state": np.zeros((0, 5), np.float32)}, "no demonstrations"),
        ({"state": np.array([{}] * 120, dtype=object)}, "not a readable"),
    ],
)
def test_foreign_files(tmp_path, changes, words):
    file = write_npz(tmp_path / "demos.npz", invented(), **changes)
    with pytest.raises(ValueError, match=words):
        load_demonstrations(file)


def test_missing_and_damaged_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="--data"):
        load_demonstrations(tmp_path / "demos.npz")
    file = write_npz(tmp_path / "demos.npz", invented())
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(ValueError, match="not a readable"):
        load_demonstrations(file)


def test_windows_repeat_the_ends_and_never_cross_episodes():
    n = 2 * 30
    count = torch.arange(n, dtype=torch.float32)
    demonstrations = Demonstrations(
        count[:, None].expand(n, 5), count[:, None].expand(n, 2), torch.tensor([30, 60])
    )
    states, actions = windows(demonstrations)
    assert states.shape == (2 * 23, 2, 5) and actions.shape == (2 * 23, 16, 2)
    assert states[0, :, 0].tolist() == [0, 0] and actions[0, :3, 0].tolist() == [0, 0, 1]
    last = actions[22, :, 0].tolist()
    assert last == [*range(21, 30)] + [29.0] * 7
    assert states[23, :, 0].tolist() == [30, 30]
    with pytest.raises(ValueError, match="horizon must be at least 9"):
        windows(demonstrations, horizon=8)


def test_features_do_not_jump_with_the_angle():
    state = torch.tensor([[100.0, 120.0, 200.0, 220.0, 1e-6]])
    other = state.clone()
    other[0, 4] = 2 * torch.pi - 1e-6
    torch.testing.assert_close(features(state), features(other), atol=1e-4, rtol=0)
    assert features(state).shape == (1, FEATURES) == (1, 48)


def test_mirrored_actions_have_mirrored_effects():
    # Two simulators, one the mirror image of the other, pushed by mirrored actions.
    table = PushT()
    start = table.reset([4, 4])
    mirrored, _ = reflect(start[1], torch.zeros(2))
    copy = table._copies[1]
    copy.agent.position, copy.block.angle = tuple(mirrored[:2].tolist()), mirrored[4].item()
    copy.block.position = tuple(mirrored[2:4].tolist())
    copy.space.reindex_shapes_for_body(copy.block)
    moved = 0.0
    for _ in range(25):
        state = torch.from_numpy(np.stack([c.get_obs() for c in table._copies])).float()
        target = state[0, 2:4]  # straight at the block
        _, image = reflect(state[0], target)
        after, scores, _ = table.step(torch.stack([target, image]))
        expected, _ = reflect(after[0], target)
        assert (after[1, :4] - expected[:4]).abs().max() < 0.5, "pixels"
        assert (after[1, 4] - expected[4]).abs() < 0.01
        assert (scores[0] - scores[1]).abs() < 0.005
        moved = (after[0, 2:4] - start[0, 2:4]).norm()
    assert moved > 20  # the block was really pushed


def test_the_target_scores_one():
    table = PushT()
    table.reset([0])
    block = table._copies[0].block
    block.angle, block.position = np.pi / 4, (256, 256)
    _, score, done = table.step(torch.tensor([[20.0, 20.0]]))
    assert score.item() == 1 and done.item()
    before = table._seen[0]
    table.step(torch.tensor([[400.0, 20.0]]))
    assert table._seen[0] is before  # a finished episode stands still


@pytest.mark.parametrize("bad", [[[torch.nan, 1.0]], [[-1.0, 0.0]], [[0.0, 513.0]]])
def test_the_table_refuses_bad_actions(bad):
    table = PushT()
    table.reset([0])
    with pytest.raises(ValueError, match=r"actions must lie in 0..512"):
        table.step(torch.tensor(bad))
    with pytest.raises(ValueError, match="shape"):
        table.step(torch.zeros(1, 3))


def test_actions_beyond_the_table_are_limited():
    run = rollout(lambda o: torch.full((2, 8, 2), 1e6), PushT(), [0, 1], 4, chunk=4)
    assert run.actions.max() == 512 and run.clipped == 1


def test_training_resumes_bit_for_bit(tmp_path, monkeypatch):
    data = invented()
    straight = train.train_policy(SMALL, data, tmp_path / "a", progress=False)
    save = train.save_checkpoint

    def save_then_die(*args):
        save(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "save_checkpoint", save_then_die)
    with pytest.raises(KeyboardInterrupt):
        train.train_policy(SMALL, data, tmp_path / "b", save_every=11, progress=False)
    monkeypatch.setattr(train, "save_checkpoint", save)
    resumed = train.train_policy(SMALL, data, tmp_path / "b", progress=False)
    for name, value in straight.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    assert not (tmp_path / "b" / train.CHECKPOINT).exists()
    loaded, about = train.load_policy(tmp_path / "b" / train.WEIGHTS)
    assert about["config"]["hidden"] == 8
    again = train.train_policy(SMALL, data, tmp_path / "b", progress=False)  # nothing left to do
    for policy in (loaded, again):
        assert torch.equal(policy.net.enter.weight, straight.net.enter.weight)


def test_another_run_in_the_folder_is_refused(tmp_path):
    data = invented()
    train.train_policy(SMALL, data, tmp_path, progress=False)
    other = train.Config(**{**vars(SMALL), "hidden": 16})
    with pytest.raises(ValueError, match="hidden 8 -> 16"):
        train.train_policy(other, data, tmp_path, progress=False)
    with pytest.raises(ValueError, match="other demonstrations"):
        train.train_policy(SMALL, invented(seed=1), tmp_path, progress=False)
    weights = tmp_path / train.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(ValueError, match="damaged"):
        train.load_policy(weights)


@pytest.mark.parametrize("policy", sorted(train.POLICIES))
def test_the_command_line(tmp_path, monkeypatch, capsys, policy):
    monkeypatch.setattr(cli, "SEEDS", range(2))
    monkeypatch.setattr(evaluate, "MAX_STEPS", 20)
    monkeypatch.setattr(evaluate, "REPEATS", 5)
    data = write_npz(tmp_path / "demos.npz", invented())
    out = tmp_path / "run"
    words = ["train", "--policy", policy, "--out", str(out), "--data", str(data), "--steps", "3"]
    words += ["--hidden", "8", "--depth", "1", "--batch-size", "4", "--no-progress"]
    assert cli.main(words) == 0
    rows = json.loads((out / "evaluation.json").read_text())["rows"]
    assert [row["steps"] for row in rows] == ([8, 100] if policy == "diffusion" else [8])
    assert all(0 <= row["score"] <= 1 and row["episodes"] == 2 for row in rows)
    assert "score" in capsys.readouterr().out
    words = ["evaluate", "--weights", str(out / train.WEIGHTS), "--steps", "1,2"]
    assert cli.main(words + (["--warm", "0.5"] if policy == "flow" else [])) == 0
    if policy in ("flow", "diffusion"):  # the others have a fixed number
        assert cli.main([*words[:-1], "0"]) == 2
        assert "steps" in capsys.readouterr().err


def test_comparing_everything(tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "SEEDS", range(4))
    monkeypatch.setattr(cli, "MAX_STEPS", 20)
    monkeypatch.setattr(cli, "STEPS", (1, 2))
    monkeypatch.setattr(evaluate, "MAX_STEPS", 20)
    monkeypatch.setattr(evaluate, "REPEATS", 5)
    # The pictures show the long runs; here they only have to be drawn.
    monkeypatch.setattr(cli, "SHOWN", {"flow, 2": ("flow, Euler", 2)})
    data = write_npz(tmp_path / "demos.npz", invented())
    words = ["compare", "--out", str(tmp_path), "--data", str(data), "--steps", "3", "--jobs", "2"]
    words += ["--hidden", "8", "--depth", "1", "--batch-size", "4", "--no-progress"]
    assert cli.main(words) == 0
    result = json.loads((tmp_path / "results.json").read_text())
    samplers = [row["sampler"] for row in result["rows"]]
    assert samplers == [
        *["flow, Euler"] * 2,
        *["diffusion, DDIM"] * 2,
        *["diffusion, DDPM"] * 2,
        *["regression", "two-step", "flow, warm start"],
    ]
    assert set(result["training"]) == set(train.POLICIES)
    monkeypatch.setattr(recorded, "FOLDER", tmp_path)
    assert recorded.recorded_results() == result
    episodes = recorded.recorded_episodes()["flow, 2"]
    assert len(episodes) == 4 and episodes[0][0].shape == (21, 5) and episodes[0][1] == 20
    assert (tmp_path / "strip.png").stat().st_size > 1000
    assert (tmp_path / "flow.webp").stat().st_size > 1000


def test_command_line_mistakes(tmp_path, capsys):
    assert cli.main(["train", "--out", str(tmp_path), "--data", str(tmp_path / "none.npz")]) == 2
    assert "--data" in capsys.readouterr().err
    assert cli.main(["evaluate", "--weights", str(tmp_path / "none")]) == 2
    assert "train first" in capsys.readouterr().err
    if not torch.cuda.is_available():
        assert cli.main(["train", "--out", str(tmp_path), "--device", "cuda"]) == 2
        assert "no CUDA" in capsys.readouterr().err


def test_no_network_says_what_to_do(monkeypatch):
    hub = pytest.importorskip("huggingface_hub")

    def offline(*args, **kwargs):
        raise ConnectionError("no route to host")

    monkeypatch.setattr(hub, "snapshot_download", offline)
    with pytest.raises(OSError, match="--data"):
        lerobot.fetch()


def test_planner_options():
    flow, diffusion = SMALL.build(), train.Config("diffusion", 8, 1).build()
    with pytest.raises(ValueError, match="eta"):
        Planner(flow, 2, eta=1.0)
    with pytest.raises(ValueError, match="warm"):
        Planner(diffusion, 2, warm=0.5)
    with pytest.raises(ValueError, match="warm"):
        Planner(flow, 2, warm=1.0)
    plan = torch.arange(16.0).reshape(1, 16, 1)
    assert shifted(plan, 8).flatten().tolist() == [*range(8, 16)] + [15.0] * 8


def test_the_summary_by_hand():
    planner = Planner(SMALL.build().eval(), 2)
    run = rollout(planner, PushT(), range(3), 16, 8, 2, 1)
    found = summary(run)
    best = run.scores.amax(0).double()
    assert found["score"] == pytest.approx(best.mean().item())
    assert found["score_se"] == pytest.approx(best.std().item() / 3**0.5)
    assert found["success"] == 0 and found["episodes"] == 3


def test_pictures(tmp_path):
    state = torch.tensor([[100.0, 100.0, 256.0, 256.0, torch.pi / 4]]).expand(5, 5)
    outline = block_outline(state[0, 2:].double())
    area = 0.5 * (outline * outline.roll(-1, 0).flip(-1) * torch.tensor([1, -1])).sum().abs()
    assert area == pytest.approx(120 * 30 + 30 * 90)  # the T: bar and stem
    figure = episode_strip({"flow": (state, 4, 0.5)}, moments=(0, 4, 9))
    assert [ax.get_title() for ax in figure.axes] == ["step 0", "step 4", "end: 4"]
    save_film(tmp_path / "film.webp", {"flow": (state, 4, 0.5)})
    assert (tmp_path / "film.webp").read_bytes()[:4] == b"RIFF"
