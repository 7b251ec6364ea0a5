#!/bin/sh
# Restores BACKUP_FILE (a dump, a backup id, a file; the newest when unset) into the test database RESTORE_DB on
# RESTORE_HOST, checks it and the application, and writes a report. It may drop and make again that database and no
# other. Options go to `pra restore-db`: --from ID, --into DB, --at TIME, --cleanup, --json, --lang fr.
# The configuration is read by `pra` alone: .env is data, and no shell ever runs it.
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

env_file= lang= previous= from= into=
for word in "$@"; do
  case $word in
    --env-file=*) env_file=${word#--env-file=} ;;
    --lang=*) lang=${word#--lang=} ;;
    --from | --from=*) from=given ;;
    --into | --into=*) into=given ;;
    -h | --help) exec "$root/pra" restore-db --help ;;
    *)
      [ "$previous" != --env-file ] || env_file=$word
      [ "$previous" != --lang ] || lang=$word
      ;;
  esac
  previous=$word
done
if [ -z "$into" ]; then
  into=$("$root/pra" config get RESTORE_DB ${env_file:+--env-file "$env_file"} ${lang:+--lang "$lang"})
  set -- --into "$into" "$@"
fi
if [ -z "$from" ] && [ -n "${BACKUP_FILE:-}" ]; then
  set -- --from "$BACKUP_FILE" "$@"
fi
exec "$root/pra" restore-db "$@"
