#!/bin/bash
# How much processor time the watch of the card readers takes while nothing happens:
#   bash benches/readers.sh [PROGRAM [SECONDS]]
# Starts a pcscd with virtual readers (vsmartcard-vpcd) in a mount namespace of its own; needs root.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "${1:-target/release/ukey-station}")
seconds=${2:-60}
dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT

printf 'FRIENDLYNAME "Idle"\nDEVICENAME /dev/null:%s\nLIBPATH %s\nCHANNELID %s\n' \
  41960 /usr/lib/pcsc/drivers/serial/libifdvpcd.so 41960 > "$dir/reader.conf"
mkdir "$dir/run"
unshare --mount bash -ec "mkdir -p /run/pcscd; mount --bind '$dir/run' /run/pcscd
  exec pcscd --foreground --critical --config '$dir/reader.conf'" &
pids+=($!)
export PCSCLITE_CSOCK_NAME=$dir/run/pcscd.comm

cat > "$dir/init.toml" <<END
[unit]
name = "示例省"
level = "province"
code = "11430000006123458L"
province = "湖南省"
prefecture = "示例市"
[[officers]]
name = "bench-system"
post = "system"
[[officers]]
name = "bench-security"
post = "security"
END
printf '[officers]\nbench-system = "brave paper lantern 71"\nbench-security = "quiet river stone 92"\n' > "$dir/all.toml"
printf '[officers]\nbench-system = "brave paper lantern 71"\n' > "$dir/one.toml"
chmod 600 "$dir"/*.toml
"$program" --home "$dir/home" --json --secrets "$dir/all.toml" init --config "$dir/init.toml" > /dev/null

mkfifo "$dir/told"
"$program" --home "$dir/home" --json --officer bench-system --secrets "$dir/one.toml" \
  ukey inserted --watch > "$dir/events" 2> "$dir/told" &
watch=$!
pids+=("$watch")
exec 3< "$dir/told"
read -r _ <&3 # Who is plugged in has been noted.
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
before=$(ticks "$watch")
service_before=$(ticks "${pids[0]}")
sleep "$seconds"
after=$(ticks "$watch")
service_after=$(ticks "${pids[0]}")
hertz=$(getconf CLK_TCK)
echo "events: $(wc -l < "$dir/events")"
awk -v used=$((after - before)) -v hertz="$hertz" -v seconds="$seconds" \
  'BEGIN { printf "watch: %.3f %% of one processor over %d s\n", 100 * used / hertz / seconds, seconds }'
awk -v used=$((service_after - service_before)) -v hertz="$hertz" -v seconds="$seconds" \
  'BEGIN { printf "pcscd: %.3f %%\n", 100 * used / hertz / seconds }'
