"""Korean for extensions whose own catalogues are missing, partial or in the wrong order."""

import gettext

from sphinx import locale
from sphinx_proof.domain import ProofIndex

STRINGS = {
    "booktheme": {
        "By": "지은이",
        "By the": "지은이",
        "Contents": "차례",
        "Fullscreen mode": "전체 화면",
        "Download this page": "이 쪽 내려받기",
        "Print to PDF": "PDF로 인쇄",
        "Toggle navigation": "차례 열고 닫기",
        "next page": "다음 쪽",
        "previous page": "이전 쪽",
    },
    # Its own Korean gives "해답 연습 1": the order of English.
    "exercise": {"Exercise": "연습 문제", "Solution to": "풀이:", "Solution": "풀이"},
    "proof": {
        "Proof": "증명",
        "Theorem": "정리",
        "Lemma": "보조정리",
        "Definition": "정의",
        "Remark": "참고",
        "Example": "예",
    },
    "togglebutton": {"Click to show": "펼치기", "Click to hide": "접기"},
}


class _Override(gettext.NullTranslations):
    """A dictionary in front of another catalogue."""

    def __init__(self, strings: dict[str, str], rest: gettext.NullTranslations) -> None:
        super().__init__()
        self.strings = strings
        self.add_fallback(rest)

    def gettext(self, message: str) -> str:
        return self.strings.get(message) or super().gettext(message)


def install(language: str) -> None:
    """Put the strings in front of the catalogues that the extensions have registered."""
    if language != "ko":
        return
    ProofIndex.localname = "정리 찾아보기"  # a class attribute that no catalogue reaches
    for catalog, strings in STRINGS.items():
        key = ("general", catalog)
        rest = locale.translators.get(key, gettext.NullTranslations())
        locale.translators[key] = _Override(strings, rest)
