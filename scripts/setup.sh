#!/bin/bash
# Installs what is missing to build (setup.sh build), to build and test (setup.sh test) or to drive the window
# through a day (setup.sh day) on Debian 12 or Ubuntu. Says what it does; needs root or sudo only when something is missing.
set -euo pipefail
what=${1:-build}

packages=(gcc libc6-dev make perl pkg-config libssl-dev libpcsclite-dev softhsm2
  libgl1 libegl1 libgl1-mesa-dri libxkbcommon0 libxkbcommon-x11-0 libx11-xcb1 libxcursor1 libxi6
  libxrandr2 fonts-noto-cjk)
if [ "$what" = test ]; then
  packages+=(opensc gnutls-bin openssl poppler-utils libclang-dev clang pcscd vsmartcard-vpcd
    faketime unzip nginx-light curl libengine-pkcs11-openssl
    dpkg-dev jq xvfb xauth xdotool desktop-file-utils)
fi
if [ "$what" = day ]; then
  packages+=(xvfb xauth xdotool xclip imagemagick dbus at-spi2-core python3 python3-gi gir1.2-atspi-2.0)
fi

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "setup: installing ${missing[*]}"
  root=()
  if [ "$(id -u)" != 0 ]; then root=(sudo); fi
  "${root[@]}" apt-get update -q
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
else
  echo "setup: all system packages are there"
fi

if ! command -v cargo >/dev/null; then
  echo "setup: the Rust toolchain (1.95 or newer) is not there; install it, then run this again" >&2
  exit 1
fi
