"""Drives the window as a person does who hears it: finds what is on the screen by role and name over AT-SPI,
presses it, and types with the keyboard of the display."""

import re
import subprocess
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402

PATIENCE = 60.0
# A button, and one that shows whether it is chosen.
BUTTON = ("push button", "toggle button")


class NotThere(Exception):
    """What was looked for did not come."""


class Window:
    """One running window; `start` gives its process, once the bus is there to hear it."""

    def __init__(self, start):
        until("the accessibility bus", bus_is_there)
        Atspi.init()
        Atspi.get_desktop(0)  # Its registry is started by this.
        self.process = start()
        self.app = until("the window", self._app)
        self.id = until("its X window", self._x_window)
        self.keys("windowfocus", self.id)

    def _app(self):
        desktop = Atspi.get_desktop(0)
        for at in range(desktop.get_child_count()):
            app = desktop.get_child_at_index(at)
            if app and app.get_process_id() == self.process.pid and app.get_child_count():
                return app
        return None

    def _x_window(self):
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--pid", str(self.process.pid)],
            capture_output=True, text=True, check=False)
        return found.stdout.split()[-1] if found.stdout.split() else None

    @staticmethod
    def keys(*words):
        subprocess.run(["xdotool", *words], check=True)

    def all(self):
        """Every node that stands in the tree now, in reading order: role, name, node."""
        found = []

        def walk(node):
            if node is None:
                return
            try:
                found.append((node.get_role_name(), node.get_name() or "", node))
                for at in range(node.get_child_count()):
                    walk(node.get_child_at_index(at))
            except GLib.Error:
                pass  # It went while it was read.

        walk(self.app)
        return found

    def texts(self):
        return [name for _role, name, _node in self.all()]

    def look(self, name, role=None, nth=0):
        fits = [node for found, text, node in self.all()
                if text == name and (role is None or found in role)]
        return fits[nth] if len(fits) > nth else None

    def find(self, name, role=None, nth=0):
        return until(f"{role or 'anything'} named {name}", lambda: self.look(name, role, nth))

    def sees(self, part):
        """Waits until some text on the screen holds this."""
        return until(f"a text with {part}",
                     lambda: next((text for text in self.texts() if part in text), None))

    def press(self, name, role=BUTTON, nth=0):
        """Presses what has this name, once it can be."""
        def able():
            node = self.look(name, role, nth)
            if node and node.get_state_set().contains(Atspi.StateType.ENABLED):
                return node
            return None

        node = until(f"{role} {name} that can be pressed", able)
        node.get_action_iface().do_action(0)

    def press_first(self, start, role=BUTTON):
        """Presses the first whose name begins so."""
        def able():
            for found, text, node in self.all():
                if found in role and text.startswith(start):
                    return node
            return None

        until(f"{role} {start}…", able).get_action_iface().do_action(0)

    def paste(self, text):
        """Puts a text into the clipboard and pastes it where the keyboard is."""
        subprocess.run(["xclip", "-selection", "clipboard"], input=text, text=True, check=True)
        self.keys("key", "--clearmodifiers", "ctrl+v")

    def number(self):
        """The number of the request that is open."""
        found = r"\b\d{4}-\d{4}\b"
        return until("the number of a request",
                     lambda: next((re.search(found, text)[0] for role, text, _node in self.all()
                                   if re.search(found, text) and not self.look(text, "link")), None))

    def turn_to(self, page):
        self.press(page)
        self.find(page, "heading")

    def fill(self, name, text, role=None, nth=0):
        """Types into the field of this name, in place of what it held."""
        def asked():
            node = self.look(name, role, nth)
            face = node and node.get_component_iface()
            return face and face.grab_focus()

        until(f"{role or 'anything'} named {name}", asked)
        until(f"focus in {name}", lambda: self.find(name, role, nth).get_state_set()
              .contains(Atspi.StateType.FOCUSED))
        self.keys("key", "--clearmodifiers", "ctrl+a")
        if not text:
            self.keys("key", "--clearmodifiers", "BackSpace")
        elif text.isascii():
            self.keys("type", "--clearmodifiers", "--delay", "8", text)
        else:
            self.paste(text)  # An input method would give it to the window in one piece too.

    def scroll(self, name, role, notches):
        """Turns the wheel over what has this name."""
        def placed():
            node = self.look(name, role)
            face = node and node.get_component_iface()
            return face and face.get_extents(Atspi.CoordType.WINDOW)

        place = until(f"where {name} is", placed)
        self.keys("mousemove", "--window", self.id, str(place.x + 40), str(place.y + 20))
        self.keys("click", "--repeat", str(notches), "--delay", "15", "5")

    def key(self, *names):
        self.keys("key", "--clearmodifiers", *names)

    def picture(self, path):
        subprocess.run(["import", "-window", "root", path], check=True)

    def close(self):
        self.process.terminate()
        self.process.wait(30)


def bus_is_there():
    """Whether the launcher of the accessibility bus has its name: a window that starts before is not heard."""
    bus = Gio.bus_get_sync(Gio.BusType.SESSION)
    asked = GLib.Variant("(s)", ("org.a11y.Bus",))
    return bus.call_sync("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "NameHasOwner", asked,
                         None, Gio.DBusCallFlags.NONE, -1, None).unpack()[0]


def until(what, look, patience=PATIENCE):
    """Looks again until it is there; polls, since AT-SPI tells no end of a change."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise NotThere(what)


def told(step):
    print(f"day: {step}", flush=True)
