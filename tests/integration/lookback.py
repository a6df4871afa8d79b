"""What contracts would have said on past events, recounted from the text of the contract: figures
of local days, steps as they were judged, episodes, and the tightest target that would have held.

Only metrics whose counts stand in the pane of the event that makes them, so that a step's figure
is the same when it is judged and ever after.
"""

from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import oracle

DAYS, MONTHS, WHOLE = "%Y-%m-%d", "%Y-%m", "all"


@dataclass
class Rule:
    """An objective: of a service level, or of a mean of waits."""
    metric: str
    per: tuple
    window_ms: int
    target: tuple  # as a fraction
    at_least: bool = True
    within_ms: int = 20_000
    variant: str = "answered_of_offered"
    min_sample: int = 0
    hold_ms: int = 0

    @property
    def objective(self):
        """For the oracle's judge, which knows lower bounds alone."""
        sign = 1 if self.at_least else -1
        return oracle.Objective(self.per, self.window_ms, (sign * self.target[0], self.target[1]),
                                min_sample=self.min_sample, hold_ms=self.hold_ms)


def counts(history, rule):
    """(scope, at, numerator, denominator) of each thing that counts for a rule."""
    for visit in history.visits:
        if rule.metric == "asa_ms":
            if visit.how == "answered":
                yield visit.scope, visit.ended_at, visit.wait_ms, 1
            continue
        at, letter = oracle.service_level_event(visit, rule.within_ms, 0)
        one = defaultdict(int, {letter: 1})
        if rule.variant == "answered_only":
            if visit.how != "answered":
                continue
            at, one["answered"] = visit.ended_at, 1
        n, d = oracle.service_level(one, rule.variant)
        yield visit.scope, at, n, d


def figures(history, rule, zone):
    """{scope: {period: [numerator, denominator]}}, periods as "1999-01-03", "1999-01", "all"."""
    out = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for scope, at, n, d in counts(history, rule):
        local = datetime.fromtimestamp(at / 1000, ZoneInfo(zone))
        for period in (local.strftime(DAYS), local.strftime(MONTHS), WHOLE):
            sums = out[oracle.view_of(scope, rule.per)][period]
            sums[0] += n
            sums[1] += d
    return out


def steps(history, rule):
    """{scope: [(step, numerator, denominator)]} until nothing is left in a window."""
    by_scope = defaultdict(list)
    for scope, at, n, d in counts(history, rule):
        if n or d:
            by_scope[oracle.view_of(scope, rule.per)].append((at, n, d))
    return {scope: list(_slide(sorted(those), rule)) for scope, those in by_scope.items()}


def _slide(those, rule):
    step, window = oracle.step_of(rule.window_ms), rule.window_ms
    t = those[0][0] - those[0][0] % step
    n = d = first = after = 0
    while t <= those[-1][0] + 2 * window + step:
        while after < len(those) and those[after][0] < t:
            n, d, after = n + those[after][1], d + those[after][2], after + 1
        while first < after and those[first][0] < t - window:
            n, d, first = n - those[first][1], d - those[first][2], first + 1
        yield t, n, d
        t += step


def episodes(walk, scope, rule):
    sign = 1 if rule.at_least else -1
    return oracle.judge([(t, sign * n, d) for t, n, d in walk], scope, rule.objective)


def judged(walk, rule):
    """(steps that had enough sample, those of them that missed the target)."""
    enough = [(n, d) for _, n, d in walk if d >= rule.min_sample and d > 0]
    sign = 1 if rule.at_least else -1
    missed = [1 for n, d in enough if sign * n * rule.target[1] < sign * rule.target[0] * d]
    return len(enough), len(missed)


def tightest(walk, rule):
    """The worst, over all stretches of `hold` of which each step could be judged, of the best step
    in the stretch; None when there is none."""
    length = rule.hold_ms // oracle.step_of(rule.window_ms) + 1
    best, worst = (max, min) if rule.at_least else (min, max)
    run, found = deque(maxlen=length), None
    for _, n, d in walk:
        if d < rule.min_sample or d == 0:
            run.clear()
            continue
        run.append(n / d)
        if len(run) == length:
            found = best(run) if found is None else worst(found, best(run))
    return found
