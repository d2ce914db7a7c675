"""How many of a network's names can be written, stand in a list, and are one letter from it."""

from collections.abc import Sequence

import torch

from utils.discrete import StringNet, sample_in_turn
from utils.names import decode, held_out, letters_of, size, well_formed

ORDERS = ("random", "certain")


def _gaps(letters: Sequence[int]) -> set[tuple]:
    """The same letters with any one of them left open: what a replacement leaves as it is."""
    return {(*letters[:i], None, *letters[i + 1 :]) for i in range(len(letters))}


def _shorter(letters: Sequence[int]) -> set[tuple]:
    return {(*letters[:i], *letters[i + 1 :]) for i in range(len(letters))}


class Neighbours:
    """The strings whose nearest name of a list is one letter away.

    It says what ``min(edit_distance(letters, name) for name in listed) == 1`` says, in the time
    that one of these distances takes.

    Args:
        names: the list.
        language: ``"ko"`` or ``"en"``.
    """

    def __init__(self, names: Sequence[str], language: str) -> None:
        """Keep what one letter more, less, or another one leads to."""
        self.language = language
        self.listed = {tuple(letters_of(name, language)) for name in names}
        self.gaps = set().union(*map(_gaps, self.listed))
        self.shorter = set().union(*map(_shorter, self.listed))

    def __contains__(self, name: str) -> bool:
        """Whether a name that can be written is one letter away, and not in the list itself."""
        own = tuple(letters_of(name, self.language))
        near = own in self.shorter or _shorter(own) & self.listed or _gaps(own) & self.gaps
        return own not in self.listed and bool(near)


def shares_of_names(
    net: StringNet,
    language: str,
    at_once: int | str = 1,
    order: str = "random",
    n: int = 1000,
    seed: int = 0,
) -> tuple[float, float, float]:
    """Write names and look at them.

    Args:
        net: that writes.
        language: ``"ko"`` or ``"en"``.
        at_once: letters that are opened in one evaluation, or ``"all"``.
        order: ``"random"``, or ``"certain"``: the most certain letters first.
        n: number of names.
        seed: of the noise.

    Returns:
        The shares of names that can be written, that stand in the list the networks were trained
        on, and that are one letter away from it. Each has the standard error
        ``sqrt(share * (1 - share) / n)``.

    Raises:
        ValueError: if the order is unknown.
    """
    if order not in ORDERS:
        raise ValueError(f"order must be one of {ORDERS}, got {order!r}")
    letters, length = size(language)
    x = sample_in_turn(
        net.posterior,
        torch.full((n, length), letters),
        length if at_once == "all" else at_once,
        torch.Generator().manual_seed(seed),
        certain=order == "certain",
    )
    seen, _ = held_out(language)
    near, listed = Neighbours(seen, language), set(seen)
    texts, good = decode(x, language), well_formed(x, language).tolist()
    written = [text for text, fits in zip(texts, good, strict=True) if fits]
    counts = len(written), sum(t in listed for t in texts), sum(t in near for t in written)
    return tuple(count / n for count in counts)
