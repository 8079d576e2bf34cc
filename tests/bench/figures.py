#!/usr/bin/env python3
"""Every figure that tocsin is judged by, both sides in one run, as one Markdown table.

tocsin and the Debian packages of Prometheus and Alertmanager do the same work on the loopback; the
figure is the median of five runs, windows or readings, with the smallest and largest beside it.
Rows are measured one after the other; one that fails is reported as missing and the rest goes on.
Nothing here compares a time with a limit: what must be reached stands beside what was measured.

Standard library only. Exit 1 when a row is missing or its figures are doubtful.
"""

import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import traceback

import common
import figures_rows
from figures_rows import ROWS, Line, Settings


def version(program):
    """The major and minor version that a Debian package of Prometheus' says it has."""
    try:
        output = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "?"
    found = re.search(r"version (\d+\.\d+)", output.stdout + output.stderr)
    return found.group(1) if found else "?"


class Table:
    """What has been measured until now; `path`, when given, always holds all of it."""

    def __init__(self, path, quick):
        self.path = path
        self.lines = []
        self.took = []
        self.problems = []
        peers = (f"Prometheus {version('prometheus')} + Alertmanager "
                 f"{version('prometheus-alertmanager')}")
        begun = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        self.head = (f"{begun}, {common.machine()}\n\n"
                     + ("Small sizes to see that everything works: these are no figures.\n\n"
                        if quick else "")
                     + f"| work | tocsin | {peers} | ratio | must reach | aim | runs |\n"
                     + "|---|---|---|---|---|---|---|")

    def add(self, name, line):
        self.lines.append("| " + " | ".join(line[:7]) + " |")
        print(self.lines[-1], flush=True)
        if line.problem:
            self.problems.append(f"{name}: {line.problem}")

    def end_row(self, name, seconds, load):
        self.took.append(f"| {name} | {seconds / 60:.1f} | {load[0]:.1f} | "
                         f"{os.getloadavg()[0]:.1f} |")
        if self.path:
            self.path.write_text("\n".join([self.head, *self.lines]) + "\n\n" + self.tail())

    def tail(self):
        text = ("| row | minutes | load before | load after |\n|---|---|---|---|\n"
                + "\n".join(self.took) + "\n")
        if self.problems:
            text += "\n" + "\n".join(f"- {problem}" for problem in self.problems) + "\n"
        return text


def measure_row(table, name, settings):
    begun, load = time.monotonic(), os.getloadavg()
    print(f"{name}: about {ROWS[name][1]:g} minutes", file=sys.stderr, flush=True)
    try:
        for line in ROWS[name][0](settings):
            table.add(name, line)
    except (Exception, SystemExit) as error:  # whatever it was, the other rows are measured
        traceback.print_exc()
        words = str(error).split() or [type(error).__name__]
        table.add(name, Line(name, problem="missing: " + " ".join(words)[-600:]))
    table.end_row(name, time.monotonic() - begun, load)


def interrupt(number, frame):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tocsin", default=common.DEFAULT_BINARY, type=pathlib.Path)
    parser.add_argument("--server", default=common.ROOT / "build/bench/bench/target_server",
                        type=pathlib.Path)
    parser.add_argument("--only", default=",".join(ROWS), help="rows, with commas between them "
                        "(default: %(default)s)")
    parser.add_argument("--write", type=pathlib.Path, help="a file that is to hold the table too")
    parser.add_argument("--folder", type=pathlib.Path,
                        help="where memory leaves its data and restart finds it in a later call")
    parser.add_argument("--quick", action="store_true",
                        help="small sizes, to see that everything works")
    options = parser.parse_args()
    unknown = [name for name in options.only.split(",") if name not in ROWS]
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)}")

    # So that the programs under measurement are ended too.
    signal.signal(signal.SIGTERM, interrupt)
    table = Table(options.write, options.quick)
    with figures_rows.memory.data_folder(options.folder) as folder:
        settings = Settings(options.tocsin, options.server, folder,
                            **(figures_rows.QUICK if options.quick else {}))
        print(table.head, flush=True)
        for name in ROWS:
            if name in options.only.split(","):
                measure_row(table, name, settings)
    print("\n" + table.tail(), end="")
    return 1 if table.problems else 0


if __name__ == "__main__":
    sys.exit(main())
