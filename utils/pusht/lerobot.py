"""LeRobot's copy of the demonstrations: fetching it, and reading its Parquet files."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

REPOSITORY = "lerobot/pusht_keypoints"
COLUMNS = ("observation.state", "observation.environment_state", "action")
INDEX = ("episode_index", "frame_index")
# Corners of the T in its own frame, pixels: the bar, then the stem.
CORNERS = torch.tensor(
    [[-60, 0], [60, 0], [60, 30], [-60, 30], [-15, 30], [15, 30], [15, 120], [-15, 120]],
    dtype=torch.float64,
)
TOLERANCE = 1.0  # pixels


def fetch(revision: str = "main") -> Path:
    """Download the data set from the Hugging Face Hub, or find the copy that is there already.

    Args:
        revision: branch, tag or commit of the data set.

    Returns:
        Its folder.

    Raises:
        ImportError: if huggingface_hub is missing.
        OSError: if it cannot be reached.
    """
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise ImportError(
            "fetching the demonstrations needs huggingface_hub: pip install '.[pusht]', or name a "
            "file with --data"
        ) from error
    try:
        folder = snapshot_download(
            REPOSITORY, repo_type="dataset", revision=revision, allow_patterns=["data/**"]
        )
    except Exception as error:  # the hub raises kinds of its own, and its HTTP library's
        raise OSError(
            f"cannot fetch {REPOSITORY}: {error}. With no network, name a file with --data"
        ) from error
    return Path(folder)


def read_folder(folder: Path) -> tuple[Tensor, Tensor, Tensor]:
    """Read the Parquet files under ``data``, whichever version of the layout they have.

    Args:
        folder: the data set's folder.

    Returns:
        States ``(N, 5)``, actions ``(N, 2)`` and the ends of the episodes ``(E,)``.

    Raises:
        FileNotFoundError: if there are no such files.
        ValueError: if a column is missing, or the corners are not those of Push-T's block.
        ImportError: if pyarrow is missing.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ImportError("reading Parquet needs pyarrow: pip install '.[pusht]'") from error
    files = sorted((folder / "data").rglob("*.parquet"))
    if not files:
        raise FileNotFoundError(f"no Parquet files under {folder / 'data'}: is it {REPOSITORY}?")
    try:
        table = pa.concat_tables([pq.read_table(f, columns=[*COLUMNS, *INDEX]) for f in files])
    except (pa.ArrowException, OSError) as error:  # Arrow's errors on keys are KeyErrors, too
        raise ValueError(f"{folder} is not {REPOSITORY}, or is damaged: {error}") from error
    missing = {*COLUMNS, *INDEX} - {*table.column_names}
    if missing:
        raise ValueError(f"{folder} is not {REPOSITORY}: no column {', '.join(sorted(missing))}")
    table = table.sort_by([(name, "ascending") for name in INDEX])
    agent, corners, action = (
        torch.tensor(np.array(table[name].to_pylist(), dtype=np.float64)) for name in COLUMNS
    )
    if corners.shape[1:] != (16,):
        raise ValueError(f"{COLUMNS[1]} must hold 8 corners, 16 numbers, got {corners.shape[1:]}")
    state = torch.cat([agent, pose_from_corners(corners.unflatten(1, (8, 2)))], dim=1)
    episode = torch.tensor(table["episode_index"].to_pylist())
    ends = episode.diff().nonzero().flatten() + 1
    ends = torch.cat([ends, torch.tensor([len(episode)])])
    return state.float(), action.float(), ends


def pose_from_corners(corners: Tensor) -> Tensor:
    r"""Position and angle of the block: the rigid motion that fits its corners best.

    .. math:: \theta = \operatorname{atan2}\Big(\sum_i c_i \times q_i,\ \sum_i c_i \cdot q_i\Big)

    with c the corners of the T and q the given ones, both without their means (Kabsch, in the
    plane).

    Args:
        corners: pixels, ``(N, 8, 2)``.

    Returns:
        [x, y, angle in 0..2 pi], ``(N, 3)``.

    Raises:
        ValueError: if they miss the T by more than a pixel.
    """
    # gym-pusht keeps the two rectangles in a set, so either may come first.
    fits = [_fit(corners, CORNERS.to(corners).roll(shift, dims=0)) for shift in (0, 4)]
    miss = torch.stack([miss for _, miss in fits])
    worst = miss.amin(dim=0).max().item()
    if not worst <= TOLERANCE:
        raise ValueError(f"the corners miss Push-T's block by {worst:.1f} pixels")
    return torch.where((miss[0] <= miss[1])[:, None], fits[0][0], fits[1][0])


def _fit(corners: Tensor, local: Tensor) -> tuple[Tensor, Tensor]:
    """Best pose ``(N, 3)`` for corners in one order, and the largest distance left ``(N,)``."""
    c, q = local - local.mean(0), corners - corners.mean(1, keepdim=True)
    cross = c[:, 0] * q[..., 1] - c[:, 1] * q[..., 0]
    angle = torch.atan2(cross.sum(1), (c * q).sum((1, 2)))
    cos, sin = angle.cos(), angle.sin()
    turn = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], dim=1)
    position = corners.mean(1) - torch.einsum("nij,j->ni", turn, local.mean(0))
    fitted = torch.einsum("nij,kj->nki", turn, local) + position[:, None]
    pose = torch.cat([position, angle.remainder(2 * torch.pi)[:, None]], dim=1)
    return pose, (fitted - corners).norm(dim=-1).amax(dim=1)
