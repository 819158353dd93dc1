"""How quick and how small the window is, beside a bare one of the same size and font: measure.py STATION BARE FOLDER.
Called by benches/window.sh, on a display and an accessibility bus of their own."""

import math
import os
import re
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tests", "day"))
from desk import Window, until  # noqa: E402
from words import identity, w  # noqa: E402

station, bare, folder = sys.argv[1:4]
REQUESTS = int(os.environ.get("REQUESTS", "100000"))
UKEYS = 16
ROUNDS = 7
IDLE_SECS = 10
UNIT = "示例市练习小学"
HERTZ = os.sysconf("SC_CLK_TCK")


class Running:
    """A window that tells its frames: when each was told, in seconds since it was started, and its milliseconds."""

    def __init__(self, command, env=None):
        self.begun = time.monotonic()
        env = {**os.environ, "RUST_LOG": "ukey_station::frames=trace", "NO_COLOR": "1", **(env or {})}
        self.process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
        self.frames = []
        self.first = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.process.stderr:
            found = re.search(r"ms=([0-9.e-]+)", line)
            if found:
                self.frames.append((time.monotonic() - self.begun, float(found[1])))
                self.first.set()

    def first_frame(self):
        assert self.first.wait(60), "no frame"
        return self.frames[0][0] * 1000

    def memory(self):
        """Resident megabytes: all, and those that no file stands behind."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as lines:
            found = dict(re.findall(r"^(VmRSS|RssAnon):\s+(\d+)", lines.read(), re.M))
        return int(found["VmRSS"]) / 1024, int(found["RssAnon"]) / 1024

    def workers(self):
        """How many processes work at a ukey for it."""
        tasks = f"/proc/{self.process.pid}/task"
        count = 0
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/children", encoding="utf-8") as children:
                count += len(children.read().split())
        return count

    def ticks(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as line:
            fields = line.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def idle(self):
        """Per cent of one processor, and frames a second, while nobody touches anything."""
        ticks, frames = self.ticks(), len(self.frames)
        time.sleep(IDLE_SECS)
        used = 100 * (self.ticks() - ticks) / HERTZ / IDLE_SECS
        return used, (len(self.frames) - frames) / IDLE_SECS

    def close(self):
        self.process.terminate()
        self.process.wait(30)


def make_home():
    run("practice", "new", home, "--ukeys", str(UKEYS), "--requests", str(UKEYS))
    surnames, given = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗", "示例伟芳娜敏静强磊军洋勇艳杰涛明超霞平刚桂英华玉兰"
    rows = ["申请人单位名称(盖章),姓名,身份证号,办公电话,电子邮箱,手机号码,办学类型,教师系统用户类型,申请数字证书,"
            "已拥有登录账号,单位通讯地址,其他补充说明"]
    for at in range(REQUESTS):
        name = surnames[at % 20] + given[at // 20 % len(given)] + given[at // 500 % len(given)]
        rows.append(f"{UNIT},{name},{identity(at)},0731-84402950,user{at}@example.cn,138{at:08},211,信息管理员,是,,"
                    "示例路 1 号,")
    path = os.path.join(folder, "people.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(rows) + "\n")
    run("--home", home, "request", "import", path)


def run(*words):
    done = subprocess.run([station, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (words, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def first_frames():
    ours, theirs = [], []
    for _round in range(ROUNDS):  # In turn, so that a busy machine is busy for both.
        for command, times in ((([bare]), theirs), ([station, "--home", home], ours)):
            window = Running(command)
            times.append(window.first_frame())
            window.close()
    ours, theirs = statistics.median(ours), statistics.median(theirs)
    print(f"first frame         {ours:.0f} ms, bare {theirs:.0f} ms, ratio {ours / theirs:.2f}")


def rest():
    window = Running([bare])
    window.first_frame()
    time.sleep(2)
    memory, idle = window.memory(), window.idle()
    window.close()
    return memory, idle


def at_work(memory_bare, idle_bare):
    slow = {"FAULT_MODULE": os.environ["SOFTHSM"], "UKEY_STATION_SOFTHSM": os.environ["FAULTY"],
            "FAULT_SLOW": os.environ.get("SLOW", "2")}
    running = None

    def start():
        nonlocal running
        running = Running([station, "--home", home, "--lang", "zh"], slow)
        return running.process

    window = Window(start)
    window.find(w("page-today"), "heading")
    window.turn_to(w("page-requests"))
    time.sleep(2)
    memory, idle = running.memory(), running.idle()
    print(f"memory at rest      {memory[0]:.0f} MB, bare {memory_bare[0]:.0f} MB, "
          f"ratio {memory[0] / memory_bare[0]:.2f}; of its own {memory[1]:.0f} and {memory_bare[1]:.0f} MB")
    print(f"idle                {idle[0]:.1f} % of a processor, {idle[1]:.1f} frames a second; "
          f"bare {idle_bare[0]:.1f} %, {idle_bare[1]:.1f}")
    window.turn_to(w("page-make"))
    window.press(w("ui-make-all"))
    window.turn_to(w("page-requests"))
    until("ukeys at work", lambda: running.workers() >= 2)
    begun, search, turns, most = len(running.frames), w("ui-request-search"), 0, 0
    while (workers := running.workers()) >= 2:
        most = max(most, workers)
        for text in ("w", "li", "林", ""):
            window.fill(search, text, "entry")
            window.scroll(search, "entry", 20)
        turns += 1
    frames = sorted(ms for _at, ms in running.frames[begun:])
    assert turns > 0 and len(frames) > 100, "they were made too soon: SLOW makes them slower"
    p99 = frames[math.ceil(0.99 * len(frames)) - 1]
    print(f"frames at work      {len(frames)} with {REQUESTS} requests in the store and up to {most} workers at ukeys, "
          f"{turns} times typed into the search and scrolled: median {statistics.median(frames):.2f} ms, p99 {p99:.2f} ms, "
          f"longest {frames[-1]:.2f} ms")
    running.close()


home = os.path.join(folder, "desk")
make_home()
first_frames()
at_work(*rest())
