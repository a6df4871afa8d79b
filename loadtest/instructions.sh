#!/usr/bin/env bash
# How many instructions an event takes, and where: the same to the last one whatever else the
# machine does, where a time is not. Says nothing of misses: look at CPU time, too.
#
#   loadtest/instructions.sh core                  micro_core, Avro bytes to deltas, 10,000 open
#   loadtest/instructions.sh backtest OPTIONS...   floorwalker backtest, the whole process
#
# Prints instructions per event: the total, then of functions with all they call, then of
# functions alone. Needs valgrind; what it wrote stays in instructions.out of the cache, for
# callgrind_annotate --tree=both and the like.
set -euo pipefail
# shellcheck source=loadtest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ROWS=60

# counted OPTION... COMMAND...: runs the command under valgrind; its output goes to $dir/said.
counted() {
    valgrind --tool=callgrind --callgrind-out-file="$out" "$@" >"$dir/said" 2>"$dir/log" ||
        die "$(tail -n 3 "$dir/log")"
}

# per_event EVENTS ANNOTATE_OPTION...: the rows of callgrind_annotate, divided.
per_event() {
    local events=$1
    shift
    callgrind_annotate "$@" "$out" |
        sed -nE 's/^ *([0-9,]+) \([ 0-9.]+%\) +([^ ].*)$/\1 \2/p' | sed 's/ \[[^]]*\]$//' |
        awk -v n="$events" -v rows="$ROWS" '
            { gsub(",", "", $1); count = $1; sub("^[^ ]* ", "")
              sub("^.*/\\.\\./\\.\\./", ""); if (NR <= rows) printf "%10.1f  %s\n", count / n, $0 }'
}

main() {
    local what=${1:-} events
    [ -n "$(command -v valgrind)" ] || die "valgrind is needed: apt-get install valgrind"
    "$FW_ROOT/deploy/local/deps.sh"
    dir=$FLOORWALKER_CACHE/instructions
    out=$dir/instructions.out
    mkdir -p "$dir"
    case $what in
    core)
        build micro_core
        counted --toggle-collect=apply "$bin/micro_core" 10000
        events=$(awk 'END { print $NF }' "$dir/said")
        ;;
    backtest)
        build floorwalker
        counted "$bin/floorwalker" "$@" --json
        events=$(sed -n 's/.*"record":"input".*"events":\([0-9]*\).*/\1/p' "$dir/said")
        ;;
    *) die "core or backtest; the script's head says more" ;;
    esac
    printf '%s\n' "$events events" "with what they call:"
    per_event "$events" --inclusive=yes
    printf '%s\n' "alone:"
    per_event "$events"
}

main "$@"
