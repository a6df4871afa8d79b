#!/usr/bin/env bash
# The image's health check: status 0 if the program's /healthz answers 200.
set -eu

exec 3<>"/dev/tcp/127.0.0.1/${FLOORWALKER_LISTEN##*:}"
printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
IFS= read -r -t 2 reply <&3
[[ $reply == HTTP/1.*' 200'* ]]
