#!/usr/bin/env bash
# A backlog of hours, drained with a memory limit.
#
#   loadtest/backlog.sh [options]
#
#   --events N       how many wait (20000000)
#   --hours N        of event time that they are from (11; at most 22: a day's window shows all)
#   --partitions N   of the topic (8)
#   --lean PERCENT   of the interactions that fall into the first partition (40)
#   --tenants N      (2)
#   --memory SIZE    limits.memory (2GiB)
#
# The first partition has several times as many records as each other one, so that reading them
# all evenly would put hours of event time between them; and one site was cut off for a quarter of
# the time, then sent what it had kept.
#
# Prints events per second, the peak of memory beside its limit, the alerts and how many of them are
# marked `late`, and whether the totals in Redis equal what the simulated sites say happened. Status
# 0 only if they do and memory stayed below its limit.
set -euo pipefail
# shellcheck source=loadtest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

events=20000000
hours=11
partitions=8
lean=40
tenants=2
memory=2GiB

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --events | --hours | --partitions | --lean | --tenants)
            [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || usage_error "$1 needs a number above 0"
            printf -v "${1#--}" '%s' "$2"
            shift
            ;;
        --memory)
            [[ ${2:-} =~ ^[1-9][0-9]*(MiB|GiB)$ ]] || usage_error "$1 needs a size, as 512MiB"
            memory=$2
            shift
            ;;
        *) usage_error "no such option: $1; the script's head has the options" ;;
        esac
        shift
    done
    ((hours <= 22)) || usage_error "--hours can be 22 at most"
}

memory_mb() {
    local number=${memory%[MG]iB}
    [[ $memory == *GiB ]] && number=$((number * 1024))
    printf '%s\n' "$number"
}

fill() {
    local minutes=$((hours * 60)) cut_off=$((hours * 15))
    say "filling the topic with $events events of $hours h"
    "$bin/floorsim" --brokers "$brokers" --registry "$registry" --topic-prefix backlog. \
        --partitions "$partitions" --events "$events" --rate "$((events / minutes / 60 + 1))" \
        --lean "$(printf '0.%02d' "$lean")" --tenants "$tenants" --profile flat \
        --channels voice,chat,messaging --load 1 \
        --outage "krakow:$((minutes / 4))m:$((minutes / 4 + cut_off))m" \
        --truth "$dir/total.json" --totals
}

write_contracts() {
    mkdir -p "$dir/contracts"
    local tenant name
    for tenant in $(seq "$tenants"); do
        name=acme
        [ "$tenants" = 1 ] || name=acme-$tenant
        cat >"$dir/contracts/$tenant.yaml" <<TXT
contract: backlog-$tenant
version: 1
tenant: $name
timezone: UTC
clocks:
  - {name: call-answered, clock: speed_of_answer, when: {channel: [voice]}, target: 120s}
objectives:
  - {name: voice-80-20, metric: service_level, variant: answered_of_offered, within: 20s,
     when: {channel: [voice]}, per: [site, queue], window: 30m, target: at least 80%,
     min_sample: 20, outcome: callers who give up here are orders lost, owner: duty-manager}
TXT
    done
}

write_settings() {
    cat >"$dir/floorwalker.yaml" <<TXT
kafka:
  brokers: $brokers
  group: backlog
  topics: {partitions: $partitions, replication: 1}
topic_prefix: backlog.
schema_registry: $registry
redis: $redis
instance: backlog-1
clock: log
start: earliest
contracts: $dir/contracts
listen: 127.0.0.1:0
log: {level: warning, format: json}
limits: {memory: $memory}
TXT
}

drain() {
    local cost
    say "draining it with limits.memory $memory"
    if ! cost=$(python3 "$FW_ROOT/loadtest/measure.py" "$bin/floorwalker" run --config \
        "$dir/floorwalker.yaml" --until-end --final-clock "$(final_clock)" 2>"$dir/run.log"); then
        tail -n 5 "$dir/run.log" >&2
        die "floorwalker failed"
    fi
    read -r wall cpu peak <<<"${cost##*$'\n'}"
}

count_alerts() {
    "$("$FW_ROOT/tests/venv.sh")/bin/python" "$FW_ROOT/loadtest/count_alerts.py" \
        "$brokers" "$registry" backlog.
}

main() {
    read_options "$@"
    "$FW_ROOT/deploy/local/deps.sh"
    build floorwalker floorsim
    dir=$FLOORWALKER_CACHE/backlog
    rm -rf "${dir:?}/contracts"
    mkdir -p "$dir"
    start_stack
    fill
    write_contracts
    write_settings
    drain
    local agree alerts
    agree=$(totals_agree)
    alerts=$(count_alerts)
    python3 - "$events" "$wall" "$cpu" "$peak" "$(memory_mb)" "$agree" "$alerts" <<'PY'
import json, sys
events, wall, cpu, peak, limit, agree, alerts = sys.argv[1:]
below = float(peak) < float(limit)
print(json.dumps({"events": int(events), "seconds": round(float(wall), 1),
                  "events_per_s": round(int(events) / float(wall)),
                  "cpu_ns_per_event": round(float(cpu) * 1e9 / int(events)),
                  "peak_rss_mb": round(float(peak)), "limit_mb": int(limit),
                  **json.loads(alerts), "correct": agree == "true"}))
sys.exit(0 if below and agree == "true" else 1)
PY
}

main "$@"
