#!/usr/bin/env bash
# Installs what is missing, builds, tests. The last line is `N passed, N failed`.
#
#   tests/run.sh [unit|sim|integration|fuzz|tidy|all] [arguments for pytest]
#
#   unit          C tests of single modules (cmocka), as shipped and under ASan and UBSan
#   sim           the real engine over a simulated world, likewise
#   integration   the built programs on a real Kafka, registry and Redis of their own
#   fuzz          each fuzzer for a short time (FUZZ_SECONDS, default 20)
#   tidy          the house rules, and clang-tidy
#   all           all of these; the default
#
# Each kind prints its own failures; a build that fails is one failure of the kind that needs it.
set -euo pipefail
# shellcheck source=deploy/local/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../deploy/local/lib.sh"

cd "$FW_ROOT"
FUZZ_SECONDS=${FUZZ_SECONDS:-20}
export FLOORWALKER_CACHE
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0:detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}

passed=0
failed=0
skipped=0

count() {
    passed=$((passed + $1))
    failed=$((failed + $2))
    skipped=$((skipped + $3))
}

heading() { printf '\n== %s (%s s so far)\n' "$*" "$SECONDS"; }

# build PRESET: configured and built once in a run; false if it cannot be.
declare -A built
build() {
    if [ -z "${built[$1]:-}" ]; then
        heading "build $1"
        built[$1]=failed
        if cmake --preset "$1" >"$work/configure-$1.log" 2>&1; then
            if cmake --build "build/$1" -j "$(nproc)" -- -k 0 >"$work/build-$1.log" 2>&1; then
                built[$1]=yes
            else
                grep -E -A 8 'error:|FAILED:|undefined' "$work/build-$1.log" | head -n 60 || true
            fi
        else
            tail -n 30 "$work/configure-$1.log"
        fi
    fi
    if [ "${built[$1]}" = failed ]; then
        printf 'the build %s failed\n' "$1"
        count 0 1 0
        return 1
    fi
}

# count_junit FILE: adds the results of a test run that was written as JUnit XML; what was skipped
# is said at the end.
count_junit() {
    local told=$1.counts counts=(0 1 0)
    if python3 tests/junit_counts.py "$1" >"$told"; then
        read -r -a counts <"$told"
        sed 1d "$told" >>"$work/skipped"
    fi
    count "${counts[@]}"
}

# c_tests LABEL PRESET
c_tests() {
    local junit=$work/$1-$2.xml
    build "$2" || return 0
    heading "$1, build $2"
    ctest --test-dir "build/$2" -L "^$1\$" -j "$(nproc)" --output-on-failure --no-tests=error \
        --output-junit "$junit" || true
    count_junit "$junit"
}

# python_tests NAME FOLDER [pytest arguments]
python_tests() {
    local name=$1 folder=$2 junit=$work/$1.xml
    shift 2
    heading "$name"
    "$venv/bin/pytest" -p no:cacheprovider -q --tb=short --timeout=300 --junit-xml="$junit" \
        "$folder" "$@" || true
    count_junit "$junit"
}

run_unit() {
    c_tests unit release
    c_tests unit asan-ubsan
}

run_sim() {
    c_tests sim release
    c_tests sim asan-ubsan
}

# Most of a test with a real broker is waiting: four run side by side, each on a stack of its own.
run_integration() {
    local program
    build release || return 0
    FLOORWALKER_BIN=$FW_ROOT/build/release/bin/floorwalker
    FLOORSIM_BIN=$FW_ROOT/build/release/bin/floorsim
    export FLOORWALKER_BIN FLOORSIM_BIN
    for program in "$FLOORWALKER_BIN" "$FLOORSIM_BIN"; do
        if [ ! -x "$program" ]; then
            printf '%s was not built\n' "$program"
            count 0 1 0
            return 0
        fi
    done
    unset KAFKA REGISTRY REDIS
    python_tests integration tests/integration -n 4 --dist worksteal "$@"
}

run_fuzz() {
    local target
    build fuzz || return 0
    mapfile -t targets < <(find build/fuzz -type f -executable -name 'fuzz_*' | sort)
    heading "fuzz, ${#targets[@]} targets, $FUZZ_SECONDS s each"
    if [ ${#targets[@]} = 0 ]; then
        printf 'no fuzzer is built\n'
        count 0 0 1
    fi
    for target in "${targets[@]}"; do
        while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
            wait -n || true
        done
        fuzz_one "$target" &
    done
    wait
    for target in "${targets[@]}"; do
        tell_of_fuzzer "${target##*/}"
    done
}

# fuzz_one PROGRAM: begins with the seeds in tests/fuzz/corpus/NAME, if there are any.
fuzz_one() {
    local name=${1##*/} folders
    folders=("$work/corpus-$name")
    mkdir -p "${folders[0]}" build/fuzz/crashes
    [ ! -d "tests/fuzz/corpus/$name" ] || folders+=("tests/fuzz/corpus/$name")
    "$1" -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/crashes/$name-" "${folders[@]}" >"$work/$name.log" 2>&1 &&
        touch "$work/$name.passed"
}

tell_of_fuzzer() {
    if [ -e "$work/$1.passed" ]; then
        sed -n "s/^stat::number_of_executed_units: */$1, runs: /p" "$work/$1.log"
        count 1 0 0
    else
        tail -n 40 "$work/$1.log"
        printf '%s failed; the input is in build/fuzz/crashes\n' "$1"
        count 0 1 0
    fi
}

run_tidy() {
    # clang-tidy reads the compile commands of this build, which need no object files.
    cmake --preset asan-ubsan >"$work/configure-tidy.log" 2>&1 || true
    python_tests tidy tests/tidy "$@"
}

finish() {
    rm -rf "$work"
}

main() {
    local kind=${1:-all}
    case $kind in
    unit | sim | integration | fuzz | tidy) kinds=("$kind") ;;
    all) kinds=(tidy unit sim integration fuzz) ;;
    *) usage_error "unknown kind $kind; known are unit, sim, integration, fuzz, tidy and all" ;;
    esac
    [ $# = 0 ] || shift
    SECONDS=0
    deploy/local/deps.sh --checks
    venv=$(tests/venv.sh)
    work=$(mktemp -d)
    trap finish EXIT
    for kind in "${kinds[@]}"; do
        "run_$kind" "$@"
    done
    printf '\n%s s\n' "$SECONDS"
    [ ! -s "$work/skipped" ] || sort -u "$work/skipped"
    [ "$skipped" = 0 ] || skips=", $skipped skipped"
    printf '%s passed, %s failed%s\n' "$passed" "$failed" "${skips:-}"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

main "$@"
