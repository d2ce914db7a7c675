"""The libraries beside which we measure: which are here, and what to do if one is not."""

import importlib.metadata
import importlib.util

# What is imported, and what the package is called where it is installed from.
PEERS = {
    "torchcfm": "torchcfm",
    "flow_matching": "flow_matching",
    "torchdiffeq": "torchdiffeq",
    "diffusers": "diffusers",
    "ot": "POT",
}


def missing() -> list[str]:
    """Packages to install before anything can be compared."""
    return [name for module, name in PEERS.items() if importlib.util.find_spec(module) is None]


def need() -> None:
    """Stop with the names of what is missing, all at once."""
    if names := missing():
        raise SystemExit(
            f"bench: not installed: {', '.join(names)}. Without a peer there is nothing to compare "
            f"with: python -m pip install {' '.join(names)} (torchcfm with --no-deps)"
        )


def versions() -> str:
    """Names and versions, in words that both languages share."""
    names = ["torch", *PEERS.values()]
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
