"""Scope keys of rows: who, by territory or body, may see them. Callers' keys are in `aksu_shared.auth.principal`."""

from aksu_shared.events.base import Scope

NATION = "BG"
PUBLIC = "public"


def row_scope(municipality: str | None, *bodies: str | None, public: bool) -> Scope:
    """Keys of a row: the nation, oblast and municipality, each party's body, and `public` if anybody may see it.

    A municipality's code begins with the three letters of its oblast.
    """
    keys = [PUBLIC] if public else []
    keys.append(NATION)
    if municipality:
        keys += [municipality[:3], municipality]
    keys += [f"b:{body}" for body in dict.fromkeys(bodies) if body]
    return tuple(keys)
