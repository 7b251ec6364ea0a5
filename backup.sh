#!/bin/sh
# Takes a backup into BACKUP_DIR and prints its path and size: --full, --incremental, or neither for the
# policy (a full one each week, else incremental). Further options go to `pra backup`: --note T, --json, --lang fr.
# BACKUP_METHOD decides what is made: physical (`pra backup`), logical (`pra dump`) or both. The configuration is
# read by `pra` alone: .env is data, and no shell ever runs it.
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
  exec "$root/pra" schedule run "$job" -- "$root/backup.sh" "$@"
fi

# With an own --env-file, the method stands there.
env_file= lang= previous=
for word in "$@"; do
  case $word in
    --env-file=*) env_file=${word#--env-file=} ;;
    --lang=*) lang=${word#--lang=} ;;
    -h | --help) exec "$root/pra" backup --help ;;
    *)
      [ "$previous" != --env-file ] || env_file=$word
      [ "$previous" != --lang ] || lang=$word
      ;;
  esac
  previous=$word
done
method=$("$root/pra" config get BACKUP_METHOD ${env_file:+--env-file "$env_file"} ${lang:+--lang "$lang"})

status=0
case $method in
  logical) ;;
  physical) exec "$root/pra" backup "$@" ;;
  *) "$root/pra" backup "$@" || status=$? ;;
esac

# A dump is always whole: what asks for one kind of physical backup is not for it.
count=$#
while [ "$count" -gt 0 ]; do
  word=$1
  shift
  count=$((count - 1))
  case $word in
    --full | --incremental) ;;
    *) set -- "$@" "$word" ;;
  esac
done
"$root/pra" dump "$@" || status=$?
exit "$status"
