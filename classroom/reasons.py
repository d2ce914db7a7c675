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
        "셀이 커널을 죽였거나, 채점기와의 연결을 끊었습니다.",
        "The cell killed the kernel, or cut its connection to the grader.",
    ),
    "wall": (
        "이 제출물의 채점이 {wall}초 안에 끝나지 않았습니다.",
        "Grading this submission did not finish within {wall} seconds.",
    ),
    "failed": ("채점하지 못했습니다. {error}", "It could not be graded. {error}"),
    "missing": (
        "{names}을(를) 정의하는 셀이 노트북에 없습니다.",
        "No cell of the notebook defines {names}.",
    ),
    "undefined": (
        "셀 {cell}을(를) 실행한 뒤에도 {names}이(가) 정의되지 않았습니다.",
        "After cell {cell} has run, {names} is still not defined.",
    ),
    "processes": (
        "셀이 프로세스를 너무 많이 만들었습니다.",
        "The cell started too many processes.",
    ),
    "too_often": (
        "노트북의 실행이 너무 여러 번 중단되어 이 문제까지 채점하지 못했습니다.",
        "The notebook was stopped too often; this exercise was not reached.",
    ),
    "channel": (
        "제출물이 채점기와 약속한 형식이 아닌 값을 보냈습니다.",
        "The submission sent the grader something that is no value.",
    ),
    "answer_cell": (
        "답 셀 {cell}을(를) 실행하는 동안 오류가 났습니다. {text}",
        "An error was raised while answer cell {cell} ran. {text}",
    ),
    "own_cell": (
        "학생이 쓴 셀 {cell}: {text}",
        "Cell {cell}, of the student's own: {text}",
    ),
    "foreign": (
        "셀 {cell}은(는) 다른 과제({others})의 셀이어서 건너뛰었습니다.",
        "Cell {cell} belongs to another assignment ({others}) and was passed over.",
    ),
    "elsewhere": (
        "답을 답 셀이 아니라 셀 {cell}에서 찾았습니다.",
        "The answer was found in cell {cell}, not in the answer cell.",
    ),
    "no_id": (
        "답 셀의 표지가 없어져, 이름을 보고 셀 {cell}을(를) 답으로 읽었습니다.",
        "The answer cell has lost its mark; cell {cell} was taken by the name that it defines.",
    ),
    "copies": (
        "답 셀이 여럿입니다({cells}). 마지막인 셀 {cell}을(를) 채점했습니다.",
        "There are several answer cells ({cells}); the last, cell {cell}, counts.",
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
