#!/usr/bin/env bash
# How long an alert takes at several loads, with default settings and clock: live.
#
#   loadtest/latency.sh [options]
#
#   --most N         events per second that count as full load (default: floorwalker's median in
#                    loadtest/results/bench.jsonl, the steady one where there is one)
#   --shares "N..."  percent of it, one run each ("25 50 75")
#   --seconds N      of each run (75), of which
#   --warm-up N      are not counted (20)
#   --commit SPAN    commit_interval (100ms)
#   --out FOLDER     where latency.md and latency.jsonl go (a folder of the cache)
#
# The load is open-loop: the simulated sites keep their own time, whatever the processor does. One
# queue of 36, each of them on three channels, is crowded from the start, so that some interactions
# in a hundred breach; another one after the warm-up, so that objectives do: half a minute later.
# loadtest/contract.yaml with a deadline of 10 s in place of a minute, and a hold of 10 s.
# What is measured: loadtest/latency.py. Listener, sites and broker run on the same machine as the
# processor, and take of its cores.
#
# Prints a table, what an event cost processor and broker meanwhile, then a JSON line for each
# figure. Status 0 if there was something to measure.
set -euo pipefail
# shellcheck source=loadtest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

GRACE_MS=500 # the default of `grace`

most=
shares="25 50 75"
seconds=75
warm_up=20
commit=100ms
out=

read_options() {
    while [ $# -gt 0 ]; do
        [ -n "${2:-}" ] || usage_error "$1 needs a value; the script's head has the options"
        case $1 in
        --most | --seconds | --warm-up)
            [[ $2 =~ ^[1-9][0-9]*$ ]] || usage_error "$1 needs a number above 0"
            printf -v "$(tr - _ <<<"${1#--}")" '%s' "$2"
            ;;
        --shares)
            [[ $2 =~ ^[1-9][0-9\ ]*$ ]] || usage_error "$1 needs numbers, as \"25 50\""
            shares=$2
            ;;
        --commit) commit=$2 ;;
        --out) out=$(realpath -m -- "$2") ;;
        *) usage_error "no such option: $1; the script's head has the options" ;;
        esac
        shift 2
    done
    [ "$seconds" -gt "$warm_up" ] || usage_error "--seconds must be more than --warm-up"
}

measured_most() {
    python3 - "$FW_ROOT/loadtest/results/bench.jsonl" <<'PY'
import json, sys
rows = map(json.loads, open(sys.argv[1]))
rates = {row["figure"]: row["median"] for row in rows if row["contender"] == "floorwalker"}
rate = rates.get("steady_events_per_s", rates.get("events_per_s"))
print(round(rate) if rate else "")
PY
}

write_contract() {
    mkdir -p "$dir/contracts"
    sed -e 's/target: 60s/target: 10s/' -e 's/hold: 60s/hold: 10s/' \
        "$FW_ROOT/loadtest/contract.yaml" >"$dir/contracts/acme.yaml"
}

write_settings() {
    cat >"$dir/floorwalker.yaml" <<TXT
kafka: {brokers: "$brokers", group: latency-$1}
topic_prefix: latency-$1.
schema_registry: $registry
redis: $redis
instance: latency-1
clock: live
commit_interval: $commit
start: earliest
contracts: $dir/contracts
listen: 127.0.0.1:0
log: {level: warning, format: json}
TXT
}

# wait_for_topic NAME
wait_for_topic() {
    local until=$((SECONDS + 60))
    until kcat -b "$brokers" -L -t "$1" 2>/dev/null | grep -q "topic \"$1\" with [1-9]"; do
        [ $SECONDS -lt $until ] || die "there is no topic $1"
        sleep 0.2
    done
}

# expect_alive PID NAME LOG: without it the figures would be of something else.
expect_alive() {
    kill -0 "$1" 2>/dev/null || die "$2 ended before the measurement did; see $3"
}

# cpu_ms PID: of this process up to now.
cpu_ms() {
    local stat
    stat=$(cat "/proc/$1/stat")
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    echo $(((${12} + ${13}) * 1000 / $(getconf CLK_TCK)))
}

# costs: wall time, and CPU of processor and broker up to now, in ms.
costs() {
    echo $((${EPOCHREALTIME/[.,]/} / 1000)) "$(cpu_ms "$processor")" \
        "$(cpu_ms "$(cut -d ' ' -f 1 "$dir/stack/kafka/pid")")"
}

# load SHARE: one run; appends its line.
load() {
    local share=$1 rate=$((most * $1 / 100)) prefix=latency-$1. figures before after
    say "$rate events a second, $share % of $most"
    redis-cli -u "$redis" flushall >/dev/null
    write_settings "$share"
    "$bin/floorsim" --live --brokers "$brokers" --registry "$registry" --topic-prefix "$prefix" \
        --rate "$rate" --profile flat --sites 12 --channels voice,chat,messaging \
        --aht 30 --patience 30 --burst 'belfast:billing:2:5s:60m' \
        --burst "tucson:orders:3:$((warm_up + 5))s:60m" \
        --duration "$((seconds + 120))s" 2>"$dir/sites.log" &
    sites=$!
    wait_for_topic "${prefix}interactions"
    "$bin/floorwalker" run --config "$dir/floorwalker.yaml" 2>"$dir/floorwalker.log" &
    processor=$!
    wait_for_topic "${prefix}alerts.sla"
    before=$(costs)
    "$python" "$FW_ROOT/loadtest/latency.py" listen "$brokers" "$prefix" "$dir/heard" "$seconds"
    expect_alive "$sites" floorsim "$dir/sites.log"
    expect_alive "$processor" floorwalker "$dir/floorwalker.log"
    after=$(costs)
    stop
    figures=$("$python" "$FW_ROOT/loadtest/latency.py" figures "$brokers" "$registry" "$prefix" \
        "$dir/heard" "$warm_up" "$GRACE_MS")
    python3 - "$share" "$rate" "$before" "$after" "$figures" >>"$dir/runs.jsonl" <<'PY'
import json, sys
share, rate, before, after, figures = sys.argv[1:]
figures = json.loads(figures)
wall, processor, broker = (b - a for a, b in zip(*(map(float, t.split()) for t in (before, after))))
print(json.dumps({"percent": int(share), "events_per_s": int(rate),
                  "cpu_ns_per_event": round(processor / wall * 1e9 / figures["came_per_s"]),
                  "broker_cpu_ns_per_event": round(broker / wall * 1e9 / figures["came_per_s"]),
                  **figures}))
PY
}

sites='' processor=''
stop() {
    local pid
    for pid in $sites $processor; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" || true
    done
    sites='' processor=''
}

main() {
    read_options "$@"
    most=${most:-$(measured_most)}
    [ -n "$most" ] || die "no full load: give --most, or run loadtest/bench.sh before"
    "$FW_ROOT/deploy/local/deps.sh"
    build floorwalker floorsim
    python=$("$FW_ROOT/tests/venv.sh")/bin/python
    dir=$FLOORWALKER_CACHE/latency
    out=${out:-$dir/results}
    rm -f "$dir/runs.jsonl"
    mkdir -p "$dir" "$out"
    start_stack
    trap 'stop; "$FW_ROOT/deploy/local/stack.sh" down --purge --dir "$dir/stack" >/dev/null' EXIT
    write_contract
    for share in $shares; do
        load "$share"
    done
    python3 "$FW_ROOT/loadtest/latency_report.py" "$dir/runs.jsonl" "$out"
}

main "$@"
