"""`GET /v1/me`: who the caller is here, what it may do, and what it may make: what a front end builds its menu from."""

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from aksu_shared.auth.dependencies import PrincipalDep, RightsDep, requires
from aksu_shared.auth.permissions import Relation, Rights
from aksu_shared.auth.principal import Principal, parse_body
from aksu_shared.kernel.errors import TokenRevoked
from aksu_shared.kernel.schemas.base import Resource
from aksu_shared.serving.problems import problems
from aksu_shared.web.reads import NO_STORE
from aksu_shared.web.routing import Router, StrictRoute

router = Router(tags=["me"])


class RoleHeld(Resource):
    """A role of the token. `counts`: whether the token's body is of a kind for which the role counts."""

    id: str
    bg: str
    en: str
    counts: bool


class RightHeld(Resource):
    """A right, in which relations the caller has it, and the article that gives it."""

    right: str
    relations: list[Relation]
    legal_basis: str | None


class MayMake(Resource):
    """An operation that makes something new, which the caller may use on some objects at least."""

    operation: str = Field(description="operationId in the API's description")
    path: str
    right: str


class Me(Resource):
    """The caller as this service sees it; rights in some relation only depend on the object."""

    anonymous: bool
    body: str | None
    body_kind: str | None
    territory: str | None = Field(description="code of the body's territory; BG for the nation")
    roles: list[RoleHeld]
    rights: list[RightHeld]
    may_create: list[MayMake]


@router.get("/me", response_model=Me, responses=problems(TokenRevoked), dependencies=[requires("platform.me.read")])
async def read_me(request: Request, principal: PrincipalDep, rights: RightsDep) -> Response:
    """The caller's body, roles and rights in this service, and what it may make."""
    await request.app.state.api.reads.admit(",".join(principal.scope_keys))  # a revoked token is told so here too
    routes = [route for route in request.app.router.routes if isinstance(route, StrictRoute)]
    body = parse_body(principal.body) if principal.body else None
    known = {right for route in routes for right in route.rights}
    shown = Me(
        anonymous=principal.anonymous,
        body=principal.body,
        body_kind=body.kind if body else None,
        territory=body.territory if body else None,
        roles=_roles(principal, rights),
        rights=[
            RightHeld(right=right, relations=sorted(relations), legal_basis=rights.basis.get(right))
            for right in sorted(known)
            if (relations := rights.granted(principal, right))
        ],
        may_create=[
            MayMake(operation=str(route.operation_id), path=route.path, right=route.rights[0])
            for route in routes
            if _makes(route) and all(rights.granted(principal, right) for right in route.rights)
        ],
    )
    return Response(shown.model_dump_json(), media_type="application/json", headers=NO_STORE)


def _roles(principal: Principal, rights: Rights) -> list[RoleHeld]:
    kind = parse_body(principal.body).kind if principal.body else None
    held = sorted(principal.roles, key=lambda role: role.value)
    rules = {role: rights.roles[role] for role in held}
    return [
        RoleHeld(id=role.value, bg=rule.text.bg, en=rule.text.en, counts=not rule.kinds or kind in rule.kinds)
        for role, rule in rules.items()
    ]


def _makes(route: StrictRoute) -> bool:
    """Whether the route's success is a new thing: 201 to a POST that names no object yet."""
    return route.status_code == 201 and "{" not in route.path  # noqa: PLR2004 - Created
