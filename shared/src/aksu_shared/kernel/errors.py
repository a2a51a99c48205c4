"""Every failure a caller may expect, as one class with a stable code, a status and words in two languages.

Problem
├── Malformed            422  input that cannot be read; names each field
├── NotAuthenticated     401
│   └── TokenRevoked          the token was good until its holder's access was revoked
├── Forbidden            403  visible, but the right is missing
├── NotFound             404  absent or outside the caller's scope: the same bytes
├── RuleBroken           409  a rule of the domain says no; names its legal basis
│   ├── IllegalTransition     names the transitions that are legal now
│   └── NotParked             what was set aside is repaired, replayed or discarded once
├── ConcurrentWrite      409  another writer was faster: send it again
├── PreconditionFailed   412
├── TooLarge             413
│   └── EventTooLarge         an aggregate that outgrew what events carry
├── UnsupportedMedia     415
├── PreconditionRequired 428
├── TooManyRequests      429
└── Unavailable          503  with Retry-After
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Final, Literal

Language = Literal["bg", "en"]

MAX_ERRORS: Final = 50
"""Bad fields told of in one answer: nobody mends more at once, and a refusal stays as small as a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One bad field. `pointer` is an RFC 6901 JSON pointer into the body, or `?name` for a query parameter."""

    pointer: str
    code: str
    bg: str
    en: str
    legal_basis: str | None = None

    def render(self, language: Language) -> dict[str, str]:
        """The wire form: pointer, code, message and, where there is one, the legal basis."""
        body = {"pointer": self.pointer, "code": self.code, "message": self.bg if language == "bg" else self.en}
        return body | ({"legal_basis": self.legal_basis} if self.legal_basis else {})


class Problem(Exception):
    """An expected failure, rendered once as RFC 9457 `application/problem+json`.

    A subclass sets `status`, `code` and the two templates; keyword arguments fill the templates and
    travel in the answer as members of the problem. Of `errors` the first 50 are told; `untold` says how many bad fields
    there are besides `errors`.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    bg: ClassVar[str] = "Вътрешна грешка. Съобщете номера на заявката на оператора."
    en: ClassVar[str] = "Internal error. Give the operator the correlation id."
    legal_basis: ClassVar[str | None] = None

    def __init__(
        self,
        *,
        errors: Sequence[FieldError] = (),
        untold: int = 0,
        headers: Mapping[str, str] | None = None,
        **params: Any,  # noqa: ANN401 - members of the problem are any JSON value
    ) -> None:
        super().__init__(self.code)
        self.errors = tuple(errors[:MAX_ERRORS])
        self.more_errors = max(untold, 0) + len(errors) - len(self.errors)
        self.headers = dict(headers or {})
        self.params = params

    def message(self, language: Language) -> str:
        """The sentence for a person, with this occurrence's values filled in."""
        return (self.bg if language == "bg" else self.en).format(**self.params)

    def render(self, language: Language, *, instance: str | None = None) -> dict[str, Any]:
        """The problem document; `instance` is the correlation id of the request."""
        body: dict[str, Any] = {
            "type": f"urn:aksu:problem:{self.code}",
            "title": self.message(language),
            "status": self.status,
            "code": self.code,
        }
        if self.legal_basis:
            body["legal_basis"] = self.legal_basis
        if self.errors:
            body["errors"] = [error.render(language) for error in self.errors]
        if self.more_errors:
            body["more_errors"] = self.more_errors
        if instance:
            body["instance"] = f"urn:aksu:request:{instance}"
        return body | {name: value for name, value in self.params.items() if name not in body}

    def __str__(self) -> str:
        """English, for logs."""
        fields = "; ".join(f"{e.pointer}: {e.en}" for e in self.errors)
        return f"{self.code}: {self.message('en')}" + (f" ({fields})" if fields else "")


class Malformed(Problem):
    """Input that cannot be read as what the endpoint asks for."""

    status = 422
    code = "malformed"
    bg = "Заявката съдържа грешни данни."
    en = "The request holds invalid data."


class NotAuthenticated(Problem):
    """No token, or one that does not hold."""

    status = 401
    code = "not_authenticated"
    bg = "Нужен е валиден токен за достъп."
    en = "A valid access token is needed."


class TokenRevoked(NotAuthenticated):
    """The token holds, but the access of its subject was revoked after it was issued."""

    code = "token_revoked"
    bg = "Достъпът с този токен е отнет; влезте отново."
    en = "Access with this token was revoked; sign in again."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer realm="aksu", error="invalid_token"'})


class Forbidden(Problem):
    """The object is visible, the right is missing; `right` names it."""

    status = 403
    code = "forbidden"
    bg = "Липсва право „{right}“."
    en = "The right '{right}' is missing."


class NotFound(Problem):
    """Absent, or outside the caller's scope: nobody can tell which."""

    status = 404
    code = "not_found"
    bg = "Няма такъв обект."
    en = "There is no such object."


class RuleBroken(Problem):
    """A rule of the domain refuses the operation. The answer is stored under the idempotency key."""

    status = 409
    code = "rule_broken"
    bg = "Правило не позволява действието."
    en = "A rule does not allow the operation."


class IllegalTransition(RuleBroken):
    """`transition` is not possible from `state`; `legal` lists those that are."""

    code = "illegal_transition"
    bg = "От състояние „{state}“ не може „{transition}“. Възможни са: {legal}."
    en = "'{transition}' is not possible from state '{state}'. Possible: {legal}."


class NotParked(RuleBroken):
    """Only what is parked is repaired, replayed or discarded; what was ordered about it is carried out first."""

    code = "not_parked"
    bg = "Това не е задържано или вече се обработва (състояние {state})."
    en = "This is not parked, or what was ordered about it is being carried out (state {state})."


class ConcurrentWrite(Problem):
    """Another request wrote the same thing at the same moment. Nothing was stored; the same key may be sent again."""

    status = 409
    code = "concurrent_write"
    bg = "Друга заявка записа същото в същия миг; опитайте отново."
    en = "Another request wrote the same at the same moment; try again."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class PreconditionFailed(Problem):
    """`If-Match` names a version that is no longer current."""

    status = 412
    code = "version_conflict"
    bg = "Обектът е променен междувременно (текуща версия {version})."
    en = "The object has changed meanwhile (current version {version})."


class TooLarge(Problem):
    """More bytes than the route takes."""

    status = 413
    code = "too_large"
    bg = "Тялото е по-голямо от позволените {limit} байта."
    en = "The body is larger than the {limit} bytes allowed."


class EventTooLarge(TooLarge):
    """The aggregate with this change is larger than an event may be; refused before anything is written."""

    code = "event_too_large"
    bg = "Обектът с тази промяна е по-голям от позволените {limit} байта. Съкратете текстовете."
    en = "The object with this change is larger than the {limit} bytes allowed. Shorten its texts."


class UnsupportedMedia(Problem):
    """A media type the route does not read."""

    status = 415
    code = "unsupported_media_type"
    bg = "Видът на съдържанието не се приема. Приемат се: {accepted}."
    en = "The media type is not accepted. Accepted: {accepted}."


class PreconditionRequired(Problem):
    """A needed header (`If-Match`, `Idempotency-Key`) is missing; `header` names it."""

    status = 428
    code = "precondition_required"
    bg = "Заявката трябва да носи заглавие {header}."
    en = "The request must carry the header {header}."


class TooManyRequests(Problem):
    """The caller's rate is used up."""

    status = 429
    code = "too_many_requests"
    bg = "Твърде много заявки; опитайте след {retry_after} s."
    en = "Too many requests; try again in {retry_after} s."

    def __init__(self, *, retry_after: int = 1) -> None:
        super().__init__(retry_after=retry_after, headers={"Retry-After": str(retry_after)})


class Unavailable(Problem):
    """The service cannot answer now; the request had no effect or may be repeated with the same key."""

    status = 503
    code = "unavailable"
    bg = "Услугата е временно недостъпна; опитайте след {retry_after} s."
    en = "The service is temporarily unavailable; try again in {retry_after} s."

    def __init__(self, *, retry_after: int = 1, **params: Any) -> None:  # noqa: ANN401 - members of the problem
        super().__init__(retry_after=retry_after, headers={"Retry-After": str(retry_after)}, **params)


@dataclass(frozen=True, slots=True)
class Text:
    """One label in both languages."""

    bg: str
    en: str

    def as_dict(self) -> dict[str, str]:
        """`{"bg": …, "en": …}`."""
        return asdict(self)
