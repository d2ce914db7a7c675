"""One safetensors file holds a whole run: weights, their average, the optimiser and the step."""

import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from utils.atomic import write_atomically
from utils.cifar10.config import (
    CLASSES,
    AnyNetwork,
    TrainConfig,
    differences,
    network_from_dict,
    network_to_dict,
)

FORMAT = 1


def _portable(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}


def _prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}/{name}": value for name, value in tensors.items()}


def _save(path: Path, tensors: dict[str, Tensor], about: dict[str, Any]) -> None:
    from safetensors.torch import save

    about = {"format": FORMAT, **about, "classes": CLASSES}
    write_atomically(path, save(_portable(tensors), {"course": json.dumps(about)}))


def save_run(
    path: str | os.PathLike,
    step: int,
    config: TrainConfig,
    data_key: str,
    model: nn.Module,
    ema: nn.Module,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler | None = None,
) -> None:
    """Write everything that the run needs to go on, atomically.

    Nothing random is stored: it all follows from the seed and the step.

    Args:
        path: file to write.
        step: steps done.
        config: what the weights depend on.
        data_key: names the images.
        model: the network.
        ema: its average.
        optimizer: of the network's parameters, in their order.
        scaler: of the loss, in float16.

    Raises:
        OSError: if the file cannot be written; the one before it is untouched.
    """
    tensors = _prefixed("model", model.state_dict()) | _prefixed("ema", ema.state_dict())
    for name, parameter in model.named_parameters():
        for part, value in optimizer.state.get(parameter, {}).items():
            tensors[f"optimizer/{part}/{name}"] = value
    about = {"kind": "run", "step": step, "config": config.to_dict(), "data": data_key}
    if scaler is not None and scaler.is_enabled():
        about["scaler"] = scaler.state_dict()
    _save(Path(path), tensors, about)


def save_weights(
    path: str | os.PathLike, step: int, network: AnyNetwork, ema: nn.Module, half: bool = False
) -> None:
    """Write the averaged weights alone: what others need to draw samples.

    Args:
        path: file to write.
        step: steps done.
        network: sizes of the network.
        ema: the averaged network.
        half: store float16, half the size; the network is float32 again when loaded.

    Raises:
        OSError: if the file cannot be written; the one before it is untouched.
    """
    about = {"kind": "weights", "step": step, "network": network_to_dict(network)}
    tensors = {name: value.half() if half else value for name, value in ema.state_dict().items()}
    _save(Path(path), tensors, about)


def read(path: str | os.PathLike) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What a file of ours says about itself, and its tensors.

    Args:
        path: file written by ``save_run`` or ``save_weights``.

    Returns:
        ``(about, tensors)``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, or written by something else.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; train first, or name the weights to use")
    try:
        with safe_open(path, "pt") as opened:
            about = json.loads((opened.metadata() or {}).get("course", "null"))
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(
            f"{path} is damaged or truncated, or no safetensors file ({error}): put a copy in its "
            "place, or move it away to start anew"
        ) from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ValueError(
            f"{path} was not written by this version of this program: name another file, or move "
            "it away to start anew"
        )
    return about, tensors


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def load_run(
    path: str | os.PathLike,
    config: TrainConfig,
    data_key: str,
    model: nn.Module,
    ema: nn.Module,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler | None = None,
) -> int:
    """Restore a run, or refuse one that this command would not continue but change.

    Args:
        path: file written by ``save_run``.
        config: of the command that resumes.
        data_key: of its images.
        model: receives the weights.
        ema: receives the averaged ones.
        optimizer: receives its state.
        scaler: receives its state, in float16.

    Returns:
        Steps done.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, or its network, numbers or images are other ones.
    """
    about, tensors = read(path)
    if about["kind"] != "run":
        raise ValueError(f"{path} holds weights only: a run cannot continue from it")
    old = TrainConfig.from_dict(about["config"])
    advice = "give the options of that run, or choose another --out to start anew"
    if old.network != config.network:
        changes = "; ".join(differences(old.network, config.network))
        raise ValueError(f"{path} holds another architecture ({changes}): {advice}")
    if old != config:
        raise ValueError(f"{path} is another run ({'; '.join(differences(old, config))}): {advice}")
    if about["data"] != data_key:
        raise ValueError(f"{path} was trained on other images ({about['data']}): {advice}")
    try:
        model.load_state_dict(_part(tensors, "model/"))
        ema.load_state_dict(_part(tensors, "ema/"))
        _load_optimizer(optimizer, model, tensors)
        if scaler is not None and scaler.is_enabled():
            scaler.load_state_dict(about["scaler"])
    except (RuntimeError, KeyError) as error:
        raise ValueError(f"{path} does not fit the network ({error}): {advice}") from error
    return about["step"]


def _load_optimizer(
    optimizer: torch.optim.Optimizer, model: nn.Module, tensors: dict[str, Tensor]
) -> None:
    if not any(name.startswith("optimizer/") for name in tensors):
        return  # saved before the first step
    for name, parameter in model.named_parameters():
        state = {"step": tensors[f"optimizer/step/{name}"].to(parameter.device)}
        for part in ("exp_avg", "exp_avg_sq"):
            # In the parameter's memory format, so that the fused kernel runs as it did before.
            state[part] = torch.empty_like(parameter).copy_(tensors[f"optimizer/{part}/{name}"])
        optimizer.state[parameter] = state


def load_network(path: str | os.PathLike) -> tuple[nn.Module, dict[str, Any]]:
    """The averaged network of a weights file or of a whole run, ready to draw samples.

    Args:
        path: file written by ``save_weights`` or ``save_run``.

    Returns:
        ``(network, about)``; the network is in evaluation mode, without gradients.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged or does not fit.
    """
    about, tensors = read(path)
    is_run = about.get("kind") == "run"
    if not is_run and about.get("kind") != "weights":
        raise ValueError(f"{path} holds no network but {about.get('kind')!r}")
    sizes = about["config"]["network"] if is_run else about["network"]
    network = network_from_dict(sizes).build()
    try:
        network.load_state_dict(_part(tensors, "ema/") if is_run else tensors)
    except RuntimeError as error:
        raise ValueError(f"{path} does not fit its own network sizes: {error}") from error
    bad = [name for name, value in network.named_parameters() if not value.isfinite().all()]
    if bad:
        raise ValueError(
            f"{path} holds weights that are not finite ({bad[0]}): the training diverged, and "
            "every picture would be noise; train again with a lower --lr"
        )
    return network.eval().requires_grad_(False), about
