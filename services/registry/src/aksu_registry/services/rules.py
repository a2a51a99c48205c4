"""What a service is, however its name is typed: two active ones that agree in this are one."""

from hashlib import blake2b

from aksu_shared.events.registry import ServiceState
from aksu_shared.register.identity import service_key


def service_identity(state: ServiceState) -> str:
    """A digest of who runs it, where, which kind, under what name and for whom: 32 hexadecimal digits."""
    runs = state.operator_body or state.provider_body
    place = (str(state.place_id), "", "")
    key = service_key(eik=runs, place=place, kind=state.kind, name=state.name, target_groups=state.target_groups)
    return blake2b("\x1f".join(key).encode(), digest_size=16).hexdigest()
