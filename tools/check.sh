#!/bin/sh
# Everything that can be judged without running the product: format, lint, types, dead code,
# architecture, error register, generated pages. The same command locally and in CI; under 30 seconds.
set -eu
cd "$(dirname "$0")/.."
prettier --check --log-level warn .
oxlint --type-aware --deny-warnings src tests tools
tsc -p .
knip --no-progress
node tools/complete-lock.ts --check
node tools/generate-docs.ts --check
node --test --test-reporter=dot tests/architecture.test.ts tests/error-register.test.ts
