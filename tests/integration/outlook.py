"""What becomes of an objective over a period if it goes on like this, from docs/alerts.md: lists of
instants where the program keeps sums, and a walk over all hours where it keeps weeks."""

import bisect
import collections
import dataclasses
import datetime as dt
import functools
import math

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
QUARTER_MS = 15 * MINUTE_MS
STEP_MS = 5 * MINUTE_MS
ROUNDING = 1e-9
PACES = {  # long and short window in minutes, and how far the target is fallen short of
    "today": [(15, 5, 0.5), (60, 15, 0.25)],
    "week": [(60, 15, 0.5), (240, 60, 0.25), (1440, 240, 0.05)],
    "month": [(240, 60, 0.5), (1440, 240, 0.25)],
    "quarter": [(1440, 240, 0.25)]}


@dataclasses.dataclass
class Promise:
    window: str
    zone: object
    start_of: object  # of the period that holds an instant
    target: float
    min_sample: int
    hold_ms: int
    per_hour: float
    lateness_ms: int = DAY_MS
    ends: dict = dataclasses.field(default_factory=dict)

    def end_of(self, at):
        start = self.start_of(at)
        if start not in self.ends:
            self.ends[start] = self.find_end(at)
        return self.ends[start]

    def find_end(self, at):
        """The first local midnight of another period."""
        start = self.start_of(at)
        for day in range(1, 100):
            date = dt.datetime.fromtimestamp(start / 1000, self.zone).date()
            midnight = dt.datetime.combine(date + dt.timedelta(days=day), dt.time(), self.zone)
            end = int(midnight.timestamp() * 1000)
            if self.start_of(end) != start:
                return end
        raise AssertionError


@dataclasses.dataclass
class Told:
    kind: str
    opened_at: int
    condition_at: int
    numerator: int
    denominator: int
    resolved_at: int = None
    how: str = None

    def key(self):
        return dataclasses.astuple(self)


def between(times, start, end):
    return bisect.bisect_left(times, end) - bisect.bisect_left(times, start)


def sure_below(good, n, bound, enough):
    bound -= ROUNDING
    if n == 0:
        return False
    if n >= enough:
        return good / n < bound
    z, share = 1.959963984540054, good / n
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (share + z * z / (2 * n) + half) / (1 + z * z / n) < bound


@functools.cache
def slot_of(at, zone):
    local = dt.datetime.fromtimestamp(at / 1000, zone)
    return local.weekday(), local.hour


class Usual:
    """Cases in each hour of the week, of the days that are past correction."""

    def __init__(self, times, promise):
        self.promise, self.times, self.seen = promise, times, collections.defaultdict(list)
        self.sums = {}
        first = times[0] // 10_000 * 10_000
        date = dt.datetime.fromtimestamp((first - 1) / 1000, promise.zone).date()
        begin = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), promise.zone)
        self.learned = int(begin.timestamp() * 1000)

    def learn(self, until):
        while self.learned + HOUR_MS <= until:
            count = between(self.times, self.learned, self.learned + HOUR_MS)
            self.seen[slot_of(self.learned, self.promise.zone)].append(count)
            self.learned += HOUR_MS

    def rest(self, at, end):
        """Cases of [at, end); None where nobody knows. From each quarter of an hour to the end they
        are added up once for what is known, and quarters because zones differ by them."""
        if self.sums.get("of") != (self.learned, end):
            self.sums = {"of": (self.learned, end), end: 0}
            for quarter in range(end - QUARTER_MS, at - QUARTER_MS, -QUARTER_MS):
                counts = self.seen[slot_of(quarter, self.promise.zone)]
                mean = sum(counts) / len(counts) if counts else self.promise.per_hour
                after = self.sums[quarter + QUARTER_MS]
                self.sums[quarter] = None if not mean and not counts or after is None else (
                    after + mean / 4)
        quarter = at - at % QUARTER_MS
        if self.sums[quarter] is None:
            return None
        after = self.sums[quarter + QUARTER_MS]
        return self.sums[quarter] - (self.sums[quarter] - after) * (at - quarter) / QUARTER_MS


def look(good, times, usual, promise, t):
    """(numerator, denominator) of each kind that holds at t, and whether each is over."""
    start, end = promise.start_of(t - 1), promise.end_of(t - 1)
    g, n = between(good, start, t), between(times, start, t)
    margin = (1 - promise.target) / 4
    needed, pace, projected, lost, better = None, None, False, False, True
    rest = usual.rest(t, end) if n >= promise.min_sample else None
    if rest is not None:
        missing = promise.target * (n + rest) - g
        needed = 0 if missing <= 0 else missing / rest if rest else math.inf
        lost = needed > 1 + ROUNDING
        back = t - (HOUR_MS if promise.window == "today" else DAY_MS)
        recent = between(good, back, t), between(times, back, t)
        projected = not lost and sure_below(*recent, needed - margin, promise.min_sample)
        enough = needed - margin / 2 - ROUNDING
        better = needed <= 0 or (recent[1] > 0 and recent[0] / recent[1] >= enough)
    for long, short, depth in PACES[promise.window] if n else []:
        level = promise.target * (1 - depth)
        wide = between(good, t - long * MINUTE_MS, t), between(times, t - long * MINUTE_MS, t)
        close = between(good, t - short * MINUTE_MS, t), between(times, t - short * MINUTE_MS, t)
        if t - long * MINUTE_MS >= start and sure_below(*wide, level, promise.min_sample) and (
                close[1] > 0 and close[0] / close[1] < level - ROUNDING):
            pace = pace or wide
    holds = {"OBJECTIVE_UNRECOVERABLE": (g, n) if lost else None,
             "OBJECTIVE_AT_RISK": None if lost else (g, n) if projected else pace}
    over = {"OBJECTIVE_UNRECOVERABLE": needed is not None and needed <= 1 - margin / 2 + ROUNDING,
            "OBJECTIVE_AT_RISK": not lost and not pace and better}
    return holds, over, lost


def episodes(good, times, promise, missed, end_at):
    """All of one scope; missed(t): the promise itself is being missed at that step."""
    usual, told, open_, pending = Usual(times, promise), [], {}, {}
    for t in range(times[0] - times[0] % STEP_MS, end_at + 1, STEP_MS):
        usual.learn(t - promise.lateness_ms)
        if t == promise.end_of(t - 1):
            for episode in open_.values():
                episode.resolved_at, episode.how = t, "EXPIRED"
            open_, pending = {}, {}
            continue
        if not between(times, promise.start_of(t - 1), t) and not open_:
            pending = {}
            continue
        holds, over, lost = look(good, times, usual, promise, t)
        for kind, figure in holds.items():
            episode = open_.get(kind)
            beside = kind == "OBJECTIVE_AT_RISK" and (lost or missed(t))
            if beside or (episode and over[kind]):
                if episode:
                    episode.resolved_at, episode.how = t, "RESOLVED"
                    del open_[kind]
                pending.pop(kind, None)
            elif not episode and not figure:
                pending.pop(kind, None)
            elif not episode and t - pending.setdefault(kind, t) >= promise.hold_ms:
                open_[kind] = Told(kind, pending.pop(kind), t, *figure)
                told.append(open_[kind])
    return told
