"""Search that knows Korean: particles and endings stand behind a word without a space."""

import json
import re
import unicodedata

from sphinx.application import Sphinx
from sphinx.search import SearchLanguage

# What a query may carry behind the word that it asks for.
ENDINGS = """
은 는 이 가 을 를 의 에 로 와 과 도 만 에서 으로 에게 까지 부터 보다 처럼 마다 이나 나
라는 이라는 이라고 라고 이란 란 이라면 라면 이라서 라서
입니다 이다 이며 이고 이므로 이지만 이면 인데 인
하다 한다 합니다 하는 하고 하면 하여 해서 했다 했습니다 된다 됩니다 되는 되고
에는 에도 에서는 으로는 로는 과는 와는 조차 밖에 뿐 대로 만큼 이든 든 께 한테 이랑 랑 씩 짜리
들 들은 들이 들을 들의
"""
# A word is cut until nothing more comes off ("DDIM에서도" -> "DDIM"), so that a word with an ending
# and the word alone are the same question. Two syllables stay of a Korean word, and what is written
# in other letters or digits stays whole.
STEMMER = r"""
var Stemmer = function () {
  const endings = %s;
  this.stemWord = function (word) {
    const [, head, tail] = word.match(/^(.*?)([가-힣]*)$/);
    let rest = tail;
    for (let cut = true; cut; ) {
      const least = head ? 0 : 2;
      const ending = endings.find((e) => rest.endsWith(e) && rest.length - e.length >= least);
      cut = ending !== undefined;
      if (cut) rest = rest.slice(0, rest.length - ending.length);
    }
    return head + rest;
  };
};
var bareQuery = function (query) {
  return query.trim().replace(/[\p{L}\p{N}_]+$/u, (word) => new Stemmer().stemWord(word));
};
"""
MIXED = re.compile(r"(.*[^가-힣])([가-힣]+)")  # what ends in Hangul and did not begin so


class SearchKorean(SearchLanguage):
    """Index every beginning of a Korean word; take the endings off a word that is looked for.

    So "경로" finds "경로를", "속도장을" finds "속도장과", and "DDIM은" and "DDIM" find each other.
    """

    lang = "ko"
    language_name = "Korean"
    js_stemmer_code = STEMMER % json.dumps(
        sorted(ENDINGS.split(), key=len, reverse=True), ensure_ascii=False
    )

    def split(self, input: str) -> list[str]:
        """Words and their beginnings: from two syllables, or from where Hangul begins."""
        words = super().split(unicodedata.normalize("NFC", input))
        beginnings = []
        for word in words:
            mixed = MIXED.fullmatch(word)
            start = len(mixed[1]) if mixed else 2
            if mixed or all("가" <= c <= "힣" for c in word):
                beginnings += [word[:n] for n in range(start, len(word))]
        return words + beginnings

    def stem(self, word: str) -> str:
        """Leave the index's words alone: the query's are cut instead."""
        return word.lower()


def setup(app: Sphinx) -> None:
    """Register the language."""
    app.add_search_language(SearchKorean)
