"""A recount of millions of events: the input topic, partition by partition, in all cores.

An interaction is in one partition, so each partition is recounted by itself with the oracle of the
integration tests; what is kept of it are sums by minute, and who waited too long.
"""

import multiprocessing
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import confluent_kafka as ck

import oracle
from faults_load import TARGET_MS
from faults_recount import expected_items
from records import Registry

MINUTE_MS = 60_000
BATCH = 10_000
KEPT = ("event_id", "tenant_id", "vendor_id", "site_id", "source", "source_seq", "event_at",
        "revision", "interaction_id", "channel", "direction", "type", "queue_id", "priority",
        "author", "public", "end_cause", "queue_wait_ms", "talk_ms", "hold_ms", "wrap_ms")


@dataclass
class Sums:
    """What became of some partitions. A leaf is (tenant, vendor, site, queue, channel)."""
    records: int = 0
    events: int = 0
    repeats: int = 0
    ticks: int = 0
    bad: set = field(default_factory=set)  # (partition, offset) of what must be a dead letter
    panes: Counter = field(default_factory=Counter)  # (leaf, minute, counter)
    standing: Counter = field(default_factory=Counter)  # (leaf, minute, gauge), before its end
    final: Counter = field(default_factory=Counter)  # (leaf, gauge), when all is said
    leaves: set = field(default_factory=set)
    items: list = field(default_factory=list)  # (kind, interaction, condition, end)
    shuffled: set = field(default_factory=set)  # interactions that came out of their order
    impossible: int = 0
    last_at: int = 0

    def add(self, other):
        for name in ("records", "events", "repeats", "ticks", "impossible"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("panes", "standing", "final", "bad", "leaves", "shuffled"):
            getattr(self, name).update(getattr(other, name))
        self.items += other.items
        self.last_at = max(self.last_at, other.last_at)


def partition_records(kafka, topic, partition):
    """Every record of a partition that can be read now, as confluent_kafka has it."""
    consumer = ck.Consumer({
        "bootstrap.servers": kafka, "group.id": "chaos-recount", "enable.auto.commit": False,
        "auto.offset.reset": "earliest", "isolation.level": "read_committed",
        "enable.partition.eof": True, "check.crcs": True})
    try:
        consumer.assign([ck.TopicPartition(topic, partition, 0)])
        while True:
            for message in consumer.consume(BATCH, 1):
                if message.error() is None:
                    yield message
                elif message.error().code() == ck.KafkaError._PARTITION_EOF:
                    return
                else:
                    raise ck.KafkaException(message.error())
    finally:
        consumer.close()


def event_of(registry, message):
    """The event, cut to what the oracle reads; None for what nobody can use."""
    try:
        event = registry.decode(message.value())
    except Exception:  # bytes that are no record, made on purpose
        return None
    if "interaction_id" not in event:
        return event
    name = event["interaction_id"]
    if not name or message.key() != name.encode() or "x" in name:  # floorsim's bad ones
        return None
    return {key: event[key] for key in KEPT}


def leaf_of(tenant, scope):
    return (tenant, *(scope[d] for d in oracle.DIMENSIONS))


def read_partition(arguments):
    """The sums of one partition."""
    kafka, url, topic, partition = arguments
    registry, sums, events = Registry(url), Sums(), defaultdict(list)
    newest = {}
    for message in partition_records(kafka, topic, partition):
        sums.records += 1
        event = event_of(registry, message)
        if event is None:
            sums.bad.add((partition, message.offset()))
        elif "interaction_id" not in event:
            sums.ticks += 1
        else:
            sums.events += 1
            events[event["tenant_id"]].append(event)
            name, at = event["interaction_id"], event["event_at"]
            if newest.setdefault(name, at) > at:
                sums.shuffled.add(name)
            newest[name] = max(newest[name], at)
    for tenant, those in events.items():
        count(sums, tenant, oracle.recount(those))
    return sums


def count(sums, tenant, history):
    sums.repeats += history.duplicates
    sums.impossible += sum(len(item.impossible) for item in history.items)
    for scope, at, _, name, amount in oracle.contributions(history, TARGET_MS):
        leaf = leaf_of(tenant, scope)
        sums.leaves.add(leaf)
        sums.panes[leaf, at // MINUTE_MS, name] += amount
        sums.last_at = max(sums.last_at, at)
    for name, scope, begin, end in oracle._spans(history):
        leaf = leaf_of(tenant, scope)
        sums.leaves.add(leaf)
        if end is None:
            sums.final[leaf, name] += 1
        stand(sums, leaf, name, begin, end)
    sums.items += [item for item in expected_items(history) if item[0] == "ITEM_BREACH"]


def stand(sums, leaf, name, begin, end):
    """A gauge's minutes: those before whose end it began and did not end. Without an end the last
    known minute is open: `final` says so."""
    minute = begin // MINUTE_MS
    while end is not None and (minute + 1) * MINUTE_MS <= end:
        sums.standing[leaf, minute, name] += 1
        minute += 1
    if end is None:
        sums.standing[leaf, minute, "open " + name] += 1


def recount(kafka, registry, topic, partitions, workers=2):
    """The sums of the whole topic."""
    total = Sums()
    jobs = [(kafka, registry, topic, p) for p in partitions]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for sums in pool.imap_unordered(read_partition, jobs):
            total.add(sums)
    return total


class Views:
    """What each scope of each tenant must show, from the sums of the leaves."""

    def __init__(self, sums):
        self.by_view = defaultdict(list)  # (tenant, scope) -> leaves
        self.panes = defaultdict(lambda: defaultdict(Counter))  # leaf -> minute -> counters
        self.standing = defaultdict(lambda: defaultdict(Counter))
        self.final = defaultdict(Counter)
        for (leaf, minute, name), amount in sums.panes.items():
            self.panes[leaf][minute][name] += amount
        for (leaf, minute, name), amount in sums.standing.items():
            self.standing[leaf][minute][name] += amount
        for (leaf, name), amount in sums.final.items():
            self.final[leaf][name] += amount
        for leaf in sums.leaves:
            scope = dict(zip(oracle.DIMENSIONS, leaf[1:]))
            for view in oracle.VIEWS:
                self.by_view[leaf[0], oracle.view_of(scope, view)].append(leaf)

    def figures(self, tenant, scope, start_at=0, end_at=oracle.FOREVER):
        """metric -> (value, numerator, denominator) of whole minutes, or of everything."""
        counters = Counter()
        for leaf in self.by_view[tenant, scope]:
            for minute, amounts in self.panes[leaf].items():
                if start_at <= minute * MINUTE_MS < end_at:
                    counters.update(amounts)
        return oracle.formulas(counters)

    def gauges(self, tenant, scope, end_at):
        """The state just before an instant, a whole minute."""
        out = dict.fromkeys(oracle.GAUGES, 0)
        for leaf in self.by_view[tenant, scope]:
            for minute, amounts in self.standing[leaf].items():
                for name in oracle.GAUGES:
                    if (minute + 1) * MINUTE_MS == end_at:
                        out[name] += amounts[name]
                    if (minute + 1) * MINUTE_MS <= end_at:
                        out[name] += amounts["open " + name]
        return out

    def now(self, tenant, scope):
        out = dict.fromkeys(oracle.GAUGES, 0)
        for leaf in self.by_view[tenant, scope]:
            for name in oracle.GAUGES:
                out[name] += self.final[leaf][name]
        return out
