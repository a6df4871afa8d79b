#!/usr/bin/env bash
# Prints the Debian packages that a program needs to run: those that own the libraries it links, the
# event loop plug-in that libwebsockets loads by name, certificates and time zones.
set -euo pipefail

program=$1
{
    ldd "$program" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p'
    find /usr/lib -name 'libwebsockets-evlib_uv.so'
} | xargs -n 1 realpath | xargs dpkg -S | cut -d : -f 1 | sort -u
printf '%s\n' ca-certificates tzdata
