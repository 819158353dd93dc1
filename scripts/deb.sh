#!/bin/bash
# Packs the program for Debian 12 and Ubuntu: bash scripts/deb.sh [PROFILE] [OUT]
# PROFILE is a Cargo profile, release if none is named; the package is written to OUT, target/ if none is named.
set -euo pipefail
cd "$(dirname "$0")/.."
profile=${1:-release}
out=${2:-target}
folder=$profile
if [ "$profile" = dev ]; then folder=debug; fi

cargo build --locked --profile "$profile"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
architecture=$(dpkg --print-architecture)
tree=$(mktemp -d)
chmod 755 "$tree"
trap 'rm -rf "$tree"' EXIT

install -D -m 755 "target/$folder/ukey-station" "$tree/usr/bin/ukey-station"
strip "$tree/usr/bin/ukey-station"
install -D -m 644 packaging/ukey-station.desktop "$tree/usr/share/applications/ukey-station.desktop"
install -D -m 644 packaging/ukey-station.svg "$tree/usr/share/icons/hicolor/scalable/apps/ukey-station.svg"
for shell in bash zsh fish; do
  case $shell in
    bash) place=usr/share/bash-completion/completions/ukey-station ;;
    zsh) place=usr/share/zsh/vendor-completions/_ukey-station ;;
    fish) place=usr/share/fish/vendor_completions.d/ukey-station.fish ;;
  esac
  "$tree/usr/bin/ukey-station" completions "$shell" | install -D -m 644 /dev/stdin "$tree/$place"
done
papers=$tree/usr/share/doc/ukey-station
install -D -m 644 README.md "$papers/README.md"
gzip -9n <CHANGELOG.md | install -D -m 644 /dev/stdin "$papers/changelog.gz"
install -D -m 644 /dev/stdin "$papers/copyright" <<'COPYRIGHT'
ukey-station is under MIT or Apache-2.0, as you choose. Linked into it are crates of others, each under its own
licence: licences-of-crates.gz beside this file. Within it are parts of the fonts Noto Sans CJK SC, Noto Sans Symbols and
Noto Sans Symbols 2, under the SIL Open Font License: licence-of-fonts.txt.
COPYRIGHT
install -D -m 644 assets/fonts/OFL.txt "$papers/licence-of-fonts.txt"
# What is linked in, each with its licence as its authors give it.
{
  cargo metadata --locked --format-version 1 --filter-platform "$(rustc -vV | sed -n 's/^host: //p')" |
    jq -r '.packages[] | select(.source != null) | [.name, .version, .license // "", .manifest_path] | @tsv' | sort |
    while IFS=$'\t' read -r name number licence manifest; do
      printf '\n==== %s %s: %s\n' "$name" "$number" "$licence"
      find "$(dirname "$manifest")" -maxdepth 1 -type f \
        \( -iname 'license*' -o -iname 'licence*' -o -iname 'copying*' -o -iname 'notice*' \) -print0 |
        sort -z | xargs -0 -r cat
    done
} | gzip -9n | install -D -m 644 /dev/stdin "$papers/licences-of-crates.gz"

# What the program is linked with, by what of it is used; what it opens by name at run time.
linked=$(
  mkdir -p "$tree/debian" && cd "$tree" && touch debian/control
  dpkg-shlibdeps -O usr/bin/ukey-station 2>/dev/null | sed -n 's/^shlibs:Depends=//p'
)
rm -rf "$tree/debian"
[ -n "$linked" ] || { echo "deb: the libraries of the program are not known to dpkg" >&2; exit 1; }
opened='libgl1, libegl1, libxkbcommon0, libxkbcommon-x11-0, libx11-xcb1, libxcursor1, libxi6, libxrandr2'
mkdir "$tree/DEBIAN"
cat >"$tree/DEBIAN/control" <<CONTROL
Package: ukey-station
Version: $version
Architecture: $architecture
Maintainer: ukey-station developers <ukey-station@example.org>
Installed-Size: $(du -sk "$tree/usr" | cut -f 1)
Depends: $linked, $opened, pcscd
Recommends: libccid, softhsm2, fonts-noto-cjk, cups-client
Section: utils
Priority: optional
Description: desk where a blank ukey becomes an administrator's network identity
 From an approved real-name request the station initialises the ukey, has its key
 made on it and certified, reads it back, proves it and hands it over. It keeps
 the stock, re-keys lost ukeys and can prove every step later. A window and a
 command line on one core; practice mode needs no hardware but SoftHSM2.
CONTROL
package=$out/ukey-station_${version}_${architecture}.deb
dpkg-deb --root-owner-group --build "$tree" "$package" >/dev/null
echo "$package"
