#!/usr/bin/env python3
"""Idle memory and start to ready; tocsin with the shipped configuration, Prometheus + Alertmanager.

At rest: tocsin watches this machine every 5 s and itself every 15 s with the shipped rules. The
other side does the same work: Prometheus scrapes a node_exporter every 5 s and itself every 15 s,
evaluates the same rules and tells an Alertmanager. Their resident memory is added; that of
node_exporter is not counted, though tocsin reads the machine by itself. All run at the same time.
Start: from the start of the process, without a store, until /-/ready answers 200; in turn.

Standard library only. Exit 1 when a program does not become ready.
"""

import argparse
import contextlib
import pathlib
import re
import sys
import time

import common
import footprint

READINGS = 5


class Starts:
    """Times to ready in ms, of each program alone; `notified` until tocsin's READY=1."""

    def __init__(self):
        self.tocsin, self.notified, self.prometheus, self.alertmanager = [], [], [], []


def shipped_rules():
    """The rule files that the shipped configuration names."""
    text = (common.ROOT / "config" / "tocsin.yml").read_text()
    return [str(common.ROOT / "rules" / name)
            for name in re.findall(r"^  - \.\./rules/(\S+)", text, re.MULTILINE)]


def tocsin(options, folder):
    """tocsin with the shipped configuration, not started yet."""
    folder.mkdir()
    web = common.free_port()
    config = footprint.shipped_config(folder, web)
    return common.started([options.tocsin, "run", "--config", config], web, folder / "log")


def alertmanager(options, folder):
    """Alertmanager, not started yet, and its port."""
    folder.mkdir()
    web = common.free_port()
    (folder / "alertmanager.yml").write_text(
        "route: {receiver: nobody, group_by: [alertname, service]}\nreceivers: [{name: nobody}]\n")
    return common.started(
        [options.alertmanager, f"--config.file={folder}/alertmanager.yml",
         f"--storage.path={folder}/data", "--cluster.listen-address=",
         f"--web.listen-address=127.0.0.1:{web}"], web, folder / "log"), web


def prometheus(options, folder, node, manager):
    """Prometheus, not started yet, that scrapes itself and the port `node`."""
    folder.mkdir()
    web = common.free_port()
    (folder / "prometheus.yml").write_text(f"""
global: {{scrape_interval: 15s, evaluation_interval: 15s}}
rule_files: {shipped_rules()}
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{manager}"]}}]}}]}}
scrape_configs:
  - {{job_name: node, scrape_interval: 5s, scrape_timeout: 4s,
     static_configs: [{{targets: ["127.0.0.1:{node}"]}}]}}
  - {{job_name: prometheus, static_configs: [{{targets: ["127.0.0.1:{web}"]}}]}}
""")
    return common.started(
        [options.prometheus, f"--config.file={folder}/prometheus.yml",
         f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{web}"],
        web, folder / "log")


def measure_idle(options):
    """Resident MiB at several moments: {"tocsin": […], "prometheus": […], "alertmanager": […]}."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(common.scratch_folder())
        node = common.free_port()
        stack.enter_context(common.running(
            [options.node_exporter, f"--web.listen-address=127.0.0.1:{node}"], folder / "node"))
        second, manager = alertmanager(options, folder / "alertmanager")
        processes = {
            "alertmanager": stack.enter_context(second).process,
            "prometheus": stack.enter_context(
                prometheus(options, folder / "prometheus", node, manager)).process,
            "tocsin": stack.enter_context(tocsin(options, folder / "tocsin")).process}
        time.sleep(options.settle)
        readings = {name: [] for name in processes}
        for number in range(READINGS):
            time.sleep(options.pause if number else 0)
            for name, process in processes.items():
                readings[name].append(common.memory_kib(process.pid)["rss"] / 1024)
        return readings


def measure_starts(options):
    """Starts every program several times without a store, one after the other."""
    starts = Starts()
    for _ in range(options.starts):
        with common.scratch_folder() as folder:
            with tocsin(options, folder / "tocsin") as program:
                starts.tocsin.append(program.answered * 1000)
                if program.notified is not None:
                    starts.notified.append(program.notified * 1000)
            second, manager = alertmanager(options, folder / "alertmanager")
            with second as program:
                starts.alertmanager.append(program.answered * 1000)
            node = common.free_port()
            with prometheus(options, folder / "prometheus", node, manager) as program:
                starts.prometheus.append(program.answered * 1000)
    return starts


def parse(arguments=None):
    """The options of the command line, or of `arguments`."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tocsin", default=common.DEFAULT_BINARY, type=pathlib.Path)
    parser.add_argument("--prometheus", default="prometheus")
    parser.add_argument("--alertmanager", default="prometheus-alertmanager")
    parser.add_argument("--node-exporter", default="prometheus-node-exporter")
    parser.add_argument("--starts", type=int, default=7, help="(default: %(default)s)")
    parser.add_argument("--settle", type=float, default=60, help="seconds (default: %(default)s)")
    parser.add_argument("--pause", type=float, default=10,
                        help="between two readings, seconds (default: %(default)s)")
    return parser.parse_args(arguments)


def main():
    options = parse()
    print(f"At rest and at the start, median (all) ({common.machine()})\n")
    print("| | RSS, MiB | start to ready, ms |\n|---|---|---|")
    readings, starts = measure_idle(options), measure_starts(options)
    for name in ("tocsin", "prometheus", "alertmanager"):
        print(f"| {name} | {common.spread(readings[name])} | "
              f"{common.spread(getattr(starts, name))} |")
    sys.exit(0)


if __name__ == "__main__":
    main()
