#!/bin/bash
# Wall time per ukey on tmpfs, from result to result, one lane, beside what a person would use instead:
#   benches/peers.sh ec|rsa N [PEERS]
# PEERS is a script that takes the same two arguments and prints its own lines; it runs before and after.
set -euo pipefail
cd "$(dirname "$0")/.."
key=${1:?ec or rsa}; n=${2:?how many}; peers=${3:-}
station=target/release/ukey-station
home=$(mktemp -d /dev/shm/bench.XXXXXX)
trap 'rm -rf "$home"' EXIT
if [ -n "$peers" ]; then bash "$peers" "$key" "$n"; fi
for lanes in 1 2; do
  "$station" practice new "$home/$lanes" --ukeys "$n" --requests "$n" --json >/dev/null
  "$station" practice run "$home/$lanes" --key "$key" --lanes "$lanes" --json |
    awk -v lanes="$lanes" '
      function number(name) { match($0, "\"" name "\":[0-9.]+"); return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3) }
      /"event":"result"/ { wall += number("ms"); module += number("module_ms"); count++ }
      /"event":"summary"/ { total = number("ms") }
      END { printf "station, %d lane(s): %.1f ms/ukey wall of its run, %.1f ms of it outside the module; %.1f ms/ukey over all\n",
                   lanes, wall / count, (wall - module) / count, total / count }'
done
if [ -n "$peers" ]; then bash "$peers" "$key" "$n"; fi
