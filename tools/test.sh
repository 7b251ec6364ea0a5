#!/bin/sh
# Runs the test files of the groups named, in one run of Node's test runner, so that its closing lines count
# them all and come last. Groups: unit (beside the sources and on the whole), contract, postgres, e2e,
# debian, long. A group without files is left out; a run without any file fails.
# The long tests measure, so they run one after the other.
set -eu
cd "$(dirname "$0")/.."
timeout_ms=600000
concurrency=3
list=$(mktemp)
# Where tests keep their servers, repositories and restores, and the clusters they copy (tests/support/fresh-cluster.ts): in memory where
# 8 GiB are free, for thousands of files are made and removed each second. Debian's layout and full sizes belong on a disk.
parent=/tmp
case " $* " in
  *' long '* | *' debian '*) ;;
  *)
    free=$(df -Pk /dev/shm 2>/dev/null | awk '$1 == "tmpfs" { print $4 }')
    [ "${free:-0}" -lt 8388608 ] || parent=/dev/shm
    ;;
esac
TEST_FILES=$(mktemp -d "$parent/pra-tests-XXXXXX")
chmod 755 "$TEST_FILES"
export TEST_FILES
# Hundreds of processes load the same sources.
NODE_COMPILE_CACHE=${NODE_COMPILE_CACHE:-$PWD/node_modules/.cache/tests}
export NODE_COMPILE_CACHE
trap 'rm -rf "$list" "$TEST_FILES"' EXIT
if [ "$*" = long ]; then
  timeout_ms=5400000
  concurrency=1
fi
for group in "$@"; do
  case $group in
    unit) find src tests -maxdepth 1 -name '*.test.ts' && find src -mindepth 2 -name '*.test.ts' ;;
    *) [ ! -d "tests/$group" ] || find "tests/$group" -name '*.test.ts' ;;
  esac
done | sort >"$list"
if [ ! -s "$list" ]; then
  echo "no test files in: $*" >&2
  exit 1
fi
# Names of test files have no spaces.
# shellcheck disable=SC2046
node --test --test-concurrency="$concurrency" --test-timeout="$timeout_ms" --test-reporter=spec $(cat "$list")
