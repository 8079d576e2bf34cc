"""What the measuring programs of this folder share: processes, ports, folders, figures."""

import argparse
import contextlib
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEFAULT_BINARY = ROOT / "build" / "release" / "tocsin"
UNIT = ROOT / "deploy" / "systemd" / "tocsin.service"


def free_port():
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def scratch_folder():
    """A folder for state and logs, on the file system that TMPDIR names."""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as name:
        yield pathlib.Path(name)


def unit_environment():
    """What the shipped unit adds to the environment; tocsin is measured as it ships."""
    lines = re.findall(r"^Environment=(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE)
    return dict(lines)


@contextlib.contextmanager
def running(arguments, log, environment=None, grace=10):
    """Runs a program with its output in `log`; ends it, politely first, when the block is left.

    It is killed when it has not ended `grace` seconds later. Its environment is what the shipped
    unit says (peers get that too, and have no use for it), then ours, then `environment`.
    """
    with open(log, "wb") as output:
        process = subprocess.Popen([str(argument) for argument in arguments],
                                   stdout=output, stderr=subprocess.STDOUT,
                                   env={**unit_environment(), **os.environ, **(environment or {})})
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=grace)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def fetch(url, timeout=5):
    with urllib.request.urlopen(url, timeout=timeout) as response:
        return response.read().decode()


def wait_until_ready(process, url, log, limit=30):
    """Returns once `url` answers 200; an error with the end of the log when it does not."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            fetch(url, timeout=1)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.005)
    not_ready(process, url, log)


def not_ready(process, where, log):
    tail = pathlib.Path(log).read_text(errors="replace")[-2000:]
    sys.exit(f"{process.args[0]} did not become ready at {where}:\n{tail}")


class Started:
    """A program that has become ready, and how long that took, in seconds."""

    def __init__(self, process):
        self.process = process
        self.answered = None  # /-/ready had answered 200
        self.notified = None  # READY=1 had come for systemd; None when it never did


@contextlib.contextmanager
def started(arguments, port, log, limit=30, grace=10):
    """Runs a program, and is entered once its /-/ready answers 200; asks every two milliseconds."""
    with scratch_folder() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        path = folder / "notify"
        notices.bind(str(path))
        notices.setblocking(False)
        begun = time.monotonic()
        with running(arguments, log, {"NOTIFY_SOCKET": str(path)}, grace) as process:
            program = Started(process)
            while program.answered is None:
                if process.poll() is not None or time.monotonic() > begun + limit:
                    not_ready(process, f"port {port}", log)
                if answers(port):
                    program.answered = time.monotonic() - begun
                else:
                    time.sleep(0.002)
                # READY=1 is sent as /-/ready turns; it may come a little after the answer.
                wait = 0.05 if program.answered is not None else 0
                if program.notified is None and notified(notices, wait):
                    program.notified = time.monotonic() - begun
            yield program


def answers(port):
    """Whether /-/ready at a port of the loopback answers 200 now."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"GET /-/ready HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def notified(notices, wait):
    """Whether READY=1 comes within so many seconds."""
    notices.settimeout(wait)
    try:
        while b"READY=1" not in notices.recv(4096).split(b"\n"):
            pass
    except OSError:
        return False
    return True


@contextlib.contextmanager
def target_server(server, targets, series, port=0):
    """Serves the pages of target_server.cc, `series` on all of them together; gives the port."""
    process = subprocess.Popen([server, str(port), str(targets), str(series // targets)],
                               stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline() or sys.exit(f"{server} does not serve"))
    finally:
        process.kill()
        process.wait()


def memory_kib(pid):
    """Resident, proportional and private memory of a process, in KiB."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()

    def figure(name, text):
        found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
        return int(found.group(1)) if found else 0

    return {
        "rss": figure("VmRSS", status),
        "anonymous": figure("RssAnon", status),
        "peak": figure("VmHWM", status),
        "pss": figure("Pss", rollup),
        "private": figure("Private_Clean", rollup) + figure("Private_Dirty", rollup),
        "threads": int(re.search(r"^Threads:\s+(\d+)", status, re.MULTILINE).group(1)),
    }


def cpu_seconds(pid):
    """Time on a processor of all threads that a process has now, to the nanosecond."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def comparison_parser(docstring):
    """Options that name the two programs to compare, and the server that both scrape."""
    parser = argparse.ArgumentParser(description=docstring.split("\n")[0])
    parser.add_argument("--tocsin", default=DEFAULT_BINARY, type=pathlib.Path)
    parser.add_argument("--server", default=ROOT / "build/bench/bench/target_server",
                        type=pathlib.Path)
    parser.add_argument("--prometheus", default="prometheus")
    parser.add_argument("--skip-prometheus", action="store_true")
    return parser


def metric(page, name):
    """The sum of a metric's samples on a page in the text format."""
    pattern = re.compile(rf"^{name}(?:\{{[^}}]*\}})? (\S+)", re.MULTILINE)
    return sum(float(value) for value in pattern.findall(page))


def percentile(sorted_values, share):
    """The nearest-rank percentile: the smallest value that `share` of all do not exceed."""
    rank = max(1, -(-len(sorted_values) * share // 1))
    return sorted_values[int(rank) - 1]


def spread(values, form="{:.1f}"):
    """The median of some values, and the smallest and largest."""
    return "{} ({} to {})".format(
        *(form.format(value) for value in (statistics.median(values), min(values), max(values))))


def machine():
    """One line on the machine that the figures come from."""
    model = re.search(r"model name\s*:\s*(.+)", pathlib.Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} × {model.group(1) if model else 'unknown'}, Linux {os.uname().release}"
