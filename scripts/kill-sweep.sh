#!/bin/bash
# The kill tests at every point, not a sample: before and after every C_ call, at every journal
# boundary, both key types. Takes some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
KILL_SWEEP=1 cargo test --locked --test kill -- --nocapture --test-threads 1
