"""A progress line on stderr: a bar on a terminal, one line every few seconds in a log."""

import sys
import time


def progress(items, title, every_seconds=5.0):
    """Yields the items of a sized iterable and reports how many of them are done."""
    total, terminal = len(items), sys.stderr.isatty()
    started = shown = time.monotonic()
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if done == total or now - shown >= (0.2 if terminal else every_seconds):
            shown = now
            filled = int(24 * done / total)
            line = f"{title:28s} [{'#' * filled}{'.' * (24 - filled)}] {done}/{total} {now - started:.0f} s"
            sys.stderr.write(("\r" + line if terminal else line + "\n") + ("\n" if terminal and done == total else ""))
            sys.stderr.flush()
