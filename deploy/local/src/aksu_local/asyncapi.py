"""The bus described as AsyncAPI 3.0: a channel per topic, a message per event type, who sends and who receives."""

import importlib
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

import yaml
from pydantic.json_schema import models_json_schema

from aksu_local.databases import SERVICES
from aksu_shared.bus.topics import Topic, declared_topics
from aksu_shared.events.base import Event, State
from aksu_shared.events.catalogue import CATALOGUE

_DAY_MS: Final = 86_400_000
_TEXT: Final = {"type": "string"}
_HEADERS: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "CloudEvents 1.0, binary content mode; the record's key is `ce_subject`, the aggregate's id.",
    "required": [
        *("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time"),
        *("ce_seq", "ce_position", "ce_epoch"),
    ],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": _TEXT | {"format": "uuid"},
        "ce_source": _TEXT | {"description": "/aksu/<service>"},
        "ce_type": _TEXT,
        "ce_subject": _TEXT,
        "ce_time": _TEXT | {"format": "date-time", "description": "legal time of the fact"},
        "ce_seq": _TEXT | {"description": "number of the change-log row, ascending per aggregate"},
        "ce_position": _TEXT | {"description": "gap-free position in the owner's change log"},
        "ce_epoch": _TEXT | {"description": "new when the owner's database was restored from a backup"},
        "ce_correlationid": _TEXT,
        "ce_traceparent": _TEXT | {"description": "W3C Trace Context"},
        "ce_actor": _TEXT | {"description": "pseudonymous id of who acted"},
    },
}


def asyncapi_yaml() -> str:
    """The document as YAML."""
    return yaml.safe_dump(asyncapi(), allow_unicode=True, sort_keys=False, width=120)


def asyncapi() -> dict[str, Any]:
    """The document."""
    facts: dict[str, list[type[Event[Any]]]] = {}
    for name in sorted(CATALOGUE):
        facts.setdefault(CATALOGUE[name].topic, []).append(CATALOGUE[name])
    topics = sorted(declared_topics(), key=lambda topic: topic.name)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Events of the platform",
            "version": version("aksu-shared"),
            "description": "Delivery is at least once, in version order per aggregate. Auto-creation of topics is off.",
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic, facts.get(topic.name, [])) for topic in topics},
        "operations": _sending(facts) | _receiving(),
        "components": {
            "messages": {fact.type: _message(fact) for of_topic in facts.values() for fact in of_topic},
            "schemas": _schemas(),
            "messageTraits": {"cloudEvent": {"headers": dict(_HEADERS)}},
        },
    }


def _schemas() -> dict[str, Any]:
    """The state of each aggregate, and the data of its events: the document leads nowhere outside itself."""
    states = sorted({fact.schema for fact in CATALOGUE.values()}, key=lambda schema: schema.__name__)
    _, described = models_json_schema(
        [(schema, "validation") for schema in states], ref_template="#/components/schemas/{model}"
    )
    return {**described["$defs"]} | {f"{schema.__name__}Told": _told(schema) for schema in states}


def _told(schema: type[State]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": f"one version of {schema.__name__}, and how it differs from the one before",
        "required": ["version", "state", "changed", "scope"],
        "properties": {
            "version": {"type": "integer"},
            "state": {"$ref": f"#/components/schemas/{schema.__name__}"},
            "changed": {"type": "object", "description": "field → [old value, new value]"},
            "scope": {"type": "array", "items": _TEXT, "description": "keys, one of which a reader must hold"},
        },
    }


def _channel(topic: Topic, facts: list[type[Event[Any]]]) -> dict[str, Any]:
    return {
        "address": topic.name,
        **({"description": topic.note} if topic.note else {}),
        "messages": {fact.type: {"$ref": f"#/components/messages/{fact.type}"} for fact in facts},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": topic.retention_days * _DAY_MS},
            }
        },
    }


def _message(fact: type[Event[Any]]) -> dict[str, Any]:
    return {
        "name": fact.type,
        "title": fact.__name__,
        "summary": (fact.__doc__ or "").strip(),
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": {"$ref": f"#/components/schemas/{fact.schema.__name__}Told"},
    }


def _sending(facts: Mapping[str, list[type[Event[Any]]]]) -> dict[str, Any]:
    return {
        f"{of_topic[0].owner}.send.{of_topic[0].aggregate}": {"action": "send", "channel": _reference(topic)}
        for topic, of_topic in sorted(facts.items())
    }


def _receiving() -> dict[str, Any]:
    operations = {}
    for service in SERVICES:
        heard: dict[str, list[str]] = {}
        for fact in _handled(service):
            of_aggregate = [name for name, each in CATALOGUE.items() if each.topic == fact.topic]
            heard.setdefault(fact.topic, []).extend([fact.type] if fact.type else of_aggregate)
        for topic, types in sorted(heard.items()):
            messages = [{"$ref": f"#/channels/{topic}/messages/{name}"} for name in sorted(types)]
            operation = {"action": "receive", "channel": _reference(topic), "messages": messages}
            operations[f"{service}.receive.{topic.removeprefix('aksu.').removesuffix('.v1')}"] = operation
    return operations


def _handled(service: str) -> list[type[Event[Any]]]:
    """The event classes in the service's table of handlers, some of which stand for all events of their aggregate."""
    return list(importlib.import_module(f"aksu_{service}.worker").PARTS.handlers)


def _reference(topic: str) -> dict[str, str]:
    return {"$ref": f"#/channels/{topic}"}
