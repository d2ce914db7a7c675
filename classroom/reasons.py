"""Why a graded cell got nothing, where the cell itself could not say so; in both languages."""

REASONS = {
    "time": (
        "셀이 {seconds}초 안에 끝나지 않았습니다.",
        "The cell did not finish within {seconds} seconds.",
    ),
    "memory": (
        "셀이 메모리를 {gigabytes:g} GB 넘게 쓰려 했습니다.",
        "The cell asked for more than {gigabytes:g} GB of memory.",
    ),
    "kernel": (
        "셀이 커널을 죽였거나, 출력이 너무 많아 멈추었습니다.",
        "The cell killed the kernel, or stopped it by printing too much.",
    ),
    "wall": (
        "이 제출물의 채점이 {wall}초 안에 끝나지 않았습니다.",
        "Grading this submission did not finish within {wall} seconds.",
    ),
    "failed": ("채점하지 못했습니다. {error}", "It could not be graded. {error}"),
    "missing": (
        "채점할 셀이 노트북에 없습니다.",
        "The graded cell is missing from the notebook.",
    ),
    "person": ("사람이 채점합니다.", "To be graded by a person."),
    "unanswered": ("답을 쓰지 않았습니다.", "Not answered."),
}


def reason(key: str, language: str, **values: object) -> str:
    """The text of a reason.

    Args:
        key: one of ``REASONS``.
        language: ``"ko"`` or ``"en"``.
        values: what the text mentions.

    Returns:
        The text.
    """
    return REASONS[key][language == "en"].format(**values)
