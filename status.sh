#!/bin/sh
# Says whether this site is protected now, a line for each check with ✓ or ✗; the last line is
# "All checks passed ✓" when so, and the exit code 0. Options go to `pra status`: --json, --nagios, --lang fr.
set -eu

self=$0
while [ -h "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=$(dirname -- "$self")/$target ;;
  esac
done
root=$(CDPATH='' cd -- "$(dirname -- "$self")" && pwd -P)

# A run that a schedule starts is recorded: `pra schedule run` starts this script again, without PRA_JOB.
if [ -n "${PRA_JOB:-}" ]; then
  job=$PRA_JOB
  unset PRA_JOB
  exec "$root/pra" schedule run "$job" -- "$root/status.sh" "$@"
fi

exec "$root/pra" status "$@"
