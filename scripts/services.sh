#!/usr/bin/env bash
# Installs the real servers that tests and benchmarks start on loopback ports of their own. Nothing is left running by this script.
set -euo pipefail
needed=()
need() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || needed+=("$2"); }
need rabbitmq-server rabbitmq-server
need smtp-source postfix
need swaks swaks
need curl curl
need haproxy haproxy
need strace strace
need faketime faketime
need slapd slapd
need freeradius freeradius
# initdb lies where only Debian's own scripts look.
compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || needed+=(postgresql)
need spamd spamd
need rspamd rspamd
[ ${#needed[@]} -eq 0 ] && exit 0

root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
echo "Installing ${needed[*]} (apt)…"
# No package may start its daemon while it is installed: the tests start their own.
policy=/usr/sbin/policy-rc.d
made=
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | root tee "$policy" >/dev/null && root chmod 755 "$policy"
  made=1
fi
trap '[ -z "$made" ] || root rm -f "$policy"' EXIT
root apt-get update -qq
root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${needed[@]}" >/dev/null
