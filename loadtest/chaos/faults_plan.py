"""Which fault comes when: drawn from a seed, evenly over the run."""

import random
from dataclasses import dataclass


@dataclass
class Step:
    at_s: float
    kind: str
    seed: int  # of everything that the fault draws


def evenly(rng, kinds, from_s, to_s):
    """One step in each of as many equal slices of the time."""
    slice_s = (to_s - from_s) / max(1, len(kinds))
    return [Step(from_s + (i + rng.random()) * slice_s, kind, rng.getrandbits(32))
            for i, kind in enumerate(kinds)]


def plan(seed, counts, kills, from_s, to_s):
    """(kills, other faults): two lists by time. Kills fall into the other faults as they come."""
    rng = random.Random(seed)
    kinds = [kind for kind, n in sorted(counts.items()) for _ in range(n)]
    rng.shuffle(kinds)
    return evenly(rng, ["kill"] * kills, from_s, to_s), evenly(rng, kinds, from_s, to_s)
