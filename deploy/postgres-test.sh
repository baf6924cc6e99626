#!/usr/bin/env bash
# Runs a command with a throw-away PostgreSQL server and passes on its exit code.
#
#   postgres-test.sh COMMAND [ARGUMENT ...]
#
# The command finds the server in DISK2ISO_TEST_POSTGRES. It listens on a Unix socket in a temporary
# folder only, so any number of runs can be under way at once. Its data is not synced to disk.
set -euo pipefail

fail() {
  echo "postgres-test.sh: $*" >&2
  exit 1
}

(($# > 0)) || fail "usage: postgres-test.sh COMMAND [ARGUMENT ...]"

# Debian keeps the server's programs outside PATH, one folder per version; the newest is taken.
bin=$(find /usr/lib/postgresql/*/bin -maxdepth 1 -name initdb 2>/dev/null | sort -V | tail -n 1)
bin=${bin:-$(command -v initdb || true)}
[[ -n $bin ]] || fail "PostgreSQL's initdb is not installed; run: deploy/bootstrap.sh test"
bin=$(dirname "$bin")

# PostgreSQL refuses to run as root.
as_server=()
if ((EUID == 0)); then
  server_user=postgres
  id -u "$server_user" >/dev/null 2>&1 || server_user=nobody
  as_server=(runuser -u "$server_user" --)
fi

# Always below /tmp: a socket's path may have 107 bytes, and TMPDIR can be long.
folder=$(mktemp -d /tmp/disk2iso-pg.XXXXXX)
command_pid=

# shellcheck disable=SC2317 # called by trap
finish() {
  # A second signal must not interrupt the clean-up.
  trap '' INT TERM HUP
  if [[ -s $folder/data/postmaster.pid ]]; then
    "${as_server[@]}" "$bin/pg_ctl" stop -D "$folder/data" -m immediate -t 30 >/dev/null 2>&1 || true
  fi
  rm -rf "$folder"
}
# shellcheck disable=SC2317 # called by trap
interrupted() {
  [[ -n $command_pid ]] || exit 1
  # Always TERM: a shell without job control starts its background commands with SIGINT ignored.
  kill "$command_pid" 2>/dev/null || true
}
trap finish EXIT
trap interrupted INT TERM HUP

# The server's user owns the folder; the command's user needs to pass through it to the socket.
chmod 755 "$folder"
((EUID != 0)) || chown "$server_user" "$folder"
cd "$folder"
"${as_server[@]}" "$bin/initdb" -D "$folder/data" -U disk2iso -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$folder/initdb.log" 2>&1 ||
  { cat "$folder/initdb.log" >&2; fail "initdb failed"; }
options="-k '$folder' -c listen_addresses='' -c fsync=off -c max_connections=200"
# The log is opened by the server's user, so that it can be written whoever started this.
"${as_server[@]}" "$bin/pg_ctl" start -D "$folder/data" -l "$folder/server.log" -w -t 60 -o "$options" >/dev/null ||
  { cat "$folder/server.log" >&2; fail "the server did not start"; }
cd "$OLDPWD"

export DISK2ISO_TEST_POSTGRES=postgres://disk2iso@${folder//\//%2F}/postgres
# In the background, because the shell acts on a signal at once only while it waits. Input stays the caller's.
"$@" <&0 &
command_pid=$!
status=0
wait "$command_pid" || status=$?
# A signal ends `wait` early; the command may need time to stop.
while kill -0 "$command_pid" 2>/dev/null; do
  status=0
  wait "$command_pid" || status=$?
done
exit "$status"
