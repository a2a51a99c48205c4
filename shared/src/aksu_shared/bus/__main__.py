"""The job that creates the declared topics: `python -m aksu_shared.bus URL [--replication 3]`."""

import argparse
import asyncio

from aksu_shared.bus.creation import create_topics

parser = argparse.ArgumentParser(prog="python -m aksu_shared.bus", description=__doc__)
parser.add_argument("url", help="kafka://host:port[,host:port] or postgresql://…/bus")
parser.add_argument("--replication", type=int, default=1, help="replicas of each topic on Kafka; 3 in production")
arguments = parser.parse_args()
asyncio.run(create_topics(arguments.url, replication=arguments.replication))
