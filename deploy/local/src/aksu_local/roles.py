"""The roles people try the platform with, each with the body it acts for unless another is named."""

from collections.abc import Mapping
from typing import Final

MAIN_ROLES: Final[Mapping[str, str]] = {
    "inspector": "AKSU",
    "licensing_officer": "AKSU",
    "executive_director": "AKSU",
    "aksu_analyst": "AKSU",
    "oblast_officer": "OBLAST:BLG",
    "mayor": "MUNICIPALITY:BLG03",
    "municipality_officer": "MUNICIPALITY:BLG03",
    "operator": "AKSU",
}
DEFAULT_BODIES: Final[Mapping[str, str]] = {
    **MAIN_ROLES,
    "ministry_reader": "MLSP",
    "body_officer": "RDSP:BLG",
    "data_protection_officer": "AKSU",
}
