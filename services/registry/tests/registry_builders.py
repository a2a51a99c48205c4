"""Bodies of requests, complete and right; a test changes what it is about."""

from typing import Any

EIK = "130007884"
OFFICER: dict[str, Any] = {"role": "licensing_officer", "body": "AKSU"}
MAYOR: dict[str, Any] = {"role": "mayor", "body": "MUNICIPALITY:BLG03"}
CLERK: dict[str, Any] = {"role": "municipality_officer", "body": "MUNICIPALITY:BLG03"}


def provider(**changes: Any) -> dict[str, Any]:
    return {
        "eik": EIK,
        "name": "Примерна фондация Надежда",
        "legal_form": "NGO",
        "seat_municipality": "BLG03",
        "seat_address": "гр. Благоевград, ул. Примерна 1",
    } | changes


def service(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Дом за стари хора",
        "kind": "HOME_ELDERLY",
        "target_groups": ["ELDERLY"],
        "financing": "STATE_DELEGATED",
        "management": "SELF_PROVIDED",
        "capacity": 40,
        "municipality": "BLG03",
        "settlement": "гр. Благоевград",
        "address": "ул. Примерна 2",
        "responsible_provider": {"municipality": "BLG03"},
    } | changes
