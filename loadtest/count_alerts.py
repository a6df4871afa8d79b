"""Counts the alert transitions that were committed: count_alerts.py BROKERS REGISTRY TOPIC_PREFIX

Prints a JSON object: transitions, episodes, and how many of the FIRING ones are marked late.
"""

import json
import sys
from pathlib import Path

import confluent_kafka as ck

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/integration"))
from records import Registry  # noqa: E402

TOPICS = ("alerts.sla", "alerts.demand", "alerts.quality", "alerts.operations")


def values(brokers, topics):
    consumer = ck.Consumer({"bootstrap.servers": brokers, "group.id": "count-alerts",
                            "enable.auto.commit": False, "isolation.level": "read_committed",
                            "auto.offset.reset": "earliest", "enable.partition.eof": True})
    known = consumer.list_topics(timeout=20).topics
    places = [ck.TopicPartition(topic, p, 0) for topic in topics if topic in known
              for p in known[topic].partitions]
    consumer.assign(places)
    left = len(places)
    while left:
        message = consumer.poll(30)
        if message is None:
            sys.exit("the alerts could not be read to their end")
        if message.error() is None:
            yield message.value()
        elif message.error().code() == ck.KafkaError._PARTITION_EOF:
            left -= 1
        else:
            sys.exit(message.error().str())
    consumer.close()


def main(brokers, url, prefix):
    registry = Registry(url)
    counts = {"alerts": 0, "episodes": 0, "late_episodes": 0}
    for value in values(brokers, [prefix + topic for topic in TOPICS]):
        alert = registry.decode(value)
        counts["alerts"] += 1
        if alert["transition"] == "FIRING":
            counts["episodes"] += 1
            counts["late_episodes"] += alert["late"]
    print(json.dumps(counts))


if __name__ == "__main__":
    main(*sys.argv[1:])
