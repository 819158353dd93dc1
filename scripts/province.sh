#!/bin/bash
# A whole province in small, in full: 20 homes, 500 blanks down the tree, 120 made, 3 lost, 2 damaged,
# 5 returned; every balance judged at every step. Tells how long it took.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh test
cargo test --locked --quiet --test province --no-run
time STORY_IN_FULL=1 cargo test --locked --quiet --test province -- --nocapture
