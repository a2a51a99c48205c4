"""Documents as they are sent and shown."""

from dataclasses import dataclass
from uuid import UUID

from pydantic import AwareDatetime, Field

from aksu_shared.kernel.schemas.base import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A document as it was sent: its type was checked by its content, its name is one of a file and nothing else."""

    kind: str
    media_type: str
    name: str
    content: bytes


class DocumentRead(Resource):
    """A document of an application. `subject_id` and `name` only to who may open it; null once it was erased."""

    id: UUID
    application_id: UUID
    kind: str
    media_type: str
    size: int = Field(description="bytes")
    sha256: str
    attached_at: AwareDatetime
    version: int
    subject_id: UUID | None = Field(description="under which the rights of people are exercised: /v1/subjects/{id}/…")
    name: str | None
    erased: bool
    restricted: bool
