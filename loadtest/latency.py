"""Listens to the item and objective alerts, then says how long each took.

    latency.py BROKERS REGISTRY PREFIX SECONDS WARM_UP_SECONDS GRACE_MS

Listens for so long as a read_committed consumer; what comes within the warm-up is left out. Prints
a JSON object; of each of these how many, p50, p99, p99.9 and the most, in ms:

    deadline   from an item's deadline plus grace (or that of its warning) to the alert in hand
    event      from the log time of the event that ends an item's alert to its end in hand
    objective  from the step at which an objective's condition was met to the alert in hand
    sites      from when the simulated sites were to send such an event to its log time

The first and the third begin with what should have happened when, whatever was sent when: a load
that falls behind makes them longer. `sites` says by how much it did, which `event` has not in it.
"""

import json
import math
import sys
import time
from pathlib import Path

import confluent_kafka as ck

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/integration"))
from records import Registry  # noqa: E402

ITEM = ("ITEM_AT_RISK", "ITEM_BREACH")
EARLIER_MS = 5000  # than the end of the warm-up: what is heard of then was written before


def consumer_of(brokers):
    return ck.Consumer({"bootstrap.servers": brokers, "group.id": "latency",
                        "enable.auto.commit": False, "isolation.level": "read_committed",
                        "auto.offset.reset": "earliest", "enable.partition.eof": True,
                        "fetch.wait.max.ms": 100})


def places_of(consumer, topic, offset):
    known = consumer.list_topics(topic, timeout=20).topics[topic].partitions
    return [ck.TopicPartition(topic, place, offset) for place in known]


def listen(brokers, topic, seconds, warm_up):
    """[(wall clock in ms at which it was in hand, value)], from the end of the topic on."""
    consumer, received = consumer_of(brokers), []
    consumer.assign(places_of(consumer, topic, ck.OFFSET_END))
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        for message in consumer.consume(1000, 0.001):
            if message.error() is None and time.monotonic() >= began + warm_up:
                received.append((time.time() * 1000, message.value()))
    consumer.close()
    return received


def log_times(brokers, topic, registry, wanted, from_ms):
    """{(interaction, event time): log time} of the wanted interactions' events since then."""
    consumer, found, at_end = consumer_of(brokers), {}, set()
    places = consumer.offsets_for_times(places_of(consumer, topic, int(from_ms)), timeout=20)
    consumer.assign(places)
    while len(at_end) < len(places):
        for message in consumer.consume(10000, 0.1):
            if message.error() is not None:
                at_end.add(message.partition())
            elif message.key() in wanted:
                event = registry.decode(message.value())
                found[event["interaction_id"], event["event_at"]] = message.timestamp()[1]
    consumer.close()
    return found


def quantiles(values):
    values = sorted(values)
    if not values:
        return {"count": 0}
    at = {f"p{q}": values[math.ceil(q / 100 * len(values)) - 1] for q in (50, 99, 99.9)}
    return {"count": len(values)} | {name: round(ms) for name, ms in at.items()} | \
        {"max": round(values[-1])}


def main(brokers, url, prefix, seconds, warm_up, grace_ms):
    registry, grace_ms = Registry(url), float(grace_ms)
    listened = listen(brokers, prefix + "alerts.sla", float(seconds), float(warm_up))
    received = [(at, registry.decode(value)) for at, value in listened]
    ended = [(at, (alert["interaction_id"], alert["resolved_at"])) for at, alert in received
             if alert["kind"] in ITEM and alert["transition"] == "RESOLVED"]
    firing = [(at, alert) for at, alert in received if alert["transition"] == "FIRING"]
    logged = log_times(brokers, prefix + "interactions", registry,
                       {cause[0].encode() for _, cause in ended},
                       min((at for at, _ in received), default=0) - EARLIER_MS) if ended else {}
    print(json.dumps({
        "deadline": quantiles([at - alert["condition_at"] - grace_ms for at, alert in firing
                               if alert["kind"] in ITEM]),
        "event": quantiles([at - logged[cause] for at, cause in ended if cause in logged]),
        "objective": quantiles([at - alert["condition_at"] for at, alert in firing
                                if alert["kind"] == "OBJECTIVE_BREACH"]),
        "sites": quantiles([logged[cause] - cause[1] for _, cause in ended if cause in logged])}))


if __name__ == "__main__":
    main(*sys.argv[1:])
