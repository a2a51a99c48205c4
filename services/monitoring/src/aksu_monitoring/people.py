"""What is shown of somebody of whom a row tells."""

from typing import Self
from uuid import UUID

from pydantic import AwareDatetime

from aksu_shared.kernel.schemas.base import Resource
from aksu_shared.privacy.people import Known


class PersonRead(Resource):
    """Somebody: fields are null once erased, and while processing is restricted but for the case that needs them."""

    subject_id: UUID
    recorded_at: AwareDatetime
    erased: bool
    restricted: bool

    @classmethod
    def known(cls, person: Known) -> Self:
        """What the caller may see of them."""
        given = {name: value for name, value in person.texts.items() if name in cls.model_fields}
        marks = {name: getattr(person, name) for name in ("subject_id", "recorded_at", "erased", "restricted")}
        return cls.model_validate(given | marks)
