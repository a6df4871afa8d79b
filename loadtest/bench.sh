#!/usr/bin/env bash
# The benchmark: floorwalker and a bare librdkafka consumer over the same topic in the same run.
#
#   loadtest/bench.sh [options]
#
#   --events N       how many events the topic gets (5000000)
#   --partitions N   of the topic (8)
#   --rate N         events per simulated second: how dense the traffic is (2000)
#   --tenants N      (1)
#
# Floorwalker judges loadtest/contract.yaml for every tenant: item clocks and 80/20 objectives.
#
# Prints a table for a person, then a JSON line per contender. A contender's time is that of its
# whole process, from its start to its end; floorwalker's clock is stopped at the next step of a
# day's window after the last event, so that the day shows all of it. `correct` says of the
# consumer that it saw every record, and of floorwalker that its totals in Redis equal what the
# simulated sites say happened.
set -euo pipefail
# shellcheck source=loadtest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

events=5000000
partitions=8
rate=2000
tenants=1

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --events | --partitions | --rate | --tenants)
            [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || usage_error "$1 needs a number above 0"
            printf -v "${1#--}" '%s' "$2"
            shift
            ;;
        *) usage_error "no such option: $1; the script's head has the options" ;;
        esac
        shift
    done
}

fill() {
    say "filling the topic with $events events"
    "$bin/floorsim" --brokers "$brokers" --registry "$registry" --topic-prefix bench. \
        --partitions "$partitions" --events "$events" --rate "$rate" --tenants "$tenants" \
        --profile flat --channels voice,chat,messaging --truth "$dir/total.json" --totals
}

# Floorsim's tenant is acme, or acme-1 and so on.
write_contracts() {
    local tenant names=(acme)
    [ "$tenants" -eq 1 ] || mapfile -t names < <(seq -f 'acme-%.0f' "$tenants")
    rm -rf "$dir/contracts"
    mkdir -p "$dir/contracts"
    for tenant in "${names[@]}"; do
        sed "s/^tenant: acme$/tenant: $tenant/" "$FW_ROOT/loadtest/contract.yaml" \
            >"$dir/contracts/$tenant.yaml"
    done
}

write_settings() {
    cat >"$dir/floorwalker.yaml" <<TXT
kafka:
  brokers: $brokers
  group: bench
  topics: {partitions: $partitions, replication: 1}
topic_prefix: bench.
schema_registry: $registry
redis: $redis
instance: bench-1
clock: log
start: earliest
contracts: $dir/contracts
listen: 127.0.0.1:0
log: {level: warning, format: json}
TXT
}

# contend NAME JUDGE COMMAND...: runs and measures a contender; JUDGE says whether it was right.
contend() {
    local name=$1 judge=$2 cost wall cpu rss correct
    shift 2
    say "$name"
    if ! cost=$(python3 "$FW_ROOT/loadtest/measure.py" "$@" 2>"$dir/$name.log"); then
        tail -n 5 "$dir/$name.log" >&2
        die "$name failed"
    fi
    correct=$($judge)
    read -r wall cpu rss <<<"${cost##*$'\n'}"
    python3 - "$name" "$events" "$correct" "$wall" "$cpu" "$rss" >>"$dir/results.jsonl" <<'PY'
import json, sys
name, events, correct, wall, cpu, rss = sys.argv[1:]
print(json.dumps({"name": name, "events_per_s": round(int(events) / float(wall)),
                  "cpu_ns_per_event": round(float(cpu) * 1e9 / int(events)),
                  "rss_mb": round(float(rss)), "correct": correct == "true"}))
PY
}

# The consumer says itself how many records it saw.
saw_all() {
    grep -q "^$(happened events) records" "$dir/bare-consumer.log" && echo true || echo false
}

table() {
    python3 - "$dir/results.jsonl" <<'PY'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
print(f"{'':<16}{'events/s':>12}{'CPU ns/event':>14}{'RSS MB':>9}{'of bare':>9}  correct")
for r in rows:
    share = r["events_per_s"] / rows[0]["events_per_s"]
    print(f"{r['name']:<16}{r['events_per_s']:>12,}{r['cpu_ns_per_event']:>14,}{r['rss_mb']:>9}"
          f"{share:>9.2f}  {'yes' if r['correct'] else 'NO'}")
PY
}

main() {
    read_options "$@"
    "$FW_ROOT/deploy/local/deps.sh"
    build floorwalker floorsim bare_consumer
    dir=$FLOORWALKER_CACHE/bench
    rm -f "$dir/results.jsonl"
    mkdir -p "$dir"
    start_stack
    fill
    write_contracts
    write_settings
    contend bare-consumer saw_all "$bin/bare_consumer" "$brokers" bench.interactions
    contend floorwalker totals_agree "$bin/floorwalker" run --config "$dir/floorwalker.yaml" \
        --until-end --final-clock "$(final_clock)"
    table
    cat "$dir/results.jsonl"
    ! grep -q '"correct": false' "$dir/results.jsonl"
}

main "$@"
