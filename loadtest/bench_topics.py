"""Before a contender's turn: nothing of the turns before is left on the broker but the input.

bench_topics.py BROKERS INPUT PARTITIONS [TOPIC...]: removes every other topic, then makes those
that are named. Consumer groups stay: each turn has one of its own.
"""

import sys
import time

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

WAIT_S = 60
KEPT = {"retention.ms": "-1"}  # records bear the time of a past day


def ours(admin):
    names = admin.list_topics(timeout=WAIT_S).topics
    return [name for name in names if not name.startswith("__")]


def remove(admin, keep):
    gone = [name for name in ours(admin) if name != keep]
    for done in (admin.delete_topics(gone, request_timeout=WAIT_S) if gone else {}).values():
        done.result()
    until = time.monotonic() + WAIT_S
    while ours(admin) != [keep]:
        if time.monotonic() > until:
            sys.exit(f"topics stay: {ours(admin)}")
        time.sleep(0.1)


def main(brokers, keep, partitions, *wanted):
    admin = AdminClient({"bootstrap.servers": brokers})
    try:
        remove(admin, keep)
        new = [NewTopic(name, num_partitions=int(partitions), config=KEPT) for name in wanted]
        for done in (admin.create_topics(new) if new else {}).values():
            done.result()
    except KafkaException as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
