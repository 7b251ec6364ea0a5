#!/bin/sh
# Loads a throw-away PostgreSQL server, backs it up meanwhile, kills it, brings it back and judges each step: PASS or FAIL, RPO and RTO
# MET or MISSED, with a report. 45 minutes; `./loadtest.sh --duration 2m` for a short one. Never touches production's server.
# Options go to `pra loadtest`: --duration T, --clients N, --size S, --seed N, --json, --lang fr.
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

# A run that a schedule starts is recorded: `pra schedule run` starts this script again, without PRA_JOB. cron starts it each week, with
# PRA_WHEN=last-of-month: all but the last time of the month it does nothing.
if [ -n "${PRA_JOB:-}" ]; then
  job=$PRA_JOB when=${PRA_WHEN:-}
  unset PRA_JOB PRA_WHEN
  exec "$root/pra" schedule run ${when:+--when "$when"} "$job" -- "$root/loadtest.sh" "$@"
fi

exec "$root/pra" loadtest "$@"
