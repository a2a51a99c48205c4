"""By what a place is known."""

from aksu_shared.kernel.address import place_key


def address_key(municipality: str, settlement: str, address: str) -> str:
    """The folded address by which a place is known."""
    return "|".join(place_key(municipality=municipality, settlement=settlement, address=address, eik=""))
