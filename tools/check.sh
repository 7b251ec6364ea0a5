#!/bin/sh
# Everything that can be judged without running the product: format, lint, types, dead code,
# architecture, generated files. The same command locally and in CI.
set -eu
cd "$(dirname "$0")/.."
prettier --check --log-level warn .
oxlint --type-aware --deny-warnings src tests tools
tsc -p .
knip --no-progress
node --test --test-reporter=dot tests/architecture.test.ts
