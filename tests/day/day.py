"""A new user's whole day in the window, heard and pressed through the accessibility bus: from a machine without
a station to a backup. Called by scripts/day.sh: day.py STATION DIR [PICTURES]."""

import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from desk import Window, told, until  # noqa: E402
from words import identity, w  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SCAN = os.path.join(HERE, "..", "support", "scan.png")
UNIT = "示例市练习小学"
PEOPLE = ["林示例", "何示例", "郭示例"]

station, folder = sys.argv[1], sys.argv[2]
pictures = sys.argv[3] if len(sys.argv) > 3 else None
home = os.path.join(folder, "desk")
practice = home + "-practice"


def command(*words):
    """What another person at the command line does meanwhile, or what a machine asks."""
    done = subprocess.run([station, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


def picture(name):
    if pictures:
        window.picture(os.path.join(pictures, name + ".png"))


def sign_in_as(officer, post):
    window.press(w("ui-sign-out"))
    window.press_first(officer, "radio button")
    window.press(w("ui-sign-in"))
    window.sees(f"{officer} {post}")
    window.find(w("page-today"), "heading")


def enter(at, name):
    """One application: the first as typed from the paper, the others as rows of a sheet."""
    window.turn_to(w("page-requests"))
    window.press(w("ui-request-new"))
    window.find(w("ui-request-save"))
    fields = [UNIT, name, identity(at), "0731-84402950", f"user{at}@example.cn", f"138000000{at:02}",
              "211", "信息管理员", "是", "", "示例路 1 号", ""]
    if at == 0:
        keys = ["unit", "name", "id-number", "office-phone", "email", "mobile", "school-type"]
        for key, text in zip(keys, fields):
            window.fill(w(f"field-{key}"), text, "entry")
        window.press(fields[7], "check box")
        window.press_first(f"{w('field-apply-certificate')} {w('ui-request-yes')}", "radio button")
        window.fill(w("field-address"), fields[10], "entry")
        picture("request-form")
    else:
        window.paste("\t".join(fields))
    window.press(w("ui-request-save-submit"))
    number = window.number()
    window.fill(w("ui-request-scan-file"), SCAN, "entry")
    window.press(w("ui-request-attach"))
    window.sees(w("ui-request-scan-attached"))
    for _opinion in range(4):
        before = signed()
        window.fill(w("field-by"), "李校长", "entry")
        window.press(w("ui-request-record"))
        until("the opinion on record", lambda: signed() > before)
    if at == 0:
        picture("request")
    window.press(f"← {w('ui-request-back')}")
    return number


def signed():
    """How often the head's name stands on the page."""
    return sum("李校长" in text for text in window.texts())


# A machine without a station.
window = Window(lambda: subprocess.Popen([station, "--home", home, "--lang", "zh"]))
window.find(w("ui-first"), "heading")
picture("first-run")
window.press(w("ui-first-practice-make"))
window.find(w("page-today"), "heading")
picture("today")
told("a practice desk was made in the window")

window.press(w("ui-course-open"))
window.press(w("ui-course-begin"))
window.sees(w("lesson-enter-do"))
picture("practice")
window.press(w("ui-practice-close"))
told("the course was begun")

numbers = [enter(at, name) for at, name in enumerate(PEOPLE)]
picture("request")
told(f"three applications were entered, proven on paper and submitted: {', '.join(numbers)}")

sign_in_as("security", "安全管理员")
window.turn_to(w("page-requests"))
for number in numbers:
    window.press_first(f"{w('ui-request-pick')} {number}", "check box")
picture("requests")
window.press(w("ui-request-approve"))
window.press(w("ui-request-approve-now", count=3))
window.sees(w("ui-request-approved", count=3, numbers="").rstrip())
told("another officer approved them, each signed")

sign_in_as("admin", "系统管理员")
serials = sorted(re.findall(r"\b[0-9a-f]{16}\b", command("--home", practice, "ukey", "list")))
assert len(serials) == 16, serials
for serial in serials[3:]:
    command("practice", "pull", practice, serial)
command("practice", "fault", practice, serials[1], "removed", "--at", "write-certificate")
window.turn_to(w("page-make"))
window.press(w("ui-make-check-none"))
for number in numbers:
    window.fill(w("ui-make-search"), number, "entry")
    window.press_first(f"{w('ui-make-next')} {number}", "check box")
window.sees(w("ui-make-count", count=3))
window.press(w("ui-make-all"))
until("two made ukeys", lambda: window.texts().count(w("ui-hand-out")) == 2)
picture("make-pulled")
told("two ukeys were made; the third was pulled in the middle")
command("practice", "insert", practice, serials[1])
window.press(w("ui-resume"))
until("three made ukeys", lambda: window.texts().count(w("ui-hand-out")) == 3)
picture("make")
told("it was put back and finished")

for left in (2, 1, 0):
    window.press(w("ui-hand-out"))
    until("the ukey handed out", lambda: window.texts().count(w("ui-hand-out")) == left)
told("the three were handed out")

window.turn_to(w("page-loss"))
window.press_first(f"{w('ui-loss-choose')} {serials[0]}")
window.press(w("ui-loss-lost"), "radio button")
window.fill(w("ui-reason"), "搬家时遗失", "entry")
window.press(w("ui-loss-report"))
window.sees(w("loss-revoked"))
picture("loss")
window.press_first(f"{w('ui-loss-choose')} {serials[0]}")
window.press(w("ui-loss-rekey"))
window.sees(w("ui-loss-rekey-entered"))
told("one was reported lost, and its holder's application entered anew")

window.turn_to(w("page-check"))
for serial in serials[:3]:
    command("practice", "pull", practice, serial)
window.press(w("ui-check-start"))
for serial in serials[3:]:
    command("practice", "insert", practice, serial)
until("all thirteen seen", lambda: window.look("13", "label") and not window.look("0", "label"))
picture("stock-check")
window.press(w("ui-check-sign"))
window.sees("已签字")
told("the stock was checked and the check signed")

window.turn_to(w("page-settings"))
window.press(w("ui-settings-backup"))
window.fill(w("ui-backup-folder"), folder, "entry")
window.press(w("ui-backup"))
window.sees(w("ui-backup-next"))
picture("backup")
told("a backup was written")

sign_in_as("auditor", "安全审计员")
window.turn_to(w("page-audit"))
window.press(w("ui-audit-verify"))
window.sees("审计日志完整")
picture("audit")
told("the auditor verified the log")
for page in ("stock", "certificates", "travel", "help"):
    window.turn_to(w(f"page-{page}"))
    picture(page)
window.close()
command("--home", practice, "audit", "verify")
lessons = json.loads(command("--json", "practice", "course", practice))["items"]
ticked = {lesson["lesson"] for lesson in lessons if lesson["done"] == lesson["of"]}
assert ticked == {"enter", "approve", "make", "hand-out", "pulled-out", "loss", "check", "back-up"}, ticked
told("the course has ticked what was done, and nothing else")
