"""How a route learns who calls, and how it declares the right it needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Request, params
from starlette.types import Scope

from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import ANONYMOUS, Principal
from aksu_shared.auth.pseudonym import Pseudonyms
from aksu_shared.auth.tokens import InvalidToken, TokenVerifier
from aksu_shared.db.read_log import Reading, set_reading
from aksu_shared.kernel.masking import shown_query

_PRINCIPAL: Final = "aksu.principal"
PURPOSE: Final = b"aksu-purpose"
"""Header in which a caller says what it reads restricted data for: number of a case, a legal ground."""
MAX_PURPOSE: Final = 300


class Access:
    """The door of one application: bearer token to principal, principal to right. Kept in `app.state.access`."""

    def __init__(self, verifier: TokenVerifier, rights: Rights) -> None:
        self.rights = rights
        self.pseudonyms = verifier.pseudonyms
        self._verifier = verifier

    async def authenticate(self, scope: Scope) -> Principal:
        """The caller of this request: `ANONYMOUS` without an Authorization header. Raises InvalidToken, Unavailable."""
        known: Principal | None = scope.get(_PRINCIPAL)
        if known is not None:
            return known
        token = _bearer(scope["headers"])
        if token is None:
            principal = ANONYMOUS
        else:
            principal = self._verifier.cached(token) or await self._verifier.principal(token)
        scope[_PRINCIPAL] = principal
        return principal

    def recognise(self, scope: Scope) -> Principal | None:
        """The caller whose token was verified before; None for everybody else, at no cost and without a reason."""
        try:
            token = _bearer(scope["headers"])
        except InvalidToken:
            return None  # `authenticate` says so, to whom may still ask
        principal = None if token is None else self._verifier.cached(token)
        if principal is not None:
            scope[_PRINCIPAL] = principal
        return principal

    async def admit(self, scope: Scope, actions: Iterable[str]) -> Principal:
        """The caller, who holds each of `actions` in some relation. Raises Forbidden, NotAuthenticated too.

        Whether the relation to the object in question is the right one, `Rights.check` says where the object is known.
        """
        principal = await self.authenticate(scope)
        recorded = None
        for action in actions:
            if not self.rights.granted(principal, action):
                raise self.rights.refusal(principal, action)
            if action in self.rights.recorded and not principal.anonymous:
                recorded = _reading(scope, principal, action)
        set_reading(recorded)
        return principal


def _reading(scope: Scope, principal: Principal, action: str) -> Reading:
    query = scope["query_string"].decode("latin-1")
    stated = next((value for name, value in scope["headers"] if name == PURPOSE), b"")
    purpose = stated.decode("utf-8", "replace").replace("\0", "")[:MAX_PURPOSE]
    return Reading(
        actor=principal.subject,
        roles=sorted(role.value for role in principal.roles),
        body=principal.body,
        action=action,
        request=scope["path"] + (f"?{shown_query(query)}" if query else ""),
        purpose=purpose or None,
    )


def _bearer(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    found: bytes | None = None
    for name, value in headers:
        if name == b"authorization":
            scheme, _, token = value.strip().partition(b" ")
            if scheme.lower() != b"bearer" or not token.strip() or found is not None:
                raise InvalidToken("one bearer token is expected")
            found = token.strip()
    return found


def known_principal(scope: Scope) -> Principal | None:
    """The caller of a request, as far as it is known already; None before its token was looked at."""
    known: Principal | None = scope.get(_PRINCIPAL)
    return known


async def current_principal(request: Request) -> Principal:
    """Dependency: who calls; `ANONYMOUS` without a token."""
    known: Principal | None = request.scope.get(_PRINCIPAL)
    if known is not None:
        return known
    access: Access = request.app.state.access
    return await access.authenticate(request.scope)


async def current_rights(request: Request) -> Rights:
    """Dependency: the table of rights."""
    access: Access = request.app.state.access
    return access.rights


async def current_pseudonyms(request: Request) -> Pseudonyms:
    """Dependency: what turns a token's `sub` into the pseudonym of its holder."""
    access: Access = request.app.state.access
    return access.pseudonyms


PrincipalDep = Annotated[Principal, Depends(current_principal)]
RightsDep = Annotated[Rights, Depends(current_rights)]
PseudonymsDep = Annotated[Pseudonyms, Depends(current_pseudonyms)]


@dataclass(frozen=True)
class Right(params.Depends):
    """The mark that `requires` leaves on a route; `StrictRoute` reads it before anything of the request is read."""

    action: str = ""


def requires(action: str) -> Any:  # noqa: ANN401 - like fastapi.Depends
    """Declare the right a route needs: `dependencies=[requires("registry.service.create")]`."""

    async def enforce(request: Request) -> None:
        access: Access = request.app.state.access
        await access.admit(request.scope, (action,))

    return Right(dependency=enforce, action=action)
