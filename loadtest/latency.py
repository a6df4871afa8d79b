"""Listens to the item and objective alerts; then, of what it heard, says how long each took.

    latency.py listen BROKERS PREFIX HEARD SECONDS
    latency.py figures BROKERS REGISTRY PREFIX HEARD WARM_UP_SECONDS GRACE_MS

Listens as a read_committed consumer for so long and AFTER_S longer, and leaves what it heard in
the file HEARD. The load can end there: alerts are decoded and the log is read for causes at full
speed. What counts has its cause in the first SECONDS and after the warm-up, whenever it came: the
slowest are among it. Prints a JSON object; of each of these how many, p50, p99, p99.9 and the
most, in ms:

    deadline   from an item's deadline plus grace (or that of its warning) to the alert in hand
    event      from the log time of the event that ends an item's alert to its end in hand
    objective  from the step at which an objective's condition was met to the alert in hand
    sites      from when the simulated sites were to send such an event to its log time

The first and the third begin with what should have happened when, whatever was sent when: a load
that falls behind makes them longer. `sites` says by how much it did, which `event` has not in it.
Beside them `not_found`, how many ends of alerts have an event that was not in the log, and
`came_per_s`, by how many records a second the log grew meanwhile.
"""

import json
import math
import pickle
import sys
import time
from pathlib import Path

import confluent_kafka as ck

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/integration"))
from records import Registry  # noqa: E402

ITEM = ("ITEM_AT_RISK", "ITEM_BREACH")
AFTER_S = 30  # for what was caused within the time and is slow


def consumer_of(brokers):
    return ck.Consumer({"bootstrap.servers": brokers, "group.id": "latency",
                        "enable.auto.commit": False, "isolation.level": "read_committed",
                        "auto.offset.reset": "earliest", "enable.partition.eof": True,
                        "fetch.wait.max.ms": 100})


def places_of(consumer, topic, offset):
    known = consumer.list_topics(topic, timeout=20).topics[topic].partitions
    return [ck.TopicPartition(topic, place, offset) for place in known]


def end_of(consumer, topic):
    """How many records there are up to now, over all partitions."""
    return sum(consumer.get_watermark_offsets(place, timeout=20)[1]
               for place in places_of(consumer, topic, ck.OFFSET_END))


def listen(brokers, topic, until):
    """Until that second, from the end of the topic: [(ms at which it was in hand, value)]."""
    consumer, received = consumer_of(brokers), []
    consumer.assign(places_of(consumer, topic, ck.OFFSET_END))
    while time.time() < until:
        for message in consumer.consume(1000, 0.001):
            if message.error() is None:
                received.append((time.time() * 1000, message.value()))
    consumer.close()
    return received


def log_times(brokers, topic, registry, wanted, from_ms, until_ms):
    """{(interaction, event time): first log time} of the wanted interactions' events between."""
    consumer, found, at_end = consumer_of(brokers), {}, set()
    places = consumer.offsets_for_times(places_of(consumer, topic, int(from_ms)), timeout=20)
    consumer.assign(places)
    while len(at_end) < len(places):
        for message in consumer.consume(10000, 0.1):
            if message.error() is not None or message.timestamp()[1] > until_ms:
                at_end.add(message.partition())
            elif message.key() in wanted:
                event = registry.decode(message.value())
                found.setdefault((event["interaction_id"], event["event_at"]),
                                 message.timestamp()[1])
    consumer.close()
    return found


def quantiles(values):
    values = sorted(values)
    if not values:
        return {"count": 0}
    at = {f"p{q}": values[math.ceil(q / 100 * len(values)) - 1] for q in (50, 99, 99.9)}
    return {"count": len(values)} | {name: round(ms) for name, ms in at.items()} | \
        {"max": round(values[-1])}


def item_causes(received, end_ms):
    """[(in hand, (interaction, event time))] of the ends of items' alerts that an event brought,
    and not that a warning's deadline has come."""
    return [(at, (alert["interaction_id"], alert["resolved_at"])) for at, alert in received
            if alert["kind"] in ITEM and alert["transition"] == "RESOLVED" and
            alert["resolved_at"] <= end_ms and
            (alert["kind"] == "ITEM_BREACH" or alert["resolved_at"] < alert["deadline_at"])]


def figures(received, logged, causes, from_ms, end_ms, grace_ms):
    def late(pairs):
        return quantiles([at - cause for at, cause in pairs if from_ms <= cause <= end_ms])
    firing = [(at, alert) for at, alert in received if alert["transition"] == "FIRING"]
    ended = [(at, cause) for at, cause in causes if cause in logged]
    return {
        "deadline": late([(at, alert["condition_at"] + grace_ms) for at, alert in firing
                          if alert["kind"] in ITEM]),
        "event": late([(at, logged[cause]) for at, cause in ended]),
        "objective": late([(at, alert["condition_at"]) for at, alert in firing
                           if alert["kind"] == "OBJECTIVE_BREACH"]),
        "sites": late([(logged[cause], cause[1]) for _, cause in ended]),
        "not_found": len(causes) - len(ended)}


def listen_only(brokers, prefix, heard, seconds):
    counting = consumer_of(brokers)
    began, had = time.time(), end_of(counting, prefix + "interactions")
    listened = listen(brokers, prefix + "alerts.sla", began + float(seconds) + AFTER_S)
    came = (end_of(counting, prefix + "interactions") - had) / (time.time() - began)
    counting.close()
    with open(heard, "wb") as file:
        pickle.dump({"began_ms": began * 1000, "end_ms": (began + float(seconds)) * 1000,
                     "until_ms": time.time() * 1000, "came_per_s": round(came),
                     "listened": listened}, file)


def figures_only(brokers, url, prefix, heard, warm_up, grace_ms):
    registry, heard = Registry(url), pickle.loads(Path(heard).read_bytes())
    from_ms = heard["began_ms"] + float(warm_up) * 1000
    # Nothing can be in hand before its cause.
    received = [(at, registry.decode(value)) for at, value in heard["listened"] if at >= from_ms]
    causes = item_causes(received, heard["end_ms"])
    logged = log_times(brokers, prefix + "interactions", registry,
                       {cause[0].encode() for _, cause in causes},
                       heard["began_ms"], heard["until_ms"]) if causes else {}
    print(json.dumps(figures(received, logged, causes, from_ms, heard["end_ms"],
                             float(grace_ms)) | {"came_per_s": heard["came_per_s"]}))


if __name__ == "__main__":
    {"listen": listen_only, "figures": figures_only}[sys.argv[1]](*sys.argv[2:])
