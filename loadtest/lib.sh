# What the scripts of this folder share: the build, a stack of their own, and whether the totals in
# Redis are what the simulated sites say happened. Sourced, never run. Uses $dir, a folder.
# shellcheck shell=bash
# shellcheck source=deploy/local/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../deploy/local/lib.sh"

# shellcheck disable=SC2034
bin=$FW_ROOT/build/release/bin

# build TARGET...: as it is shipped.
build() {
    say "building"
    mkdir -p "$FLOORWALKER_CACHE/logs"
    (cd "$FW_ROOT" && quietly "$FLOORWALKER_CACHE/logs/bench-configure.log" cmake --preset release)
    (cd "$FW_ROOT" && quietly "$FLOORWALKER_CACHE/logs/bench-build.log" \
        cmake --build --preset release --target "$@")
}

# start_stack: sets $brokers, $registry and $redis; ends with the script.
# shellcheck disable=SC2034,SC2154
start_stack() {
    local KAFKA REGISTRY REDIS
    say "starting Kafka, the schema registry and Redis"
    trap '"$FW_ROOT/deploy/local/stack.sh" down --purge --dir "$dir/stack" >/dev/null' EXIT
    "$FW_ROOT/deploy/local/stack.sh" up --dir "$dir/stack" >"$dir/stack.txt"
    # shellcheck disable=SC1091
    . "$dir/stack.txt"
    brokers=$KAFKA registry=$REGISTRY redis=$REDIS
}

# shown METRIC: its sum over the tenants, from the window that ends at the final clock.
shown() {
    local key sum=0 value
    while read -r key; do
        value=$(redis-cli -u "$redis" hget "$key" "$1")
        sum=$((sum + ${value:-0}))
    done < <(redis-cli -u "$redis" --scan --pattern 'fw:{*}:kpi:all:24h')
    printf '%s\n' "$sum"
}

# happened NAME: one of the totals of floorsim's truth.
happened() {
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' \
        "$dir/total.json" "$1"
}

# final_clock: the first multiple of five minutes at which every wait of 20 s has passed.
final_clock() { echo $((($(happened last_at) / 300000 + 2) * 300000)); }

# totals_agree [METRIC:NAME...]: compares what the view shows with what happened, sum by sum.
totals_agree() {
    local pair seen true_sum result=true
    for pair in offered:offered answered:answered abandoned:abandoned flowed_out:flowed_out \
        callbacks:callbacks asa_ms.n:wait_ms "$@"; do
        seen=$(shown "${pair%%:*}") true_sum=$(happened "${pair##*:}")
        if [ "$seen" != "$true_sum" ]; then
            say "${pair%%:*} is $seen in Redis and $true_sum in truth"
            result=false
        fi
    done
    printf '%s\n' $result
}
