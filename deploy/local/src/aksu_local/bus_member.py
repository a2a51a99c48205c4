"""A group member in a process of its own, for tests that stop or kill it.

Usage: python -m aksu_local.bus_member BUS_URL CURSORS_URL GROUP TOPIC commit|keep
Prints `joined` after a first fetch (of a topic still empty), then `key value` per record delivered. SIGTERM makes it
leave in good order.
"""

import asyncio
import signal
import sys

import asyncpg

from aksu_shared.bus import connect
from aksu_shared.kernel.logging import configure_logging


async def main(url: str, cursors_url: str, group: str, topic: str, mode: str) -> None:
    """Consume until told to leave."""
    configure_logging(level="WARNING")
    leaving = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leaving.set)
    async with (
        asyncpg.create_pool(cursors_url, min_size=1, max_size=2) as cursors,
        connect(url, cursors=cursors) as bus,
        bus.consumer(group, [topic]) as consumer,
    ):
        await consumer.fetch(max_records=1, wait=0)
        print("joined", flush=True)
        while not leaving.is_set():
            for record in await consumer.fetch(max_records=100, wait=0.1):
                print(record.key, record.value.decode(), flush=True)
                if mode == "commit":
                    await consumer.commit({(record.topic, record.partition): record.offset + 1})


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
