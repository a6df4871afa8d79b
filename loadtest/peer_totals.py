"""What a peer's job came to, from its committed results: peer_totals.py BROKERS PREFIX

Prints a JSON object: the sums over all scopes and minutes (the last word on each minute stands) and
the alerts that fired.
"""

import json
import sys

import confluent_kafka as ck

FIGURES = ("offered", "answered", "answered_20s", "abandoned", "handled", "handle_ms")


def records(brokers, topic):
    """(key, value) of each committed record, in the order of each partition."""
    consumer = ck.Consumer({"bootstrap.servers": brokers, "group.id": "peer-totals",
                            "enable.auto.commit": False, "isolation.level": "read_committed",
                            "auto.offset.reset": "earliest", "enable.partition.eof": True})
    places = [ck.TopicPartition(topic, p, 0)
              for p in consumer.list_topics(topic, timeout=20).topics[topic].partitions]
    consumer.assign(places)
    left = len(places)
    while left:
        message = consumer.poll(30)
        if message is None:
            sys.exit(f"{topic} could not be read to its end")
        if message.error() is None:
            yield message.key().decode(), message.value().decode()
        elif message.error().code() == ck.KafkaError._PARTITION_EOF:
            left -= 1
        else:
            sys.exit(message.error().str())
    consumer.close()


def main(brokers, prefix):
    minutes = dict(records(brokers, prefix + "minutes"))
    columns = zip(*([int(number) for number in value.split()] for value in minutes.values()))
    totals = dict(zip(FIGURES, map(sum, columns)))
    told = [value for _, value in records(brokers, prefix + "alerts")]
    totals["alerts"] = sum(value.startswith("FIRING") for value in told)
    print(json.dumps(totals))


if __name__ == "__main__":
    main(*sys.argv[1:])
