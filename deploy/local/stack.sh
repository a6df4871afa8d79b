#!/usr/bin/env bash
# A real Kafka (KRaft), schema registry and Redis on loopback ports, their data in one folder.
#
#   deploy/local/stack.sh up|down|status [options]
#
#   --dir DIR             data, logs and process ids (default: the user's cache folder)
#   --kafka-port N        0, the default, takes a free port; likewise
#   --registry-port N
#   --redis-port N
#   --kafka-login U:P     Kafka also listens on a second port, printed as KAFKA_LOGIN=host:port,
#                         that asks for this user and password (SASL PLAIN) and keeps to ACLs,
#                         which the first port may set; with the folder's first start
#   --proxy-port N        Kafka has a second address, of which it tells its clients that it is at
#                         port N: for a proxy there, which forwards to what `status` calls PROXIED
#   --only NAME[,NAME]    of kafka, registry, redis: only these
#   --purge               with down: remove DIR as well
#
# `up` returns when all answer; where they run already, it only says where. `status` prints
# KAFKA=host:port, REGISTRY=URL and REDIS=URL for those that answer; its status is 0 if all do. The
# same lines are in DIR/env. Data outlive `down`. What is stopped is stopped by its process id,
# after a look at whether it is still ours.
set -euo pipefail
# shellcheck source=deploy/local/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

HOST=127.0.0.1
READY_WITHIN_S=90
STOP_WITHIN_S=20
ALL=(kafka registry redis)

declare -A wanted_port=([kafka]=0 [controller]=0 [registry]=0 [redis]=0)

# ---- processes -------------------------------------------------------------------------------

# start_time PID: in the kernel's ticks since boot; with the id it names a process for good.
start_time() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    stat=${stat##*) }
    # shellcheck disable=SC2086
    set -- $stat
    [ "$1" != Z ] && printf '%s\n' "${20}"
}

# running NAME: prints its process id if the process that we started still is.
running() {
    local pid since
    [ -r "$dir/$1/pid" ] || return 1
    read -r pid since <"$dir/$1/pid" || return 1
    [ "$(start_time "$pid")" = "$since" ] && printf '%s\n' "$pid"
}

# launch NAME COMMAND...: in a session of its own, so that the terminal's Ctrl-C reaches only its
# owner.
launch() {
    local name=$1 pid
    shift
    (cd "$dir/$name" && exec setsid "$@" >>"$dir/$name/log" 2>&1 </dev/null 7>&- 8>&- 9>&-) &
    pid=$!
    printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$dir/$name/pid"
}

stop() {
    local pid i
    pid=$(running "$1") || {
        rm -f "$dir/$1/pid"
        return 0
    }
    kill -TERM "$pid"
    for ((i = 0; i < STOP_WITHIN_S * 10; i++)); do
        running "$1" >/dev/null || break
        sleep 0.1
    done
    if pid=$(running "$1"); then
        say "$1 did not stop within $STOP_WITHIN_S s and is killed"
        kill -KILL "$pid"
    fi
    rm -f "$dir/$1/pid"
}

# ---- ports -----------------------------------------------------------------------------------

# Below the range from which the kernel takes the ports of outgoing connections.
free_port() {
    python3 - "$HOST" <<'PY'
import random, socket, sys
for port in random.sample(range(18000, 32000), 2000):
    with socket.socket() as s:
        try:
            s.bind((sys.argv[1], port))
        except OSError:
            continue
        print(port)
        break
else:
    sys.exit("no free port")
PY
}

port_is_free() { ! (exec 3<>"/dev/tcp/$HOST/$1") 2>/dev/null; }

# port_for NAME: the one that was asked for, else the one it had, if nobody took it meanwhile, else
# a free one.
port_for() {
    local wanted=${wanted_port[$1]:-0} had
    if [ "$wanted" != 0 ]; then
        port_is_free "$wanted" || die "port $wanted for $1 is taken; choose another, or 0 for any"
    else
        had=$(cat "$dir/$1/port" 2>/dev/null || echo 0)
        if [ "$had" != 0 ] && port_is_free "$had"; then
            wanted=$had
        else
            wanted=$(free_port)
        fi
    fi
    printf '%s\n' "$wanted" >"$dir/$1/port"
    printf '%s\n' "$wanted"
}

port_of() { cat "$dir/$1/port"; }

# ---- Kafka -----------------------------------------------------------------------------------

# login_settings: a listener that asks for the user and password in DIR/login/user, who may do what
# no ACL forbids.
login_settings() {
    local user password
    IFS=: read -r user password <"$dir/login/user"
    cat <<TXT
listener.name.login.sasl.enabled.mechanisms=PLAIN
listener.name.login.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule \
    required user_$user="$password";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found=true
TXT
}

# The settings that differ from Kafka's own defaults do so because there is one broker, or to start
# quickly.
kafka_settings() {
    local login=${3:+",LOGIN://$HOST:$3"} proxied=${4:+",PROXIED://$HOST:$4"}
    cat <<TXT
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@$HOST:$2
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://$HOST:$1,CONTROLLER://$HOST:$2$login$proxied
advertised.listeners=PLAINTEXT://$HOST:$1$login${4:+,PROXIED://$HOST:$(cat "$dir/proxy/port")}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,\
    LOGIN:SASL_PLAINTEXT,PROXIED:PLAINTEXT
log.dirs=$dir/kafka/data
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=8
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=33554432
TXT
}

kafka_logging() {
    cat <<TXT
status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %-5p %c{1}: %m%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
TXT
}

start_kafka() {
    local port controller_port login_port='' proxied_port='' id
    port=$(port_for kafka)
    controller_port=$(port_for controller)
    if [ -n "$kafka_login" ]; then
        mkdir -p "$dir/login"
        printf '%s\n' "$kafka_login" >"$dir/login/user"
    fi
    if [ -n "$proxy_port" ]; then
        mkdir -p "$dir/proxy" "$dir/proxied"
        printf '%s\n' "$proxy_port" >"$dir/proxy/port"
    fi
    [ ! -e "$dir/proxy/port" ] || proxied_port=$(port_for proxied)
    [ ! -e "$dir/login/user" ] || login_port=$(port_for login)
    {
        kafka_settings "$port" "$controller_port" "$login_port" "$proxied_port"
        [ -z "$login_port" ] || login_settings
    } >"$dir/kafka/server.properties"
    kafka_logging >"$dir/kafka/log4j2.properties"
    if [ ! -e "$dir/kafka/data/meta.properties" ]; then
        id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c 1-22)
        quietly "$dir/kafka/format.log" \
            java -cp "$jars/kafka/*" -Xmx256m kafka.tools.StorageTool format \
            --cluster-id="$id" --config "$dir/kafka/server.properties"
    fi
    # shellcheck disable=SC2086
    launch kafka java ${KAFKA_HEAP_OPTS:--Xms256m -Xmx768m} -XX:+UseG1GC -Djava.awt.headless=true \
        -Dlog4j2.configurationFile="$dir/kafka/log4j2.properties" -cp "$jars/kafka/*" \
        kafka.Kafka "$dir/kafka/server.properties"
}

# The port is open before the broker is: only an answer with a broker in it says that topics can be
# made.
kafka_answers() { kcat -b "$HOST:$(port_of kafka)" -L -m 2 2>/dev/null | grep -q '^ 1 brokers:'; }
kafka_line() {
    printf 'KAFKA=%s:%s\n' "$HOST" "$(port_of kafka)"
    [ ! -e "$dir/login/user" ] || printf 'KAFKA_LOGIN=%s:%s\n' "$HOST" "$(port_of login)"
    [ ! -e "$dir/proxied/port" ] || printf 'PROXIED=%s:%s\n' "$HOST" "$(port_of proxied)"
}

# ---- schema registry -------------------------------------------------------------------------

# Its store is a file: schema ids that stand in Kafka's records must outlive a restart, too.
start_registry() {
    local port
    port=$(port_for registry)
    launch registry env REGISTRY_DATASOURCE_URL="jdbc:h2:file:$dir/registry/data/store" \
        java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true \
        -Dquarkus.http.host="$HOST" -Dquarkus.http.port="$port" -Dquarkus.log.level=WARN \
        -Dquarkus.log.file.enable=false -Dquarkus.datasource.jdbc.initial-size=2 \
        -Dquarkus.datasource.jdbc.min-size=2 -Dquarkus.datasource.jdbc.max-size=20 \
        -jar "$jars"/registry/apicurio-registry-app-*-runner.jar
}

# http_ok PORT PATH: whether a GET is answered with 200.
http_ok() {
    local reply=
    exec 3<>"/dev/tcp/$HOST/$1" || return 1
    printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$2" "$HOST" >&3
    IFS= read -r -t 5 reply <&3 || true
    exec 3>&-
    [[ $reply == 'HTTP/1.1 200'* ]]
}

registry_answers() { (http_ok "$(port_of registry)" /apis/ccompat/v7/subjects) 2>/dev/null; }
registry_line() { printf 'REGISTRY=http://%s:%s/apis/ccompat/v7\n' "$HOST" "$(port_of registry)"; }

# ---- Redis -----------------------------------------------------------------------------------

# Nothing is saved: Redis holds a view, and coming back empty is a case that the program must
# master anyway.
start_redis() {
    local port
    port=$(port_for redis)
    launch redis redis-server --bind "$HOST" --port "$port" --dir "$dir/redis" --save '' \
        --appendonly no --enable-debug-command local
}

redis_answers() {
    [ "$(timeout 2 redis-cli -h "$HOST" -p "$(port_of redis)" ping 2>/dev/null)" = PONG ]
}
redis_line() { printf 'REDIS=redis://%s:%s/0\n' "$HOST" "$(port_of redis)"; }

# ---- commands --------------------------------------------------------------------------------

# Somebody may take a port between its choice and the service's start: then it begins again once,
# on another.
await() {
    local name=$1 deadline=$((SECONDS + READY_WITHIN_S)) log="its log: $dir/$1/log" again=
    until running "$name" >/dev/null && "${name}_answers"; do
        if ! running "$name" >/dev/null; then
            tail -n 20 "$dir/$name/log" >&2
            [ -z "$again" ] && [ "${wanted_port[$name]}" = 0 ] ||
                die "$name ended while starting ($log)"
            say "$name ended while starting: once more, on another port"
            again=yes
            rm -f "$dir/$name/port"
            "start_$name"
        fi
        [ $SECONDS -lt $deadline ] || die "$name is silent after $READY_WITHIN_S s ($log)"
        sleep 0.1
    done
}

# Only who holds the lock changes what runs in this folder.
lock() {
    mkdir -p "$dir"
    exec 7>"$dir/lock"
    flock 7
}

up() {
    local name
    "$FW_ROOT/deploy/local/kafka/fetch.sh"
    jars=$(jars_dir)
    lock
    for name in "${only[@]}"; do
        running "$name" >/dev/null && continue
        mkdir -p "$dir/$name"
        [ "$name" != kafka ] || mkdir -p "$dir/controller"
        "start_$name"
    done
    for name in "${only[@]}"; do
        await "$name"
    done
    write_env
    status
}

# write_env: DIR/env says what runs in this folder, whatever this call was about.
write_env() {
    local name
    for name in "${ALL[@]}"; do
        if running "$name" >/dev/null; then
            "${name}_line"
        fi
    done >"$dir/env.new"
    mv "$dir/env.new" "$dir/env"
}

# What writes to Kafka and the registry is not ours to stop; the order here is only the quickest.
down() {
    local name
    [ -d "$dir" ] || return 0
    lock
    for name in "${only[@]}"; do
        stop "$name" &
    done
    wait
    write_env
    if [ -n "$purge" ]; then
        for name in "${only[@]}"; do
            running "$name" >/dev/null && die "$name still runs: $dir is kept"
        done
        rm -rf "${dir:?}"/{kafka,controller,login,proxy,proxied,registry,redis,env,lock}
        rmdir "$dir" 2>/dev/null || say "$dir holds files that are not ours and stays"
    fi
}

status() {
    local name result=0
    for name in "${only[@]}"; do
        if running "$name" >/dev/null && "${name}_answers"; then
            "${name}_line"
        else
            result=1
        fi
    done
    return $result
}

# only_from LIST: the comma-separated names.
only_from() {
    local name
    only=()
    for name in ${1//,/ }; do
        case $name in
        kafka | registry | redis) only+=("$name") ;;
        *) usage_error "--only knows kafka, registry and redis, not $name" ;;
        esac
    done
    [ ${#only[@]} -gt 0 ] || usage_error "--only needs a name: kafka, registry or redis"
}

set_port() {
    [[ $2 =~ ^[0-9]+$ ]] && [ "$2" -le 65535 ] ||
        usage_error "--$1-port must be a number from 0 to 65535, not $2"
    wanted_port[$1]=$2
}

main() {
    local command=${1:-} option value
    dir=$FLOORWALKER_CACHE/stack
    only=("${ALL[@]}")
    purge=
    kafka_login=
    proxy_port=
    case $command in
    up | down | status) shift ;;
    *) usage_error "usage: stack.sh up|down|status [options]; the script's head has the options" ;;
    esac
    while [ $# -gt 0 ]; do
        option=${1%%=*}
        if [ "$option" = --purge ]; then
            purge=yes
            shift
            continue
        fi
        if [[ $1 == *=* ]]; then value=${1#*=}; else
            [ $# -gt 1 ] || usage_error "$option needs a value"
            value=$2
            shift
        fi
        case $option in
        --dir) dir=$(realpath -m -- "$value") ;;
        --kafka-port) set_port kafka "$value" ;;
        --registry-port) set_port registry "$value" ;;
        --redis-port) set_port redis "$value" ;;
        --kafka-login)
            [[ $value =~ ^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$ ]] ||
                usage_error "--kafka-login must be USER:PASSWORD of letters, digits, _ . -"
            kafka_login=$value
            ;;
        --proxy-port)
            [[ $value =~ ^[1-9][0-9]*$ ]] || usage_error "--proxy-port must be a port, not $value"
            proxy_port=$value
            ;;
        --only) only_from "$value" ;;
        *) usage_error "unknown option $option" ;;
        esac
        shift
    done
    "$command"
}

main "$@"
