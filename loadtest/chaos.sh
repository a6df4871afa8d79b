#!/usr/bin/env bash
# Faults under load, against an oracle.
#
#   loadtest/chaos.sh --minutes N [options]
#
#   --events N         about so many in all (4300 a second)
#   --kills N          kill -9 of a processor (5 a minute)
#   --redis-faults N   kill, FLUSHALL, hang (1 in 2 minutes)
#   --broker-kills N   kill -9 of Kafka, started again (1 in 4 minutes)
#   --zombies N        a processor held beyond its session's time-out (1 in 4 minutes)
#   --proxy-faults N   connections cut, delayed, half-closed, stalled (1 a minute)
#   --rolling N        SIGTERM to one after the other (1 in 10 minutes)
#   --seed N           which fault comes when, and what the sites send (printed; default: the time)
#   --processes N      of one group (3); --partitions N (8); --tenants N (3)
#
# Real Kafka, registry and Redis of its own; simulated sites send live events. At the end an oracle
# recounts the input topic and compares alerts, figures, dead letters and the view in Redis. The
# last line is `events=… kills=… redis_faults=… broker_kills=… zombies=… lost=… double=…
# repeated=…`; the status is 1 when anything is wrong.
set -euo pipefail
# shellcheck source=deploy/local/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../deploy/local/lib.sh"

bin=$FW_ROOT/build/release/bin

build() {
    mkdir -p "$FLOORWALKER_CACHE/logs"
    (cd "$FW_ROOT" && quietly "$FLOORWALKER_CACHE/logs/chaos-configure.log" cmake --preset release)
    (cd "$FW_ROOT" && quietly "$FLOORWALKER_CACHE/logs/chaos-build.log" \
        cmake --build --preset release --target floorwalker floorsim)
}

stack() { "$FW_ROOT/deploy/local/stack.sh" "$@" --dir "$dir/registry-stack" --only registry; }

finish() { stack down --purge >/dev/null || true; }

main() {
    local venv REGISTRY
    "$FW_ROOT/deploy/local/deps.sh"
    venv=$("$FW_ROOT/tests/venv.sh")
    build
    dir=$FLOORWALKER_CACHE/chaos
    rm -rf "${dir:?}"
    mkdir -p "$dir"
    trap finish EXIT
    stack up >"$dir/registry.txt"
    # shellcheck disable=SC1091
    . "$dir/registry.txt"
    "$venv/bin/python" "$FW_ROOT/loadtest/chaos/chaos.py" --dir "$dir" --registry "$REGISTRY" \
        --floorwalker "$bin/floorwalker" --floorsim "$bin/floorsim" "$@"
}

main "$@"
