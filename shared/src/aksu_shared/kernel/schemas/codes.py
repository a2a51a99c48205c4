"""Field types of the wire that refer to code lists, territory, ЕИК and ЕГН; each refusal is said in both languages.

None quotes what was sent: it may be a person's data in the wrong field, and refusals are kept and logged.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from aksu_shared.kernel import territory
from aksu_shared.kernel.codelists import CODELISTS
from aksu_shared.kernel.eik import is_valid_eik
from aksu_shared.kernel.personal_number import birth_date, holds_personal_number, is_valid_egn, is_valid_lnch
from aksu_shared.kernel.schemas.base import LINES, BadValue


@dataclass(frozen=True, slots=True)
class Code:
    """A string that code list `name` holds, documented as an enumeration: `Annotated[str, Code("financing")]`."""

    name: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401
        """Check the code after the string."""
        return _one_of(
            CODELISTS[self.name],
            handler(source),
            code="unknown_code",
            bg=f"Няма такъв код в номенклатурата {self.name}.",
            en=f"There is no such code in code list {self.name}.",
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """List the codes, and name the list."""
        return handler(schema["steps"][0]) | {"enum": list(CODELISTS[self.name]), "x-codelist": self.name}


@dataclass(frozen=True, slots=True)
class CodeOf:
    """A string that holds a code of the list `name`, told so and not checked: `Annotated[str, CodeOf("financing")]`.

    For what is shown and told: a reader must bear codes of a later version, and knows by the name where labels are.
    """

    name: str

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Name the list."""
        return handler(schema) | {"x-codelist": self.name}


class _Municipality:
    """Checks that a string is the code of a municipality."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401
        return _one_of(
            (area.code for area in territory.load().municipalities),
            handler(source),
            code="unknown_municipality",
            bg="Няма община с такъв код.",
            en="There is no municipality with this code.",
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The string alone: 265 codes are a list of their own."""
        return handler(schema["steps"][0])


def _one_of(values: Iterable[str], text: CoreSchema, *, code: str, bg: str, en: str) -> CoreSchema:
    """After `text`, one of `values`, judged without a call into Python: a command has a handful of such fields."""
    known = core_schema.custom_error_schema(
        core_schema.literal_schema(list(values)),
        custom_error_type=code,
        custom_error_message=en,
        custom_error_context={"bg": bg, "en": en},
    )
    return core_schema.chain_schema([text, known])


def _eik(value: str) -> str:
    if not is_valid_eik(value):
        raise BadValue(
            "bad_eik",
            bg="ЕИК е 9 или 13 цифри с вярна контролна цифра.",
            en="An ЕИК is 9 or 13 digits with a valid check digit.",
        )
    return value


def _personal_number(value: str) -> str:
    if is_valid_egn(value) or is_valid_lnch(value):
        return value
    if birth_date(value) is None:
        raise BadValue(
            "bad_personal_number",
            bg="Не е ЕГН: първите шест цифри не са дата на раждане; не е и ЛНЧ: контролната цифра е друга.",
            en="Not an ЕГН: its first six digits are no day of birth; nor an ЛНЧ: its check digit is another.",
        )
    raise BadValue(
        "bad_personal_number",
        bg="Последната, контролна цифра не съответства на другите девет нито като ЕГН, нито като ЛНЧ.",
        en="The last digit, the check digit, does not fit the other nine, neither as an ЕГН nor as an ЛНЧ.",
    )


MunicipalityCode = Annotated[str, StringConstraints(max_length=20), _Municipality(), Field(examples=["BLG01"])]
"""Code of one of the 265 municipalities, e.g. `BLG01`."""

Eik = Annotated[str, StringConstraints(max_length=20), AfterValidator(_eik), Field(examples=["130007884"])]
"""ЕИК of a legal entity: 9 or 13 digits, check digits valid."""

PersonalNumber = Annotated[
    str,
    Field(max_length=10, pattern=r"^[0-9]{10}$", description="ЕГН or ЛНЧ", examples=["8001010008"]),
    AfterValidator(_personal_number),
]
"""ЕГН or ЛНЧ of a person: 10 digits, the day of birth of an ЕГН and the check digit valid."""


def _names_nobody(value: str) -> str:
    if holds_personal_number(value):
        raise BadValue(
            "personal_number",
            bg="Текстът съдържа ЕГН или ЛНЧ, а се чете от всички. Дайте само номера на преписката.",
            en="The text holds an ЕГН or a ЛНЧ, and everybody reads it. Give the number of the case alone.",
        )
    return value


NAMES_NOBODY = AfterValidator(_names_nobody)
"""For numbers that are public or kept in clear: refuses a text with the number of a person in it."""

CaseNumber = Annotated[
    str,
    Field(
        max_length=100, pattern=r"^[0-9A-Za-zА-Яа-я./-]{0,99}[0-9][0-9A-Za-zА-Яа-я./-]{0,99}$", examples=["Д-17/2026"]
    ),
    NAMES_NOBODY,
]
"""Number of a case, as its keeper counts: letters, digits, `.`, `/` and `-`, with a digit, without blanks; no names."""


class Lines:
    """Marks a text of several lines: in other texts a line's end is refused like any character that is not seen."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401
        """The string's own schema, marked for `Body`."""
        text = handler(source)
        return {**text, "metadata": {**text.get("metadata", {}), LINES: True}}


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
"""One line of text, 1–300 characters."""

Numbered = Annotated[Line, NAMES_NOBODY]
"""A line with the number of an order or a report, which everybody reads."""

Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000), Lines()]
"""A reason or description, 1–4,000 characters, of one or several lines."""
