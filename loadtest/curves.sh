#!/usr/bin/env bash
# What an event costs as one thing grows and the others stay.
#
#   loadtest/curves.sh [options]
#
#   --events N       of each point (1000000); more where as many interactions must be open, and
#                    3,000 of each queue and tenant: all is shown once at the end
#   --repeats N      of the points of a curve in turns (3): the figures are medians
#   --axes "NAME..." open, scopes, partitions, tenants, rules, size, processes (all)
#   --out FOLDER     where curves.md, curves.jsonl and curves.svg go (a folder of the cache)
#
# Each point has a topic of its own, drained from its start as by bench.sh. CPU and memory are those
# of the whole process; what was open is read from its /metrics. A point is `correct` if the totals
# of the day's window in Redis equal what the simulated sites say happened. The curve of processes
# is another: they share the topic live, until the group has committed its end, so that there is no
# final clock and nothing to compare; loadtest/chaos.sh compares. Its rate is without the start.
#
# Prints a table for each curve. Status 0 if all that was compared was correct.
set -euo pipefail
# shellcheck source=loadtest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

events=1000000
repeats=3
axes="open scopes partitions tenants rules size processes"
out=

read_options() {
    while [ $# -gt 0 ]; do
        [ -n "${2:-}" ] || usage_error "$1 needs a value; the script's head has the options"
        case $1 in
        --events | --repeats)
            [[ $2 =~ ^[1-9][0-9]*$ ]] || usage_error "$1 needs a number above 0"
            printf -v "${1#--}" '%s' "$2"
            ;;
        --axes) axes=$2 ;;
        --out) out=$(realpath -m -- "$2") ;;
        *) usage_error "no such option: $1; the script's head has the options" ;;
        esac
        shift 2
    done
}

main() {
    local python
    read_options "$@"
    "$FW_ROOT/deploy/local/deps.sh"
    build floorwalker floorsim
    python=$("$FW_ROOT/tests/venv.sh")/bin/python
    dir=$FLOORWALKER_CACHE/curves
    out=${out:-$dir/results}
    rm -rf "$dir"
    mkdir -p "$dir" "$out"
    start_stack
    # shellcheck disable=SC2086,SC2154
    "$python" "$FW_ROOT/loadtest/curves.py" --bin "$bin" --brokers "$brokers" \
        --registry "$registry" --redis "$redis" --dir "$dir" --events "$events" \
        --repeats "$repeats" $axes >"$dir/runs.jsonl"
    "$python" "$FW_ROOT/loadtest/curves_report.py" "$dir/runs.jsonl" "$out"
}

main "$@"
