"""Folding of Bulgarian names, so that the same place or body is found however it is typed."""

import re
import unicodedata
from functools import lru_cache

from aksu_shared.kernel.plain_text import seen

# Latin capitals and small letters that look like Cyrillic ones and slip into typed names.
_LOOKALIKES = str.maketrans("aceopxykmtbh", "асеорхукмтвн")
_CYRILLIC = re.compile("[а-я]")
_NOT_WORD = re.compile(r"[\W_]+")
_MUNICIPALITY_WORD = re.compile(r"^(?:(?:община|общ|град|гр)\s+)+|\s+(?:община|общ)$")
_OBLAST_WORD = re.compile(r"^(?:област|обл)\s+|\s+(?:област|обл)$")
_SETTLEMENT_KIND = re.compile(r"^(?:град|гр|село|с|ман|манастир|мин с)\s+")


@lru_cache(maxsize=4096)  # the same few towns, kinds and groups come on every row of a register
def fold(text: str) -> str:
    """Lower case, words separated by one space, no punctuation, Latin look-alikes in Cyrillic words made Cyrillic.

    Characters that nobody sees part no words and make no difference.
    """
    lowered = unicodedata.normalize("NFKC", seen(text).replace("№", " ")).casefold()
    words = _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", lowered)).split()
    return " ".join(word.translate(_LOOKALIKES) if _CYRILLIC.search(word) else word for word in words)


def fold_municipality(text: str) -> str:
    """`fold` without „община“ or „гр.“ around the name."""
    return _MUNICIPALITY_WORD.sub("", fold(text))


def fold_oblast(text: str) -> str:
    """`fold` without the word „област“ before or after the name."""
    return _OBLAST_WORD.sub("", fold(text))


def fold_settlement(text: str) -> str:
    """`fold` without „гр.“ or „с.“; what follows the first comma (municipality, oblast) is left out."""
    return _SETTLEMENT_KIND.sub("", fold(text.split(",", maxsplit=1)[0]))
