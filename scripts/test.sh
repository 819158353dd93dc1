#!/bin/bash
# Everything from a fresh machine to all tests passed: bash scripts/test.sh
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh test
step() { echo; echo "== $*"; "$@"; }

step cargo fmt --all --check
step cargo clippy --locked --workspace --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" step cargo doc --locked --no-deps --document-private-items
step cargo build --locked --workspace
echo "kryoptic: $(bash scripts/kryoptic.sh | tail -n 1)"
if cargo nextest --version >/dev/null 2>&1; then
  step cargo nextest run --locked --workspace
else
  step cargo test --locked --workspace --lib --bins --tests
fi
step cargo test --locked --doc
step bash scripts/deb-check.sh dev
echo; echo "test: all passed"
