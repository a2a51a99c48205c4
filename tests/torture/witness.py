"""What handlers were really given, written in the very transaction of their effect.

Projections hide a second application of an event: they keep the newest version. So each call of a handler leaves a row
per event here, and one applied twice, or out of order, is seen. A handler fails or hangs on purpose when told to.
"""

import asyncio
from collections.abc import Sequence
from functools import wraps
from typing import Any, Final

from aksu_shared.db.work import UnitOfWork
from aksu_shared.worker.routing import Handler, Handlers

RAISES: Final = "TORTURE-RAISE"
HANGS: Final = "TORTURE-HANG"

DDL: Final = """
CREATE TABLE IF NOT EXISTS torture_effect (
  n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id uuid NOT NULL, topic text NOT NULL, aggregate_id text NOT NULL, version int NOT NULL);
GRANT SELECT, INSERT ON torture_effect TO {service}_worker;
CREATE OR REPLACE FUNCTION torture_slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF random() < 0.1 THEN PERFORM pg_sleep(random() * 0.05); END IF;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS torture_slow ON idempotency;
CREATE CONSTRAINT TRIGGER torture_slow AFTER INSERT ON idempotency DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION torture_slow()"""
"""The witness's table; and one commit in ten is slow: its change-log rows are numbered, and visible only later."""
_SAW: Final = """
INSERT INTO torture_effect (event_id, topic, aggregate_id, version)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[])"""


def watched(handlers: Handlers) -> Handlers:
    """The same handlers with a witness; one function stays one function, so that batches are cut the same way."""
    known: dict[Handler, Handler] = {}
    return {fact: known.setdefault(handler, _watched(handler)) for fact, handler in handlers.items()}


def _watched(handler: Handler) -> Handler:
    @wraps(handler)
    async def call(work: UnitOfWork, events: Sequence[Any]) -> None:
        await _misbehave(events)
        await handler(work, events)
        await work.connection.execute(
            _SAW,
            [event.meta.id for event in events],
            [event.topic for event in events],
            [event.id for event in events],
            [event.version for event in events],
        )

    return call


async def _misbehave(events: Sequence[Any]) -> None:
    for event in events:
        name = getattr(event.state, "name", None) or ""
        if RAISES in name:
            raise ValueError("told to fail")
        if HANGS in name:
            await asyncio.Event().wait()
