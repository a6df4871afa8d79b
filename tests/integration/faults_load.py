"""Callers at a steady rate, from a seed, while something is being broken."""

import heapq
import itertools
import random
import threading
import time

from records import interaction

TARGET_MS = 4000
WARN_MS = 2000
CONTRACT = {
    "contract": "acme-faults", "version": 1, "tenant": "acme", "timezone": "UTC",
    "roles": {"duty": {"contact": "pager:acme-duty"}},
    "clocks": [{"name": "answer-fast", "clock": "speed_of_answer", "when": {"channel": ["voice"]},
                "target": "4s", "warn_at": ["50%"], "severity": "major"}],
    "objectives": [{"name": "voice-80-4", "metric": "service_level",
                    "variant": "answered_of_offered", "within": "4s",
                    "when": {"channel": ["voice"]}, "per": ["site", "queue"], "window": "1m",
                    "target": "at least 80%", "min_sample": 5, "severity": "critical",
                    "outcome": "lost orders", "owner": "duty"}],
}
QUEUES = ("support", "sales")
SITES = (("harbor", "krakow"), ("harbor", "lisbon"), ("delta", "cebu"))


def now_ms():
    return int(time.time() * 1000)


def call(rng, name, at):
    """One caller's events. About one in four waits too long, a few wait for ever."""
    vendor, site = rng.choice(SITES)

    def event(kind, at, **fields):
        return interaction(kind, name, int(at), vendor_id=vendor, site_id=site, queue_id=queue,
                           **fields)

    queue = rng.choice(QUEUES)
    yield event("QUEUED", at)
    fate = rng.random()
    if fate < 0.03:
        return
    at += min(rng.expovariate(1 / 2500), 9000)
    if fate < 0.18:
        yield event("ABANDONED", at)
        return
    yield event("ANSWERED", at, agent_id="a1")
    if fate < 0.30:
        yield event("HOLD_START", at + 200, agent_id="a1")
        yield event("HOLD_END", at + 500, agent_id="a1")
    at += rng.uniform(600, 3000)
    if fate < 0.40:
        yield event("TRANSFERRED", at, agent_id="a1", to_queue_id="sales")
        queue = "sales"
        yield event("QUEUED", at + 10)
        yield event("ABANDONED", at + 1500)
        return
    yield event("DISCONNECTED", at, agent_id="a1")
    if fate < 0.55:
        yield event("WRAP_START", at, agent_id="a1")
        yield event("WRAP_END", at + 900, agent_id="a1")


class Traffic:
    """Sends calls in a thread until stop(); what was not sent by then is never sent.

    Nobody may take `sent` for the truth: what happened is what the input topic holds.
    """

    def __init__(self, world, seed, calls_per_s=25):
        self.world, self.rng, self.rate = world, random.Random(seed), calls_per_s
        self.names = (f"call-{seed}-{i}" for i in itertools.count())
        self.sent = 0
        self.fault = None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        world.writer, world.producer  # made here: the thread only uses them
        self.thread.start()

    def _run(self):
        try:
            self._send_all()
        except BaseException as fault:
            self.fault = fault

    def _send_all(self):
        due, order, next_at = [], itertools.count(), now_ms()
        while not self.ended.is_set():
            at = now_ms()
            while next_at <= at:
                for event in call(self.rng, next(self.names), next_at):
                    heapq.heappush(due, (event["event_at"], next(order), event))
                next_at += self.rng.expovariate(self.rate / 1000)
            while due and due[0][0] <= at:
                self._send(heapq.heappop(due)[2])
            self.world.producer.poll(0)
            self.ended.wait(0.01)

    def _send(self, event):
        for _ in range(2 if self.rng.random() < 0.05 else 1):  # sites repeat themselves
            self.world.send(event)
            self.sent += 1

    def stop(self):
        self.ended.set()
        self.thread.join(30)
        assert not self.thread.is_alive() and self.fault is None, self.fault
        self.world.flush()
