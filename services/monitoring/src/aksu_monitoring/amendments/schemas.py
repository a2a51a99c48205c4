"""The wire of confirming whom an inspection concerns."""

from typing import Annotated

from pydantic import AfterValidator, Field

from aksu_shared.auth.principal import parse_body
from aksu_shared.kernel.schemas.base import BadValue, Body
from aksu_shared.kernel.schemas.codes import Note


def _provides(value: str) -> str:
    try:
        kind = parse_body(value).kind
    except ValueError:
        kind = ""
    if kind not in {"PROVIDER", "MUNICIPALITY"}:
        raise BadValue(
            "unknown_body",
            bg="Доставчик на социални услуги е община (MUNICIPALITY:…) или лице с ЕИК (PROVIDER:…).",
            en="A provider of social services is a municipality (MUNICIPALITY:…) or has an ЕИК (PROVIDER:…).",
        )
    return value


class ProviderConfirmation(Body):
    """Who provides the service that was inspected, and what shows it."""

    provider_body: Annotated[str, Field(max_length=40, examples=["PROVIDER:130007884"]), AfterValidator(_provides)]
    reason: Note
