"""The roles people try the platform with, each with the body it acts for unless another is named."""

from collections.abc import Mapping
from typing import Final

from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import NATION, Role, parse_body
from aksu_shared.kernel import territory

MAIN_ROLES: Final[Mapping[str, str | None]] = {
    "inspector": "AKSU",
    "licensing_officer": "AKSU",
    "executive_director": "AKSU",
    "aksu_analyst": "AKSU",
    "oblast_officer": "OBLAST:BLG",
    "municipality_officer": "MUNICIPALITY:BLG03",
    "operator": "AKSU",
    "integration": None,
}
DEFAULT_BODIES: Final[Mapping[str, str | None]] = {
    **MAIN_ROLES,
    "ministry_reader": "MLSP",
    "body_officer": "RDSP:BLG",
    "data_protection_officer": "AKSU",
}


def check_body(role: str, body: str | None) -> None:
    """Raise ValueError unless the role counts for the body, and the body's territory is one there is."""
    rule = Rights.load().roles[Role(role)]
    if not rule.kinds:
        return
    if body is None:
        raise ValueError(
            f"{role} acts for a body: BODY=<one of kind {', '.join(sorted(rule.kinds))}>, see docs/rights.md"
        )
    parsed = parse_body(body)
    if parsed.kind not in rule.kinds:
        raise ValueError(f"{role} does not count for {body}: only for a body of kind {', '.join(sorted(rule.kinds))}")
    if parsed.territory is not None and parsed.territory != NATION and parsed.territory not in territory.load():
        raise ValueError(f"there is no territory {parsed.territory}")
