#!/bin/bash
# Many slow ukeys at once, and many in sequence, on tmpfs:
#   benches/many.sh [SCALE]
# The fault module makes virtual ukeys as slow as real ones (key pair 8 s, signature 0.3 s, write 0.5 s) times
# SCALE (1 when it is not given). First sixteen in sixteen lanes beside one alone; then 200 in sequence, at a
# fiftieth of that pace, with what the station holds after the 20th, the 80th and so on.
#
# SOAK=SCALE runs the sequence alone, at this pace, with what the station holds after each tenth ukey too:
#   SOAK=1.65 benches/many.sh
# A ukey takes 10.9 s at 1, so 200 of them an hour at 1.65. SOAK_UKEYS is how many (200). The hour was not run
# yet; a piece of it was (2026-11-25, a debug build): SOAK=1.8 SOAK_UKEYS=12 took 236 s, with 12 handles and 32.6 MB
# after 10 and after 11.
set -euo pipefail
cd "$(dirname "$0")/.."
scale=${1:-1}
soak=${SOAK:-}
ukeys=200
if [ -n "$soak" ]; then ukeys=${SOAK_UKEYS:-200}; fi
cargo build --quiet --locked --release --workspace
station=target/release/ukey-station
module=${UKEY_STATION_SOFTHSM:-/usr/lib/softhsm/libsofthsm2.so}
dir=$(mktemp -d /dev/shm/many.XXXXXX)
trap 'rm -rf "$dir"' EXIT
# A command, not a function: its process is the station itself.
faulty=(env "FAULT_MODULE=$module" "UKEY_STATION_SOFTHSM=$PWD/target/release/libfault_module.so")
# Wall times of these events, milliseconds: the first "ms" of a line is the event's own.
times() { grep "\"event\":\"$1\"" | sed 's/"ms":\([0-9.]*\)/\n\1 /' | sed -n 's/^\([0-9.]*\) .*/\1/p'; }

if [ -z "$soak" ]; then
  "$station" practice new "$dir/one" --ukeys 1 --requests 1 --json >/dev/null
  "$station" practice new "$dir/all" --ukeys 16 --requests 16 --json >/dev/null
  one=$("${faulty[@]}" "FAULT_SLOW=$scale" "$station" --home "$dir/one" personalise --all --json | times result)
  "${faulty[@]}" "FAULT_SLOW=$scale" "$station" --home "$dir/all" personalise --all --lanes 16 --json >"$dir/events"
  all=$(times summary <"$dir/events")
  slowest=$(times result <"$dir/events" | sort -n | tail -1)
  echo "one alone $one ms; sixteen at once $all ms, the slowest of them $slowest ms"
  awk -v a="$all" -v o="$one" -v s="$slowest" 'BEGIN { printf "ratio to one alone %.3f, to the slowest of the sixteen %.3f\n", a / o, a / s }'
fi

"$station" practice new "$dir/many" --ukeys "$ukeys" --requests "$ukeys" --json >/dev/null
mkfifo "$dir/results"
"${faulty[@]}" "FAULT_SLOW=${soak:-0.02}" "$station" --home "$dir/many" personalise --all --json >"$dir/results" &
pid=$!
held() {
  memory=$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")
  handles=$(ls "/proc/$pid/fd" | wc -l)
  threads=$(awk '/^Threads/ { print $2 }' "/proc/$pid/status")
  children=$(cat /proc/$pid/task/*/children 2>/dev/null | wc -w)
  echo "after $1: $memory KiB, $handles handles, $threads threads, $children workers"
}
count=0
began=$SECONDS
while read -r line; do
  case $line in *'"event":"result"'*) count=$((count + 1)) ;; *) continue ;; esac
  if [ $((count % 60)) -eq 20 ] || [ "$count" -eq $((ukeys - 1)) ] ||
    { [ -n "$soak" ] && [ $((count % 10)) -eq 0 ] && [ "$count" -lt "$ukeys" ]; }; then held "$count"; fi
done <"$dir/results"
wait "$pid"
echo "$count ukeys in $((SECONDS - began)) s"
