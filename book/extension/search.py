"""Search that knows Korean: particles and endings stand behind a word without a space."""

from sphinx.application import Sphinx
from sphinx.search import SearchLanguage

# What a query may carry behind the word that it asks for.
ENDINGS = """
은 는 이 가 을 를 의 에 로 와 과 도 만 에서 으로 에게 까지 부터 보다 처럼 마다 이나
라는 이라는 이란 란 입니다 이다 하다 한다 합니다 하는 하고 하면 하여 해서 했다 했습니다
된다 됩니다 되는 되고 에는 에도 에서는 으로는 로는 과는 와는 들 들은 들이 들을 들의
"""
STEMMER = """
var Stemmer = function () {
  const endings = %s;
  this.stemWord = function (word) {
    if (!/^[가-힣]+$/.test(word)) return word;
    for (const ending of endings) {
      if (word.endsWith(ending) && word.length - ending.length >= 2) {
        return word.slice(0, -ending.length);
      }
    }
    return word;
  };
};
"""


class SearchKorean(SearchLanguage):
    """Index every beginning of a Korean word; take the ending off a word that is looked for.

    So "경로" finds "경로를", and "속도장을" finds "속도장과".
    """

    lang = "ko"
    language_name = "Korean"
    js_stemmer_code = STEMMER % sorted(ENDINGS.split(), key=len, reverse=True)

    def split(self, input: str) -> list[str]:
        """Words, and the beginnings of at least two syllables of those in Hangul."""
        words = super().split(input)
        hangul = [word for word in words if all("가" <= c <= "힣" for c in word)]
        return words + [word[:n] for word in hangul for n in range(2, len(word))]

    def stem(self, word: str) -> str:
        """Leave the index's words alone: the query's are cut instead."""
        return word.lower()


def setup(app: Sphinx) -> None:
    """Register the language."""
    app.add_search_language(SearchKorean)
