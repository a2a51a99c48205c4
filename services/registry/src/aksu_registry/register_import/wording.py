"""Reads the register's free wording: kind of service, target groups, a provider's legal form, a service's address.

Unknown wording is never a reason to refuse a row: the text is kept and the code is OTHER, so that a person can see
and sort it later. Only a legal form that needs no licence is a contradiction.
"""

import re
from functools import lru_cache

from aksu_shared.kernel.address import fold_address
from aksu_shared.kernel.codelists import CODELISTS, SERVICE_KINDS, TARGET_GROUP_ALIASES
from aksu_shared.kernel.territory.names import fold, fold_settlement

OTHER = "OTHER"
_LEADING = re.compile(r"^(?:социална услуга(?: за)?|предоставяне на)\s+")
_QUOTED = re.compile(r"[„“\"«].*?[“”\"»]")
_ABBREVIATION = re.compile(r"^[А-Я]{2,}$")
_STREET_WORD = re.compile(r"^(?:ул|бул|пл|жк|кв|бл)\b")
_POSTCODE = re.compile(r"\b\d{4}\b")

# First match wins; patterns are searched in the folded name of the provider.
_LEGAL_FORMS = tuple(
    (code, re.compile(pattern))
    for code, pattern in (
        ("MUNICIPAL_LEGAL_ENTITY", r"\b(?:общинск[аио]\w* (?:предприятие|дружество|фондация|социално)|оп)\b"),
        ("MUNICIPALITY", r"^(?:община|столична община)\b|\bобщина$"),
        ("STATE", r"^(?:министерство|държавна агенция|изпълнителна агенция)\b"),
        ("EU_EEA_ENTITY", r"\b(?:gmbh|ltd|llc|sarl|srl|spa|bv|sro|кчт|клон)\b"),
        ("SOLE_TRADER", r"^(?:ет|et)\b|\b(?:ет|et)$|\bедноличен търговец\b"),
        (
            "COMPANY",
            r"\b(?:еоод|оод|еад|ад|сд|кд|кда|дпк|eood|ood|ead|кооперация|тпк|дружество с ограничена отговорност)\b",
        ),
        ("NGO", r"\b(?:фондация|сдружение|асоциация|съюз|нпо|юлнц|дружество|читалище)\b"),
    )
)
DEFAULT_LEGAL_FORM = "NGO"
"""For a name that shows none: most such names in the register are of non-profit entities."""


def legal_form_of(name: str) -> str:
    """The legal form that a provider's name shows, from code list `legal_forms`; the register has no column for it.

    What stands outside the quotation marks counts before what stands inside: „АД Хок“ may be an association's name.
    """
    for text in (fold(_QUOTED.sub(" ", name)), fold(name)):
        for code, pattern in _LEGAL_FORMS:
            if pattern.search(text):
                return code
    return DEFAULT_LEGAL_FORM


def service_kind_of(name: str) -> str:
    """The kind whose label or alias begins the name, longest first, or whose abbreviation it contains; else OTHER."""
    folded = _LEADING.sub("", fold(name))
    for wording, code in _kind_wordings():
        if folded == wording or folded.startswith(f"{wording} "):
            return code
    words = folded.split()
    return next((code for abbreviation, code in _kind_abbreviations() if abbreviation in words), OTHER)


def target_groups_of(text: str) -> tuple[str, ...]:
    """All groups whose wording occurs in the text, in the order of the code list; (OTHER,) when none does."""
    left, found = f" {fold(text)} ", set()
    for wording, code in _group_wordings():
        if f" {wording} " in left:
            found.add(code)
            left = left.replace(f" {wording} ", " | ")
    return tuple(code for code in CODELISTS["target_groups"] if code in found) or (OTHER,)


def address_in(settlement: str, seat: str) -> str:
    """The part of a seat after its settlement, when the seat lies in `settlement`; else an empty text.

    The 15 columns hold no address of the service, only the provider's seat. Where that lies in the row's settlement it
    is taken as the place's address, as nothing better is known.
    """
    first, _, rest = seat.partition(",")
    if fold_settlement(_POSTCODE.sub("", first)) == fold_settlement(settlement):
        return rest.strip()
    return seat.strip() if _STREET_WORD.match(fold_address(first)) else ""


@lru_cache(maxsize=1)
def _kind_wordings() -> tuple[tuple[str, str], ...]:
    pairs = (
        (fold(wording), kind.code)
        for kind in SERVICE_KINDS.values()
        if kind.code != OTHER
        for wording in (kind.text.bg, *kind.aliases)
    )
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))


@lru_cache(maxsize=1)
def _kind_abbreviations() -> tuple[tuple[str, str], ...]:
    return tuple(
        (fold(alias), kind.code)
        for kind in SERVICE_KINDS.values()
        for alias in kind.aliases
        if _ABBREVIATION.match(alias)
    )


@lru_cache(maxsize=1)
def _group_wordings() -> tuple[tuple[str, str], ...]:
    pairs = (
        (fold(wording), code)
        for code, wordings in TARGET_GROUP_ALIASES.items()
        if code != OTHER
        for wording in wordings
    )
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))
