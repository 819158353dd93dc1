#!/bin/bash
# How quick and how small the window is, beside a bare eframe window of the same size and font:
#   bash benches/window.sh
# The time to the first frame, memory and processor time at rest with REQUESTS (100000) requests in the store, and each
# frame while sixteen slow ukeys are made and the list is searched and scrolled. On a display of its own, without a
# graphics card: frames count what the program does for them, and not what the display does.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh day
cargo build --quiet --locked --release --workspace --example bare-window --bins --lib
folder=$(mktemp -d /dev/shm/window.XXXXXX)
trap 'rm -rf "$folder"' EXIT
export XDG_CONFIG_HOME=$folder/config LIBGL_ALWAYS_SOFTWARE=1
export SOFTHSM=${UKEY_STATION_SOFTHSM:-/usr/lib/softhsm/libsofthsm2.so} FAULTY=$PWD/target/release/libfault_module.so
xvfb-run --auto-servernum --server-args='-screen 0 1366x768x24' \
  dbus-run-session -- bash -euo pipefail -c '
    /usr/libexec/at-spi-bus-launcher --launch-immediately --a11y=1 --screen-reader=1 2>/dev/null &
    bus=$!
    trap "kill $bus" EXIT
    /usr/bin/python3 benches/window/measure.py "$@"
  ' window target/release/ukey-station target/release/examples/bare-window "$folder"
