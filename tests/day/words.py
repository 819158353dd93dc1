"""The window's words and invented people, for scripts that drive the window."""

import os
import re

WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]


def catalogue():
    """The window's Chinese words by key."""
    here = os.path.dirname(os.path.abspath(__file__))
    file = os.path.join(here, "..", "..", "src", "wording", "zh-CN", "ukey-station.ftl")
    with open(file, encoding="utf-8") as lines:
        pairs = (line.rstrip("\n").split(" = ", 1) for line in lines if " = " in line and line[0].isalpha())
        return dict(pairs)


WORDS = catalogue()


def w(key, **args):
    """The word of a key, its arguments filled in."""
    return re.sub(r"\{\s*\$(\w+)\s*\}", lambda found: str(args[found[1]]), WORDS[key])


def identity(at):
    """An invented number: an area that nobody was ever given, and the check digit of GB 11643."""
    day, at = at % 28 + 1, at // 28
    month, at = at % 12 + 1, at // 12
    year, at = 1961 + at % 40, at // 40
    body = f"439900{year}{month:02}{day:02}{at + 1:03}"
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS)) % 11]
