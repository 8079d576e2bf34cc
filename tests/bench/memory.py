#!/usr/bin/env python3
"""Memory of many series, and how long a restart with them takes; tocsin and Prometheus.

Both programs scrape the same targets (target_server.cc) at the same time, without rules, for
--minutes; resident memory is read several times during the last minute. Then both are killed, and
each in turn is started again on a copy of what it had written: several times after kill -9, and
several times after it was asked to stop (SIGTERM). Its targets are there meanwhile, at the same
address.

With --folder what they had written stays there, and is restarted from when it is there already.

Standard library only. Exit 1 when series are missing.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import statistics
import sys
import time

import common
import ingest

DATA = "many-series"  # the folder within the one that is given
LIVE = {"tocsin": "tocsin_series_live", "prometheus": "prometheus_tsdb_head_series"}
READINGS = 5
READINGS_SECONDS = 60


class Memory:
    """Resident memory of one program, in bytes, at several moments, and its series at the last."""

    def __init__(self):
        self.resident = []
        self.series = 0

    def per_series(self):
        return sorted(resident / self.series for resident in self.resident)


class Restarts:
    """Seconds until /-/ready answers, by what had ended the program; and what its stops took."""

    def __init__(self):
        self.killed, self.stopped, self.stops = [], [], []
        self.notified = []  # until READY=1, in the order of `killed` and then `stopped`


def kinds(options):
    return ["tocsin"] if options.skip_prometheus else ["tocsin", "prometheus"]


def filled(folder):
    """Whether measure_memory has left its data in this folder."""
    return (folder / DATA / "targets.json").exists()


def started(options, kind, folder, port):
    place = folder / kind
    place.mkdir(exist_ok=True)
    arguments, web = ingest.command(options, kind, place, port)
    return web, common.started(arguments, web, place / "log", limit=180, grace=120)


def measure_memory(options, folder):
    """Runs both until --minutes have passed, kills both, and gives {kind: Memory}.

    What an earlier call left in `folder` is removed first.
    """
    folder = folder / DATA
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    results = {kind: Memory() for kind in kinds(options)}
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(
            common.target_server(options.server, options.targets, options.series))
        webs, processes = {}, {}
        for kind in results:
            webs[kind], context = started(options, kind, folder, port)
            processes[kind] = stack.enter_context(context).process
        end = time.monotonic() + options.minutes * 60
        last = min(READINGS_SECONDS, options.minutes * 30)
        for left in range(READINGS - 1, -1, -1):
            time.sleep(max(0, end - last * left / READINGS - time.monotonic()))
            for kind, process in processes.items():
                resident = common.memory_kib(process.pid)["rss"] * 1024
                results[kind].resident.append(resident)
        for kind, process in processes.items():
            page = common.fetch(f"http://127.0.0.1:{webs[kind]}/metrics", timeout=60)
            results[kind].series = common.metric(page, LIVE[kind])
            process.kill()
    (folder / "targets.json").write_text(json.dumps(
        {"port": port, "targets": options.targets, "series": options.series,
         "interval": options.interval}))
    return results


def measure_restarts(options, folder):
    """Restarts each program on what measure_memory left in `folder`; gives {kind: Restarts}."""
    folder = folder / DATA
    targets = json.loads((folder / "targets.json").read_text())
    options = argparse.Namespace(**{**vars(options), **targets})
    results = {}
    for kind in kinds(options):
        times = (options.restarts if kind == "tocsin" else options.other_restarts)
        with common.scratch_folder() as scratch, common.target_server(
                options.server, options.targets, options.series, options.port):
            shutil.copytree(folder / kind, scratch / kind)
            os.sync()
            results[kind] = restarts_of(options, kind, scratch, times)
    return results


def restarts_of(options, kind, folder, times):
    result = Restarts()
    for number in range(2 * times):
        _, context = started(options, kind, folder, options.port)
        with context as program:
            (result.killed if number < times else result.stopped).append(program.answered)
            result.notified.append(program.notified)
            if number < times - 1:
                program.process.kill()
            else:
                begun = time.monotonic()
                program.process.terminate()
                program.process.wait(timeout=120)
                result.stops.append(time.monotonic() - begun)
    return result


def parse(arguments=None):
    """The options of the command line, or of `arguments`."""
    parser = common.comparison_parser(__doc__)
    parser.add_argument("--targets", type=int, default=100, help="(default: %(default)s)")
    parser.add_argument("--series", type=int, default=1_000_000, help="(default: %(default)s)")
    parser.add_argument("--interval", type=int, default=15, help="seconds (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=10, help="(default: %(default)s)")
    parser.add_argument("--restarts", type=int, default=5,
                        help="after kill -9, and as many after a stop (default: %(default)s)")
    parser.add_argument("--other-restarts", type=int, default=2, help="(default: %(default)s)")
    parser.add_argument("--folder", type=pathlib.Path, help="where the data stays")
    return parser.parse_args(arguments)


@contextlib.contextmanager
def data_folder(folder):
    """`folder`, made when it is not there; a scratch folder when there is none."""
    if folder is None:
        with common.scratch_folder() as scratch:
            yield scratch
    else:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder.resolve()


def main():
    options = parse()
    missing = False
    with data_folder(options.folder) as folder:
        print(f"{options.series:,} series every {options.interval} s ({common.machine()})\n")
        if not filled(folder):
            print("| | series | bytes a series, median | all |\n|---|---|---|---|")
            for kind, memory in measure_memory(options, folder).items():
                values = memory.per_series()
                missing |= memory.series < options.series
                print(f"| {kind} | {memory.series:,.0f} | {statistics.median(values):,.0f} | "
                      f"{values[0]:,.0f} to {values[-1]:,.0f} |", flush=True)
        print("\n| seconds until ready | after kill -9 | after a stop | the stop |\n"
              "|---|---|---|---|")
        for kind, result in measure_restarts(options, folder).items():
            cells = [common.spread(values, "{:.2f}")
                     for values in (result.killed, result.stopped, result.stops)]
            print(f"| {kind} | {' | '.join(cells)} |", flush=True)
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
