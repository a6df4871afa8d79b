#!/usr/bin/env bash
# The benchmark: one broker, one topic, and several programs that read it to its end in turns.
#
#   loadtest/bench.sh [options]
#
#   --events N       how many events the topic gets (5000000); one in a thousand comes twice
#   --repeats N      of all contenders in turns (5): the figures are medians
#   --partitions N   of the topic (8)
#   --rate N         events per simulated second: how dense the traffic is (2000)
#   --tenants N      (1)
#   --peers          Kafka Streams and Flink as well: builds and runs Java
#   --out FOLDER     where the results go (with peers loadtest/results, else a folder of the cache)
#
#   bare-consumer          librdkafka drains the topic, nothing is done with the records
#   floorwalker            judges loadtest/contract.yaml: item clocks, 80/20, windows up to quarters
#   kafka-streams          loadtest/peers/streams: one-minute windows and 80/20 alone
#   kafka-streams-adding   the same; each partition adds up before the repartition
#   flink                  loadtest/peers/flink: as kafka-streams
#
# All but the first have exactly-once on. A contender's time and CPU are those of its whole process,
# from its start to its end (a JVM's start too); `steady` is its rate between the first and the last
# record that it reads, where it tells (floorwalker tells no CPU of it). Broker CPU is what the
# broker's process spends meanwhile. `correct`: the consumer saw every record; floorwalker's totals
# in Redis, and those of the peers' topic of minutes, equal what the simulated sites say happened.
# Floorwalker's clock is stopped at the next step of a day's window after the last event, so that
# the day shows all of it.
#
# Prints a table, then a JSON line for each contender; bench.md, bench.jsonl (a line per figure,
# with each run's) and bench.svg go to the folder of results. Status 0 if floorwalker and the
# consumer were correct; that a peer was wrong is a result.
set -euo pipefail
# shellcheck source=loadtest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

JVM_HEAP=2g
PEER_FIGURES=(offered answered answered_20s abandoned handled handle_ms)

events=5000000
repeats=5
partitions=8
rate=2000
tenants=1
peers=
out=

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --events | --repeats | --partitions | --rate | --tenants)
            [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || usage_error "$1 needs a number above 0"
            printf -v "${1#--}" '%s' "$2"
            shift
            ;;
        --peers) peers=yes ;;
        --out)
            [ -n "${2:-}" ] || usage_error "$1 needs a folder"
            out=$(realpath -m -- "$2")
            shift
            ;;
        *) usage_error "no such option: $1; the script's head has the options" ;;
        esac
        shift
    done
}

# A few minutes of three times the calls for billing, so that there is something to alert on.
fill() {
    say "filling the topic with $events events"
    "$bin/floorsim" --brokers "$brokers" --registry "$registry" --topic-prefix bench. \
        --partitions "$partitions" --events "$events" --rate "$rate" --tenants "$tenants" \
        --profile flat --channels voice,chat,messaging --load 1 --burst '*:billing:3:2m:5m' \
        --duplicates 0.001 --truth "$dir/total.json" --totals
    records=$(($(happened events) + $(happened duplicates)))
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
  group: bench-$1
  topics: {partitions: $partitions, replication: 1}
topic_prefix: bench.
schema_registry: $registry
redis: $redis
instance: bench-1
clock: log
start: earliest
contracts: $dir/contracts
listen: 127.0.0.1:0
log: {level: info, format: json}
TXT
}

# read_seconds: from when floorwalker's first partition was live to the end of its input.
read_seconds() {
    python3 - "$dir/floorwalker.log" <<'PY'
import datetime, json, sys
def at(name):
    for line in open(sys.argv[1]):
        if f'"event":"{name}"' in line:
            return datetime.datetime.fromisoformat(json.loads(line)["at"].replace("Z", "+00:00"))
print((at("input_ended") - at("partition_live")).total_seconds())
PY
}

# fresh TOPIC...: nothing but the input is on the broker, besides these.
fresh() {
    redis-cli -u "$redis" flushall >/dev/null
    "$python" "$FW_ROOT/loadtest/bench_topics.py" "$brokers" bench.interactions "$partitions" "$@"
}

# contend RUN NAME JUDGE COMMAND...: runs and measures a contender; JUDGE says whether it was right.
contend() {
    local run=$1 name=$2 judge=$3 cost wall cpu rss broker correct steady
    shift 3
    say "run $run: $name"
    if ! cost=$(python3 "$FW_ROOT/loadtest/measure.py" --beside "$broker_pid" "$@" \
        2>"$dir/$name.log"); then
        tail -n 5 "$dir/$name.log" >&2
        die "$name failed"
    fi
    correct=$($judge)
    read -r wall cpu rss broker <<<"${cost##*$'\n'}"
    steady=$(sed -n 's/^steady //p' "$dir/$name.log")
    [ "$name" != floorwalker ] || steady="$records $(read_seconds)"
    python3 - "$name" "$records" "$correct" "$wall" "$cpu" "$rss" "$broker" "$(late_of "$name")" \
        "$steady" >>"$dir/runs.jsonl" <<'PY'
import json, sys
name, records, correct, wall, cpu, rss, broker, late, steady = sys.argv[1:]
records = int(records)
row = {"name": name, "events_per_s": records / float(wall),
       "cpu_ns_per_event": float(cpu) * 1e9 / records, "rss_mb": float(rss),
       "broker_cpu_ns_per_event": float(broker) * 1e9 / records,
       "correct": correct == "true"}
if late:
    row["late_dropped"] = int(late)
if steady:
    count, seconds, *cpu_s = map(float, steady.split())
    row |= {"steady_events_per_s": count / seconds}
    if cpu_s:
        row |= {"steady_cpu_ns_per_event": cpu_s[0] * 1e9 / count}
print(json.dumps(row))
PY
}

# late_of NAME: how many records a peer says that it dropped as late; others say nothing.
late_of() {
    sed -n 's/^late //p' "$dir/$1.log"
}

# The consumer says itself how many records it saw.
saw_all() {
    grep -q "^$records records" "$dir/bare-consumer.log" && echo true || echo false
}

floorwalker_agrees() {
    totals_agree service_level.n:answered_20s handled:handled aht_ms.n:handle_ms
}

# peer_agrees: a peer's committed totals beside what happened; and that the burst was told of.
peer_agrees() {
    local name result=true seen
    "$python" "$FW_ROOT/loadtest/peer_totals.py" "$brokers" "$prefix" >"$dir/seen.json"
    for name in "${PEER_FIGURES[@]}"; do
        seen=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' \
            "$dir/seen.json" "$name")
        if [ "$seen" != "$(happened "$name")" ]; then
            say "$name is $seen in its topic and $(happened "$name") in truth"
            result=false
        fi
    done
    if grep -q '"alerts": 0' "$dir/seen.json"; then
        say "no alert fired"
        result=false
    fi
    printf '%s\n' $result
}

# peer RUN NAME JARS CLASS [WORD...]: on topics and a folder of its own.
peer() {
    local run=$1 name=$2 jars=$3 class=$4
    shift 4
    prefix=$name-$run.
    rm -rf "${dir:?}/$name"
    mkdir -p "$dir/$name"
    fresh "${prefix}minutes" "${prefix}alerts"
    contend "$run" "$name" peer_agrees java "-Xmx$JVM_HEAP" \
        -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp "$jar_root/$jars/*" \
        "floorwalker.peers.$class" "$brokers" bench.interactions "$prefix" "$records" \
        "$dir/$name" "$@"
}

turn() {
    fresh
    contend "$1" bare-consumer saw_all "$bin/bare_consumer" "$brokers" bench.interactions
    write_settings "$1"
    contend "$1" floorwalker floorwalker_agrees "$bin/floorwalker" run --config \
        "$dir/floorwalker.yaml" --until-end --final-clock "$(final_clock)"
    [ -n "$peers" ] || return 0
    peer "$1" kafka-streams streams StreamsJob
    peer "$1" kafka-streams-adding streams StreamsJob adding
    peer "$1" flink flink FlinkJob
}

main() {
    read_options "$@"
    "$FW_ROOT/deploy/local/deps.sh" ${peers:+--peers}
    build floorwalker floorsim bare_consumer
    [ -z "$peers" ] || jar_root=$("$FW_ROOT/loadtest/peers/build.sh")
    python=$("$FW_ROOT/tests/venv.sh")/bin/python
    dir=$FLOORWALKER_CACHE/bench
    if [ -z "$out" ]; then
        [ -n "$peers" ] && out=$FW_ROOT/loadtest/results || out=$dir/results
    fi
    rm -f "$dir/runs.jsonl"
    mkdir -p "$dir" "$out"
    start_stack
    broker_pid=$(cut -d ' ' -f 1 "$dir/stack/kafka/pid")
    fill
    write_contracts
    for run in $(seq "$repeats"); do
        turn "$run"
    done
    python3 "$FW_ROOT/loadtest/bench_report.py" "$dir/runs.jsonl" "$records" "$out"
}

main "$@"
