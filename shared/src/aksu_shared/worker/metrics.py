"""What a worker counts, for Prometheus."""

from typing import Final

from prometheus_client import Counter, Gauge

RECORDS: Final = Counter("aksu_consumer_records", "Records by outcome: events, repeated, parked", ["outcome"])
LAG: Final = Gauge("aksu_consumer_lag", "Records not yet fetched", ["topic", "partition"])
POSITION: Final = Gauge("aksu_log_position", "Position of the newest sequenced change-log row")
HELD: Final = Gauge("aksu_log_held", "Change-log rows that get no position because their MAC does not hold")
SHIPPED: Final = Gauge("aksu_log_shipped", "Position of the newest row acknowledged by the bus")
FIRED: Final = Counter("aksu_deadlines", "Deadlines by outcome: fired, failed", ["outcome"])
DIFFERING: Final = Gauge("aksu_copies_differing", "Rows of copies that differ from their owners, as last compared")
PARKED: Final = Gauge("aksu_dead_letters_parked", "Dead letters neither replayed nor discarded")
