#!/bin/bash
# Makes the two fonts that are bundled for systems without a Chinese one, anew: bash scripts/font_subset.sh
# Parts of Noto Sans CJK SC and of Noto Sans Symbols (packages fonts-noto-cjk and fonts-noto-core; SIL Open Font
# License): the characters of all texts of the program, the 3,755 most frequent of GB 2312, and its signs. A test
# says when a text has a character more.
set -euo pipefail
cd "$(dirname "$0")/.."
for package in fonts-noto-cjk fonts-noto-core python3-fonttools; do
  dpkg -s "$package" >/dev/null 2>&1 || {
    echo "installing $package"
    $([ "$(id -u)" = 0 ] || echo sudo) apt-get install -y "$package"
  }
done
characters=$(mktemp)
trap 'rm -f "$characters"' EXIT
/usr/bin/python3 - "$characters" <<'PYTHON'
import pathlib
import sys


def of_gb2312(rows):
    for row in rows:
        for cell in range(1, 95):
            try:
                yield bytes([row + 0xA0, cell + 0xA0]).decode("gb2312")
            except UnicodeDecodeError:
                pass  # No character has this place.


texts = (p.read_text(encoding="utf-8") for top in ("src", "docs/guide") for p in pathlib.Path(top).rglob("*") if p.is_file())
characters = {c for text in texts for c in text if c.isprintable()}
characters.update(of_gb2312(range(16, 56)))
# Signs, digits, full-width Latin, Greek; no kana.
characters.update(of_gb2312([1, 2, 3, 6]))
with open(sys.argv[1], "w", encoding="utf-8") as out:
    out.write("".join(sorted(characters)))
PYTHON
subset() {
  /usr/bin/python3 -m fontTools.subset "$@" --text-file="$characters" --layout-features='' --no-hinting \
    --name-IDs=0,1,2,3,4,5,6,13,14 --notdef-outline --no-recalc-timestamp \
    --drop-tables+=vhea,vmtx,VORG,BASE,GPOS,GSUB,GDEF,STAT
}
fonts=/usr/share/fonts
han=assets/fonts/NotoSansCJKsc-Subset.otf
subset $fonts/opentype/noto/NotoSansCJK-Regular.ttc --font-number=2 --output-file=$han
# What it lacks: the signs of states and pages.
/usr/bin/python3 - $han "$characters" <<'PYTHON'
import sys

from fontTools.ttLib import TTFont

known = TTFont(sys.argv[1]).getBestCmap()
with open(sys.argv[2], encoding="utf-8") as all_of_them:
    left = [c for c in all_of_them.read() if ord(c) not in known]
with open(sys.argv[2], "w", encoding="utf-8") as out:
    out.write("".join(left))
PYTHON
parts=()
for name in Symbols Symbols2; do
  part=$(mktemp --suffix=.ttf)
  parts+=("$part")
  subset "$fonts/truetype/noto/NotoSans$name-Regular.ttf" --output-file="$part"
done
trap 'rm -f "$characters" "${parts[@]}"' EXIT
SOURCE_DATE_EPOCH=0 /usr/bin/python3 -m fontTools.merge --output-file=assets/fonts/NotoSansSymbols-Subset.ttf "${parts[@]}"
ls -l assets/fonts
