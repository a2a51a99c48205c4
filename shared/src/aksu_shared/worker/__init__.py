"""The worker of a service: what moves its change log to the bus, applies other services' events and fires deadlines."""
