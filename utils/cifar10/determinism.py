"""Kernels on CUDA: the same sums in the same order each time, or the fastest ones."""

import os

import torch

ADVICE = "add --no-deterministic, which allows kernels whose result depends on chance"


def set_deterministic(on: bool, device: torch.device) -> None:
    """Choose the kernels of this process; on a CPU they are deterministic as they are.

    With ``on``, an operation that has no deterministic kernel is an error, no warning. Attention
    then takes the flash or the memory-efficient kernel, both of which sum their gradients in a
    fixed order under ``use_deterministic_algorithms(True)`` and only then: with ``warn_only=True``
    they warn and do not (PyTorch, aten/src/ATen/native/transformers/cuda/attention_backward.cu).
    cuDNN's kernel has no such mode (``check_cudnn_deterministic`` in cuda/sdp_utils.cpp beside it)
    and is switched off, for versions of PyTorch that do not look. Source for the rest: PyTorch,
    "Reproducibility" (docs.pytorch.org/docs/stable/notes/randomness.html).

    Args:
        on: whether a run shall give the same bits each time.
        device: where it computes.
    """
    if device.type != "cuda":
        return
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.deterministic = on
    torch.backends.cudnn.benchmark = not on
    torch.backends.cuda.enable_cudnn_sdp(not on)
    if on:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when CUDA starts
    torch.use_deterministic_algorithms(on, warn_only=False)
    # It would also fill fresh memory, which costs time and changes nothing here.
    torch.utils.deterministic.fill_uninitialized_memory = False


def is_determinism_error(error: BaseException) -> bool:
    """Whether PyTorch refused an operation because it has no deterministic kernel."""
    return "use_deterministic_algorithms" in str(error)
