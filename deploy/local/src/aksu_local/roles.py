"""The roles people try the platform with, each with the body it acts for unless another is named."""

from collections.abc import Mapping
from typing import Final

MAIN_ROLES: Final[Mapping[str, str | None]] = {
    "provider": "PROVIDER:481512037",  # one of the sample register
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
