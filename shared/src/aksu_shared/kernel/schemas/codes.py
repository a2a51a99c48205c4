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
from aksu_shared.kernel.personal_number import birth_date, is_valid_egn, is_valid_lnch
from aksu_shared.kernel.schemas.base import BadValue


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

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
"""One line of text, 1–300 characters."""

Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
"""A reason or description, 1–4,000 characters."""
