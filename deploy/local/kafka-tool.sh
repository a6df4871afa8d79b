#!/usr/bin/env bash
# Runs one of Kafka's own command line tools from the stack's jars.
#
#   deploy/local/kafka-tool.sh topics --bootstrap-server HOST:PORT --list
#
# The first word is topics, configs, groups, offsets, transactions, acls, delete-records, dump-log,
# or a class name.
set -euo pipefail
# shellcheck source=deploy/local/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
topics) class=org.apache.kafka.tools.TopicCommand ;;
configs) class=kafka.admin.ConfigCommand ;;
groups) class=org.apache.kafka.tools.consumer.group.ConsumerGroupCommand ;;
offsets) class=org.apache.kafka.tools.GetOffsetShell ;;
transactions) class=org.apache.kafka.tools.TransactionsCommand ;;
acls) class=org.apache.kafka.tools.AclCommand ;;
delete-records) class=org.apache.kafka.tools.DeleteRecordsCommand ;;
dump-log) class=kafka.tools.DumpLogSegments ;;
*.*) class=$1 ;;
*) usage_error "usage: kafka-tool.sh TOOL|CLASS [arguments]; the script's head has the tools" ;;
esac
shift
"$FW_ROOT/deploy/local/kafka/fetch.sh"
logging=$(mktemp --suffix=.properties)
trap 'rm -f "$logging"' EXIT
printf 'status=error\nrootLogger.level=off\n' >"$logging"
java -Xmx256m -XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile="$logging" \
    -cp "$(jars_dir)/kafka/*" "$class" "$@"
