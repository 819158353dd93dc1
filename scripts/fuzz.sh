#!/bin/bash
# Throws invented bytes at the four parsers that read what others wrote (fuzz/fuzz_targets), each for so
# many seconds, from the seeds in fuzz/seeds:
#   bash scripts/fuzz.sh [SECONDS] [TARGET...]
# Installs cargo-fuzz and a nightly toolchain when they are missing. What it finds stays in
# fuzz/artifacts: it becomes a test. The first build takes some minutes, in a folder of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-180}
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=(sheet parcel profile frame)
# This program has no unsafe code: what a sanitizer would see is for its crates to look at.
sanitizer=${SANITIZER:-none}

if ! rustup toolchain list | grep -q '^nightly'; then
  echo "fuzz: installing a nightly toolchain"
  rustup toolchain install nightly --profile minimal
fi
if ! command -v cargo-fuzz >/dev/null; then
  echo "fuzz: installing cargo-fuzz"
  cargo install cargo-fuzz --locked
fi

# The versions that the program has.
[ -f fuzz/Cargo.lock ] || cp Cargo.lock fuzz/Cargo.lock
for target in "${targets[@]}"; do
  seeds=fuzz/seeds/$target
  [ "$target" != profile ] || seeds=token-profiles
  mkdir -p "fuzz/corpus/$target"
  echo "fuzz: $target for $seconds seconds"
  cargo +nightly fuzz run --sanitizer "$sanitizer" "$target" "fuzz/corpus/$target" "$seeds" -- \
    -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1
done
