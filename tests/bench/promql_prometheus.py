#!/usr/bin/env python3
"""CPU of PromQL queries through the HTTP API, beside a Prometheus with the same series.

Both servers are filled from one file (tests/integration/promql_differential/README.md says what it
looks like): tocsin's side is promql_server, a test-only program that serves the daemon's API over
it; Prometheus gets it by remote write into an empty folder. Each query is asked a few times to warm
up, then N times, one after the other over a kept connection; what counts is the time on a processor
of all threads of the server meanwhile (utime + stime), divided by N. Both sides' answers have to
have the same number of series.

Standard library only. Exit 1 when tocsin is slower anywhere or below --goal at the median.
"""

import argparse
import http.client
import json
import math
import pathlib
import random
import re
import statistics
import subprocess
import sys
import time
import urllib.parse

import common

DEFAULT_SERVER = common.ROOT / "build" / "bench" / "tests" / "promql_server"
START = 1_700_000_000_000  # ms; the series below begin here
HOUR = 3_600_000
STEP = 15_000


class Case:
    """One query, and how often each side is asked. `#` in it is another number each time."""

    def __init__(self, name, query, at, range_ms=0, times=30):
        self.name = name
        self.query = query
        self.at = at
        self.range_ms = range_ms
        self.times = times

    def target(self, number=0):
        parameters = {"query": self.query.replace("#", str(number))}
        if self.range_ms:
            parameters |= {"start": (self.at - self.range_ms) / 1000, "end": self.at / 1000,
                           "step": STEP / 1000}
        else:
            parameters["time"] = self.at / 1000
        path = "/api/v1/query_range" if self.range_ms else "/api/v1/query"
        return path + "?" + urllib.parse.urlencode(parameters)


def series_line(labels, first, step, values):
    text = ",".join(f'{name}="{value}"' for name, value in labels.items() if name != "__name__")
    samples = [f"{first} {values[0]}"] + [f"+{step} {value}" for value in values[1:]]
    return f"{labels['__name__']}{{{text}}} " + " ".join(samples) + "\n"


def counter(rng, length):
    total, values = 0, []
    for _ in range(length):
        total = 0 if rng.random() < 0.001 else total + rng.randrange(100)
        values.append(total)
    return values


def write_data(path, scale):
    """The series of all cases; `scale` makes fewer of them for a quick look."""
    rng = random.Random(7)
    count = lambda number: max(1, int(number * scale))
    two_hours = 2 * HOUR // STEP
    with open(path, "w", encoding="ascii") as out:
        for i in range(count(10_000)):
            labels = {"__name__": "c_total", "x": f"x{i % 100}", "instance": f"i{i}"}
            out.write(series_line(labels, START + rng.randrange(1, STEP), STEP,
                                  counter(rng, two_hours)))
        bounds = ["0.005", "0.01", "0.05", "0.1", "0.5", "1", "2.5", "5", "10", "+Inf"]
        for i in range(count(1000)):
            first = START + rng.randrange(1, STEP)
            total = [0] * len(bounds)
            columns = [[] for _ in bounds]
            for _ in range(two_hours):
                below = 0
                for k in range(len(bounds)):
                    below += rng.randrange(10)
                    total[k] += below
                    columns[k].append(total[k])
            for bound, values in zip(bounds, columns):
                labels = {"__name__": "h_seconds_bucket", "instance": f"i{i}", "le": bound}
                out.write(series_line(labels, first, STEP, values))
        for i in range(count(1000)):
            for name, values in (("used_bytes", [rng.randrange(10**9) for _ in range(10)]),
                                 ("node_info", [1] * 10)):
                labels = {"__name__": name, "instance": f"i{i}"}
                labels |= {"version": f"v{i % 7}"} if name == "node_info" else {"disk": "sda"}
                out.write(series_line(labels, START + 2 * HOUR - 200_000, STEP, values))
        for i in range(count(100)):
            labels = {"__name__": "x", "instance": f"i{i}"}
            values = [round(rng.gauss(100, 20), 3) for _ in range(25 * HOUR // STEP)]
            out.write(series_line(labels, START - 23 * HOUR + rng.randrange(1, STEP), STEP,
                                  values))
        for i in range(count(100_000)):
            labels = {"__name__": "many", "path": f"/api/v{i // 10 % 10}/item{i}", "pod": f"p{i % 1000}"}
            out.write(series_line(labels, START + 2 * HOUR - 60_000, STEP,
                                  [rng.randrange(1000) for _ in range(5)]))


def cases():
    end = START + 2 * HOUR + 7
    return [
        Case("sum by (rate), 10,000 series, instant", "sum by (x) (rate(c_total[5m]))", end),
        Case("sum by (rate), 10,000 series, 1 h in steps of 15 s",
             "sum by (x) (rate(c_total[5m]))", end, range_ms=HOUR, times=5),
        Case("histogram_quantile, 1,000 histograms, instant",
             "histogram_quantile(0.9, rate(h_seconds_bucket[5m]))", end),
        Case("histogram_quantile by le, 1,000 histograms, 1 h in steps of 15 s",
             "histogram_quantile(0.9, sum by (le) (rate(h_seconds_bucket[5m])))", end,
             range_ms=HOUR, times=5),
        Case("topk(10), 10,000 series, instant", "topk(10, c_total)", end),
        Case("topk(10, rate), 10,000 series, instant", "topk(10, rate(c_total[5m]))", end),
        Case("join with group_left, 1,000 series",
             "used_bytes * on (instance) group_left (version) node_info", end, times=100),
        Case("avg_over_time over 1 d, 100 series", "avg_over_time(x[1d])", end),
        Case("regex matcher over 100,000 series",
             'count(many{path=~"/api/v[13]/item.*7"})', end),
        Case("regex matcher over 100,000 series, each time another",
             'count(many{path=~"/api/v[13]/item.*7|#"})', end),
    ]


def ticks(pid):
    """utime + stime of a process in seconds."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    fields = text[text.rindex(")") + 2:].split()
    return (int(fields[11]) + int(fields[12])) / 100


class Peer:
    def __init__(self, process, port):
        self.process = process
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)

    def ask(self, target):
        self.connection.request("GET", target)
        response = self.connection.getresponse()
        body = response.read()
        if response.status != 200:
            sys.exit(f"{response.status}: {body[:300]}")
        return body

    def measure(self, case):
        """Seconds of CPU and of waiting for one query, and the answer's number of series."""
        begin = time.monotonic()
        answer = json.loads(self.ask(case.target()))
        # Enough of them for the clock's ticks of 10 ms.
        once = max(time.monotonic() - begin, 1e-4)
        times = max(case.times if once < 0.2 else 3, min(3000, math.ceil(0.5 / once)))
        cpu, begin = common.cpu_seconds(self.process.pid), time.monotonic()
        by_ticks = ticks(self.process.pid)
        for number in range(times):
            self.ask(case.target(number + 1))
        wall = (time.monotonic() - begin) / times
        by_ticks = (ticks(self.process.pid) - by_ticks) / times
        cpu = (common.cpu_seconds(self.process.pid) - cpu) / times
        # Threads that ended meanwhile are in the ticks only.
        return max(by_ticks, cpu), wall, len(answer["data"]["result"])


def ready_port(process, log):
    end = time.monotonic() + 300
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r"listening on 127\.0\.0\.1:(\d+)", log.read_text(errors="replace"))
        if found:
            return int(found.group(1))
        time.sleep(0.05)
    sys.exit(f"promql_server did not start: {log.read_text(errors='replace')[-1000:]}")


def measure_all(options, folder):
    data = pathlib.Path(options.data) if options.data else folder / "series"
    if not data.exists():
        write_data(data, options.scale)
    wanted = [case for case in cases() if re.search(options.only, case.name)]
    results = {}
    log = folder / "tocsin.log"
    with common.running([options.server, data], log) as process:
        port = ready_port(process, log)
        ours = Peer(process, port)
        results["tocsin"] = [ours.measure(case) for case in wanted]
        results["memory"] = common.memory_kib(process.pid)["rss"]
    if options.skip_prometheus:
        return wanted, results
    (folder / "prometheus.yml").write_text("global: {evaluation_interval: 1m}\n")
    port = common.free_port()
    log = folder / "prometheus.log"
    with common.running([options.prometheus, f"--config.file={folder}/prometheus.yml",
                         f"--storage.tsdb.path={folder}/tsdb", "--web.enable-remote-write-receiver",
                         f"--web.listen-address=127.0.0.1:{port}"], log) as process:
        common.wait_until_ready(process, f"http://127.0.0.1:{port}/-/ready", log)
        subprocess.run([options.server, data, "--push",
                        f"http://127.0.0.1:{port}/api/v1/write"], check=True)
        time.sleep(options.settle)  # compaction of what was written
        theirs = Peer(process, port)
        results["prometheus"] = [theirs.measure(case) for case in wanted]
    return wanted, results


def milliseconds(seconds):
    return f"{seconds * 1000:.2f} ms" if seconds < 1 else f"{seconds:.2f} s"


def table(wanted, results):
    lines = ["| query | tocsin | Prometheus 2.42 | ratio |", "|---|---|---|---|"]
    ratios = []
    for index, case in enumerate(wanted):
        cpu, _, _ = results["tocsin"][index]
        if "prometheus" not in results:
            lines.append(f"| {case.name} | {milliseconds(cpu)} | | |")
            continue
        other, _, _ = results["prometheus"][index]
        ratios.append(other / cpu)
        lines.append(f"| {case.name} | {milliseconds(cpu)} | {milliseconds(other)} | "
                     f"{other / cpu:.1f} × |")
    if ratios:
        lines.append(f"| median | | | {statistics.median(ratios):.1f} × |")
    return "\n".join(lines), ratios


def check_sizes(wanted, results):
    """Whether both gave as many series; a benchmark of different answers is none."""
    wrong = 0
    for index, case in enumerate(wanted):
        sizes = [results[side][index][2] for side in ("tocsin", "prometheus") if side in results]
        if len(set(sizes)) > 1 or 0 in sizes:
            print(f"{case.name}: the answers have {sizes} series", file=sys.stderr)
            wrong += 1
    return wrong == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--server", default=DEFAULT_SERVER, type=pathlib.Path,
                        help="promql_server (default: that of the bench preset)")
    parser.add_argument("--prometheus", default="prometheus")
    parser.add_argument("--skip-prometheus", action="store_true")
    parser.add_argument("--only", default="", help="cases whose names match this expression")
    parser.add_argument("--data", help="series file to use, or to write when it does not exist")
    parser.add_argument("--scale", type=float, default=1, help="share of the series")
    parser.add_argument("--settle", type=float, default=10, help="seconds after the writing")
    parser.add_argument("--goal", type=float, default=5, help="median ratio (default: %(default)s)")
    parser.add_argument("--markdown", help="where to write the table besides")
    options = parser.parse_args()
    with common.scratch_folder() as folder:
        wanted, results = measure_all(options, folder)
    text, ratios = table(wanted, results)
    print(f"CPU of one query through the HTTP API ({common.machine()})\n\n{text}\n\n"
          f"tocsin's memory: {results['memory'] / 1024:.0f} MiB")
    if options.markdown:
        pathlib.Path(options.markdown).write_text(text + "\n")
    good = check_sizes(wanted, results)
    if ratios and (min(ratios) < 1 or statistics.median(ratios) < options.goal):
        good = False
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
