#!/usr/bin/env python3
"""Memory, processor time and start-up time of tocsin with the shipped config/tocsin.yml.

Start-up: from the start of the process to its READY=1 for systemd, which it sends when /-/ready
turns to 200; once with no database yet, once with the one of before.
At rest: memory after --settle seconds, and the processor time of the next --cpu-seconds.
An hour's worth of samples: a copy of the configuration whose intervals (polls, evaluation) are
divided by --speed-up, run for an hour divided by the same. The store then holds as many samples of
each series as after an hour (its retention, counted in real time, drops none), and tocsin's own
counters say how many that were. Polls may not be closer than 1 s, hence five times at most.

Standard library only. Exit 1 when memory exceeds --budget-mib.
"""

import argparse
import pathlib
import re
import socket
import subprocess
import sys
import time

import common


def shipped_config(folder, web, speed_up=1):
    """A copy of the shipped configuration with its state in `folder`, and faster if asked."""
    text = (common.ROOT / "config" / "tocsin.yml").read_text()
    text = re.sub(r'listen: "[^"]*"', f'listen: "127.0.0.1:{web}"', text)
    text = re.sub(r'url: "sqlite:[^"]*"', f'url: "sqlite:{folder}/tocsin.db"', text)
    text = text.replace("../rules/", f"{common.ROOT}/rules/")
    if speed_up > 1:
        def faster(match):
            return f"{match.group(1)}{int(float(match.group(2)) * 1000 / speed_up)}ms"
        text = re.sub(r"(^  scrape_interval: |^  scrape_timeout: |^  evaluation_interval: "
                      r"|[{ ]interval: )(\d+)s", faster, text, flags=re.MULTILINE)
    config = folder / "tocsin.yml"
    config.write_text(text)
    return config


class Daemon:
    """A running tocsin on a copy of the shipped configuration; entered when it is ready."""

    def __init__(self, options, folder, speed_up=1):
        self.web = common.free_port()
        self.log = folder / "log"
        self.arguments = [options.tocsin, "run", "--config",
                          shipped_config(folder, self.web, speed_up)]
        self.notify = folder / "notify"

    def __enter__(self):
        self.notify.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
            notices.bind(str(self.notify))
            notices.settimeout(30)
            begun = time.monotonic()
            self.context = common.running(self.arguments, self.log,
                                          {"NOTIFY_SOCKET": str(self.notify)})
            self.process = self.context.__enter__()
            try:
                while b"READY=1" not in notices.recv(4096):
                    pass
            except TimeoutError:
                self.context.__exit__(None, None, None)
                sys.exit("tocsin did not become ready:\n" + self.log.read_text()[-2000:])
            self.ready_ms = (time.monotonic() - begun) * 1000
        return self

    def __exit__(self, *reason):
        return self.context.__exit__(*reason)

    def metrics(self):
        return common.fetch(f"http://127.0.0.1:{self.web}/metrics")


def measure_starts(options):
    """Times to ready without and with a database, in ms, sorted."""
    empty, again = [], []
    for _ in range(options.starts):
        with common.scratch_folder() as folder:
            for times in (empty, again):
                with Daemon(options, folder) as daemon:
                    times.append(daemon.ready_ms)
    return sorted(empty), sorted(again)


def measure_rest(options):
    with common.scratch_folder() as folder, Daemon(options, folder) as daemon:
        time.sleep(options.settle)
        memory, page = common.memory_kib(daemon.process.pid), daemon.metrics()
        before = common.cpu_seconds(daemon.process.pid)
        time.sleep(options.cpu_seconds)
        used = common.cpu_seconds(daemon.process.pid) - before
        return memory, used / options.cpu_seconds, page


def measure_hour(options):
    with common.scratch_folder() as folder, Daemon(options, folder, options.speed_up) as daemon:
        time.sleep(3600 / options.speed_up)
        return common.memory_kib(daemon.process.pid), daemon.metrics()


def memory_row(name, memory, page):
    cells = [f"{memory[key] / 1024:.1f}" for key in ("rss", "pss", "anonymous", "peak")]
    series = common.metric(page, "tocsin_series_live")
    samples = common.metric(page, "tocsin_series_samples_total")
    return f"| {name} | {' | '.join(cells)} | {memory['threads']} | {series:.0f} | {samples:.0f} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tocsin", default=common.DEFAULT_BINARY, type=pathlib.Path)
    parser.add_argument("--starts", type=int, default=20, help="(default: %(default)s)")
    parser.add_argument("--settle", type=float, default=10, help="seconds (default: %(default)s)")
    parser.add_argument("--cpu-seconds", type=float, default=60, help="(default: %(default)s)")
    parser.add_argument("--speed-up", type=int, default=5,
                        help="of the hour; 0 leaves it out (default: %(default)s, 12 minutes)")
    parser.add_argument("--budget-mib", type=float, default=25)
    options = parser.parse_args()

    empty, again = measure_starts(options)
    rest, cpu, rest_page = measure_rest(options)
    hour, hour_page = measure_hour(options) if options.speed_up else (None, "")
    size = options.tocsin.stat().st_size
    linked = subprocess.run(["ldd", options.tocsin], capture_output=True, text=True, check=False)

    print(f"tocsin with the shipped configuration\n({common.machine()})\n")
    print("| | RSS, MiB | PSS, MiB | anonymous, MiB | peak, MiB | threads | series | samples "
          "stored |\n|---|---|---|---|---|---|---|---|")
    print(memory_row(f"{options.settle:.0f} s after the start", rest, rest_page))
    if hour:
        print(memory_row(f"an hour's worth of samples ({options.speed_up} times faster)", hour,
                         hour_page))
    print()
    for name, times in (("no database yet", empty), ("the one of before", again)):
        print(f"start to ready, {name}: min {times[0]:.0f} ms, median "
              f"{common.percentile(times, 0.5):.0f} ms, max {times[-1]:.0f} ms of {len(times)}")
    print(f"processor: {cpu * 100:.2f} % of a core over {options.cpu_seconds:.0f} s")
    print(f"binary: {size / 2**20:.1f} MiB, {len(linked.stdout.splitlines())} shared libraries")
    sys.exit(0 if max(rest["rss"], hour["rss"] if hour else 0) <= options.budget_mib * 1024 else 1)


if __name__ == "__main__":
    main()
