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
trap 'rm -f "$list"' EXIT
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
