#!/usr/bin/env bash
# The whole thing at work: dependencies, build, a real Kafka, registry and Redis, the processor,
# simulated sites, and a live board in the terminal. Ctrl-C ends all of it.
#
#   deploy/local/demo.sh [options]
#
#   --seconds N   end by itself after N seconds of traffic, with a summary; the status is 0 only if
#                 an SLA breach and a demand spike came out
#   --rate N      events per second on average (60)
#   --headless    no board: alerts are printed as they come
#   --keep        leave the stack and its data as they are at the end
#
# The script of the day, in seconds from the first event: 3 to 9, krakow's support line gets eight
# times its calls (items at risk, breaches, an objective breached and recovered); 20 to 45, bogota
# sends nothing and then catches up (feed silent); 18 to 70, manila's billing gets fifteen times
# its contacts (a demand spike: demand is looked at each minute).
set -euo pipefail
# shellcheck source=deploy/local/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

here=$FW_ROOT/deploy/local
bin=$FW_ROOT/build/release/bin
seconds=0
rate=60
headless=
keep=
pids=()
processor_pid=
sites_pid=
interrupted=

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --seconds | --rate)
            [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || usage_error "$1 needs a number above 0"
            [ "$1" = --seconds ] && seconds=$2 || rate=$2
            shift
            ;;
        --headless) headless=yes ;;
        --keep) keep=yes ;;
        *) usage_error "no such option: $1; the script's head has the options" ;;
        esac
        shift
    done
}

build() {
    say "building"
    mkdir -p "$FLOORWALKER_CACHE/logs"
    (cd "$FW_ROOT" && quietly "$FLOORWALKER_CACHE/logs/demo-configure.log" cmake --preset release)
    (cd "$FW_ROOT" && quietly "$FLOORWALKER_CACHE/logs/demo-build.log" \
        cmake --build --preset release --target floorwalker floorsim)
}

# start NAME COMMAND...: in the background, its output in the demo's folder; in its own session,
# so that the terminal's Ctrl-C reaches only this script, which ends it after the summary.
start() {
    local name=$1
    shift
    setsid "$@" >"$dir/$name.out" 2>"$dir/$name.log" </dev/null &
    pids+=($!)
    eval "${name}_pid=$!"
}

# stop PID: asks it to end and waits for it, 15 s at most.
stop() {
    local i
    kill -TERM "$1" 2>/dev/null || return 0
    for ((i = 0; i < 150; i++)); do
        kill -0 "$1" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL "$1" 2>/dev/null || true
}

metrics() { curl --noproxy '*' -sf "http://$FLOORWALKER_LISTEN$1"; }

await_ready() {
    local i
    for ((i = 0; i < 300; i++)); do
        metrics /readyz >/dev/null && return 0
        kill -0 "$1" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 20 "$dir/processor.log" "$dir/processor.out" >&2
    die "the processor is not ready (its log: $dir/processor.log)"
}

# The volume to expect goes with the rate.
write_contract() {
    mkdir -p "$dir/contracts"
    awk -v rate="$rate" '/volume:/ { sub(/volume: [0-9]+/, "volume: " int(1500 * rate / 60)) } 1' \
        "$here/demo/contracts/acme.yaml" >"$dir/contracts/acme.yaml"
}

addresses() {
    local KAFKA REGISTRY REDIS
    # shellcheck disable=SC1090
    . <("$here/stack.sh" status --dir "$dir/stack")
    export FLOORWALKER_KAFKA_BROKERS=$KAFKA FLOORWALKER_SCHEMA_REGISTRY=$REGISTRY
    export FLOORWALKER_REDIS=$REDIS FLOORWALKER_CONTRACTS=$dir/contracts
    FLOORWALKER_LISTEN=127.0.0.1:$(python3 -c \
        'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    export FLOORWALKER_LISTEN
}

traffic() {
    start sites "$bin/floorsim" --brokers "$FLOORWALKER_KAFKA_BROKERS" \
        --registry "$FLOORWALKER_SCHEMA_REGISTRY" --topic-prefix demo. --live --profile flat \
        --rate "$rate" --channels voice,chat,email --seed 1 --aht 6 --patience 10 --load 0.6 \
        --reply 15 --resolve 30 --duplicates 0.02 --late 0.01:10s --bad 0.002 \
        --burst krakow:support:8:3s:9s --burst manila:billing:15:18s:70s --outage bogota:20s:45s \
        --truth "$dir/truth.jsonl"
}

# Shows what happens until the time is up, or for ever.
watch() {
    local until=$((SECONDS + seconds)) shown=()
    if [ -n "$headless" ]; then
        "$bin/floorwalker" tail --config "$here/demo/floorwalker.yaml" --from "$began_at" &
        shown=($!)
    elif [ "$seconds" -gt 0 ]; then
        timeout --foreground -s INT "$seconds" \
            "$bin/floorwalker" top --config "$here/demo/floorwalker.yaml" --tenant acme || true
    else
        "$bin/floorwalker" top --config "$here/demo/floorwalker.yaml" --tenant acme || true
        return
    fi
    while [ "$seconds" = 0 ] || [ $SECONDS -lt $until ]; do
        kill -0 "$processor_pid" 2>/dev/null || break
        sleep 0.2
    done
    for pid in "${shown[@]}"; do
        stop "$pid"
    done
}

summary() {
    metrics /metrics >"$dir/metrics.txt" || true
    python3 "$here/demo/summary.py" "$dir/metrics.txt" "$dir/alerts.out"
}

# finish: ends everything that was started, by process id, and says what came out.
finish() {
    local status=${1:-1} pid
    trap - INT TERM EXIT
    if [ -n "$sites_pid" ]; then
        stop "$sites_pid"
        sleep 1
        summary || [ -n "$interrupted" ] || status=$?
        tail -n 1 "$dir/sites.log" >&2
    fi
    for pid in "${pids[@]}"; do
        stop "$pid"
    done
    if [ -z "$keep" ]; then
        "$here/stack.sh" down --purge --dir "$dir/stack" || true
    else
        say "the stack goes on: $here/stack.sh down --dir $dir/stack"
    fi
    say "logs, alerts and the truth: $dir"
    exit "$status"
}

main() {
    read_options "$@"
    dir=$FLOORWALKER_CACHE/demo
    "$here/deps.sh"
    build
    rm -f "$dir"/*.{out,log,txt,jsonl} 2>/dev/null || true
    mkdir -p "$dir"
    trap 'finish 1' EXIT TERM
    trap 'interrupted=yes; finish 0' INT
    say "starting Kafka, the schema registry and Redis"
    "$here/stack.sh" up --dir "$dir/stack" >"$dir/stack.txt"
    addresses
    write_contract
    began_at=$(($(date +%s) * 1000))
    start processor "$bin/floorwalker" run --config "$here/demo/floorwalker.yaml"
    await_ready "$processor_pid"
    start alerts "$bin/floorwalker" tail --config "$here/demo/floorwalker.yaml" --json \
        --from "$began_at"
    say "the board: KPIs are in $FLOORWALKER_REDIS, alerts on $FLOORWALKER_KAFKA_BROKERS"
    traffic
    watch
    finish 0
}

main "$@"
