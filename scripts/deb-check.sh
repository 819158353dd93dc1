#!/bin/bash
# Packs the program, installs the package as a person would, starts it from there and takes it off again:
#   bash scripts/deb-check.sh [PROFILE]
# Where ukey-station is installed already, the package is laid out in a folder and started from there.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
installed=
root=()
if [ "$(id -u)" != 0 ]; then root=(sudo); fi
leave() {
  if [ -n "$installed" ]; then "${root[@]}" dpkg --purge ukey-station >/dev/null; fi
  rm -rf "$work"
}
trap leave EXIT

package=$(bash scripts/deb.sh "${1:-release}" "$work" | tail -n 1)
if dpkg-query -W ukey-station >/dev/null 2>&1; then
  dpkg-deb -x "$package" "$work/root"
  station=$work/root/usr/bin/ukey-station
else
  echo "deb-check: installing $(basename "$package"), taken off again at the end"
  installed=yes
  # World readable: apt reads it as a user of its own.
  chmod 755 "$work"
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$package" >/dev/null
  station=/usr/bin/ukey-station
  desktop-file-validate /usr/share/applications/ukey-station.desktop
fi

home=$work/practice
"$station" --version
"$station" practice new "$home" --ukeys 1 --requests 1 >/dev/null
"$station" practice run "$home" >/dev/null
"$station" --home "$home" audit verify
# The window: it stands once the display has one of its name.
xvfb-run --auto-servernum --server-args='-screen 0 1366x768x24' bash -euo pipefail -c '
  "$1" --home "$2" & window=$!
  timeout 60 xdotool search --sync --onlyvisible --pid "$window" >/dev/null
  kill "$window"; wait "$window" || true
' window "$station" "$home"
echo "deb-check: installed, made a ukey, opened its window"
