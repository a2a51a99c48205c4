"""Clients of aiokafka are given up from inside; whether a broker then hears no more is tested on a real one."""

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient

from aksu_shared.pinned.kafka import give_up, hang_up

NOBODY = "127.0.0.1:1"


async def test_a_producer_is_closed_and_has_a_sender_with_a_task() -> None:
    producer = AIOKafkaProducer(bootstrap_servers=NOBODY, enable_idempotence=True)
    assert producer._closed is False
    assert producer._sender.sender_task is None  # only a producer that was started has one
    assert isinstance(type(producer._sender).sender_task, property)
    assert isinstance(producer.client, AIOKafkaClient)
    await give_up(producer)
    assert producer._closed is True
    await producer.stop()  # which does nothing any more


async def test_a_consumer_has_a_client_of_its_own() -> None:
    consumer = AIOKafkaConsumer("topic", bootstrap_servers=NOBODY)
    assert isinstance(consumer._client, AIOKafkaClient)
    await hang_up(consumer)
    await consumer.stop()
