#!/bin/bash
# Everything from a fresh machine to ten ukeys made in practice mode, with a table at the end:
#   bash scripts/practice.sh [DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh build
echo "practice: building (the first time takes some minutes)"
cargo build --release --locked
dir=${1:-$(mktemp -d)/practice}
station=target/release/ukey-station
"$station" practice new "$dir" --ukeys 10 --requests 10
"$station" practice run "$dir"
"$station" --home "$dir" certificate list
"$station" --home "$dir" audit verify
