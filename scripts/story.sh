#!/bin/bash
# The paper chain in full: four levels, twenty requests, seventeen ukeys, the CA by files. Takes some
# minutes; the suite does the same with three requests.
set -euo pipefail
cd "$(dirname "$0")/.."
STORY_IN_FULL=1 cargo test --locked --test story -- --nocapture
