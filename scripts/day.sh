#!/bin/bash
# A new user's whole day in a real window on a display of its own, through the accessibility bus:
#   bash scripts/day.sh [STATION] [PICTURES]
# STATION is the program, target/debug/ukey-station if none is named; pictures of the pages go to PICTURES.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh day
station=$(realpath "${1:-target/debug/ukey-station}")
pictures=${2:+$(mkdir -p "$2" && realpath "$2")}
folder=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
trap 'rm -rf "$folder"' EXIT
export XDG_CONFIG_HOME=$folder/config LIBGL_ALWAYS_SOFTWARE=1
xvfb-run --auto-servernum --server-args='-screen 0 1366x768x24' \
  dbus-run-session -- bash -euo pipefail -c '
    /usr/libexec/at-spi-bus-launcher --launch-immediately --a11y=1 --screen-reader=1 2>/dev/null &
    bus=$!
    trap "kill $bus" EXIT
    /usr/bin/python3 tests/day/day.py "$@"
  ' day "$station" "$folder" ${pictures:+"$pictures"}
echo "day: all of it"
