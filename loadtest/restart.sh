#!/usr/bin/env bash
# How soon a killed process is live again, on a real Kafka, registry and Redis.
#
#   loadtest/restart.sh [options]
#
#   --open N         interactions that are open (1000000)
#   --partitions N   of the topic (8)
#   --runs N         how often it is killed (3)
#
# The last line is a JSON object: the seconds from the start of each successor to /readyz, and the
# longest time for which serialising a task stopped the loop.
set -euo pipefail
# shellcheck source=deploy/local/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../deploy/local/lib.sh"

open=1000000
partitions=8
runs=3

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --open | --partitions | --runs)
            [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || usage_error "$1 needs a number above 0"
            printf -v "${1#--}" '%s' "$2"
            shift
            ;;
        *) usage_error "no such option: $1; the script's head has the options" ;;
        esac
        shift
    done
}

build() {
    say "building"
    mkdir -p "$FLOORWALKER_CACHE/logs"
    (cd "$FW_ROOT" && quietly "$FLOORWALKER_CACHE/logs/restart-configure.log" \
        cmake --preset release)
    (cd "$FW_ROOT" && quietly "$FLOORWALKER_CACHE/logs/restart-build.log" \
        cmake --build --preset release --target floorwalker)
}

main() {
    local dir venv
    read_options "$@"
    "$FW_ROOT/deploy/local/deps.sh"
    build
    venv=$("$FW_ROOT/tests/venv.sh")
    dir=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "'$FW_ROOT/deploy/local/stack.sh' down --purge --dir '$dir/stack' >/dev/null; \
        rm -rf '$dir'" EXIT
    say "starting Kafka, the schema registry and Redis"
    "$FW_ROOT/deploy/local/stack.sh" up --dir "$dir/stack" >"$dir/stack.txt"
    set -a
    # shellcheck disable=SC1091
    . "$dir/stack.txt"
    set +a
    "$venv/bin/python" "$FW_ROOT/loadtest/restart.py" --open "$open" --partitions "$partitions" \
        --runs "$runs" --dir "$dir"
}

main "$@"
