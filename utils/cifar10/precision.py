"""Number formats: which one this machine computes fast, and how to use it."""

import contextlib

import torch

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def autocast(device: torch.device, precision: str) -> contextlib.AbstractContextManager:
    """Matrix products and convolutions in 16 bits if ``precision`` says so; weights stay float32.

    bfloat16 keeps the range of float32, so the loss needs no scaling (Kalamkar et al. 2019, arXiv
    1905.12322). float16 does not (Micikevicius et al. 2018, arXiv 1710.03740).
    """
    dtype = DTYPES.get(precision)
    return torch.autocast(device.type, dtype=dtype, enabled=dtype is not None)


def _cpu_has_bf16() -> bool:
    """Whether the CPU multiplies bfloat16 in hardware (AMX, AVX512-BF16)."""
    try:
        found = torch.cpu.get_capabilities()  # since torch 2.10
        return bool(found.get("amx_bf16") or found.get("avx512_bf16"))
    except AttributeError:
        names = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
        return any(getattr(torch.cpu, name, lambda: False)() for name in names)


def auto_precision(device: torch.device) -> str:
    """The number format that the device computes fast.

    Args:
        device: where to compute.

    Returns:
        ``"bf16"`` on CUDA from compute capability 8.0 and on a CPU with AMX or AVX512-BF16;
        ``"fp16"`` on older CUDA devices, as a T4, which only emulate bfloat16; else ``"fp32"``.
    """
    if device.type == "cuda":
        return "bf16" if torch.cuda.get_device_capability(device) >= (8, 0) else "fp16"
    return "bf16" if _cpu_has_bf16() else "fp32"
