"""Ends clients of aiokafka that do not end by themselves: no public name gives them up."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

_ASK_AGAIN = 0.5
"""Seconds after which a sender that has not ended is told so again."""


async def give_up(producer: AIOKafkaProducer) -> None:
    """End a producer without sending what it still holds.

    `stop()` would first flush, for ever when the broker is away; and once that is given up its sender lives on, to
    deliver old records behind our back when the broker returns. So the sender is ended from inside.
    """
    producer._closed = True  # noqa: SLF001 - or it would complain that it was never stopped
    sender = producer._sender.sender_task  # noqa: SLF001
    if sender is not None:
        sender.cancel()
        await producer.client.close()
        # The sender waits for its requests, and they may wait for metadata that will never come: hence again.
        while not sender.done():
            await asyncio.wait([sender], timeout=_ASK_AGAIN)
            sender.cancel()
    # Again: a request in hand may have connected anew meanwhile.
    await producer.client.close()


async def hang_up(consumer: AIOKafkaConsumer) -> None:
    """Close the connections of a consumer whose `stop()` has failed: called a second time, `stop()` does nothing."""
    await consumer._client.close()  # noqa: SLF001
