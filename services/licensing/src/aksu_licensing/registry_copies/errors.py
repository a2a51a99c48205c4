"""What is refused for lack of news from the registry."""

from aksu_shared.kernel.errors import Problem


class ServiceNotKnown(Problem):
    """Licensing has not heard of the service (yet). Not stored under the idempotency key: the same call may succeed."""

    status = 409
    code = "service_not_known"
    bg = "Услуга {service_id} още не е известна на лицензирането. Ако току-що е вписана в регистъра, опитайте пак."
    en = "Licensing does not know service {service_id} yet. If it was registered just now, try again."

    def __init__(self, *, service_id: str = "") -> None:
        super().__init__(service_id=service_id, headers={"Retry-After": "1"})
