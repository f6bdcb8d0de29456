# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""processes: starts the benchmark's children, ends them by their ids, and reads from /proc what they cost.

Owns: every process that it started; what still runs at the end of the program is ended then.
"""
import atexit
import contextlib
import os
import random
import resource
import signal
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
STOP_SECONDS = 3
FILES = 65536
PORTS = range(20000, 32000)  # below the ports that the kernel gives to outgoing connections


class Failure(Exception):
    """A measurement that could not be made, with the cause."""


_children = []


def raise_file_limit():
    """Every program inherits it: 10,000 relays are 20,000 sockets in each. The limit that we got."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for limit in (FILES, min(hard, FILES)):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, max(limit, hard)))
            return limit
        except (ValueError, OSError):  # only a privileged process may go beyond the hard limit
            continue
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def start(argv, log, namespace=None, stdin=subprocess.DEVNULL, stdout=None, text=False):
    """Starts a program with its output appended to the file log; in a network namespace when one is named."""
    with open(log, "ab") as output:
        child = subprocess.Popen(in_namespace(argv, namespace), stdin=stdin, stdout=stdout or output,
                                 stderr=output, text=text, start_new_session=True)
    child.log = log
    _children.append(child)
    return child


def run(argv, seconds, namespace=None):
    """Runs a program to its end, within so many seconds; its standard output."""
    child = subprocess.Popen(in_namespace(argv, namespace), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True)
    _children.append(child)
    try:
        out, err = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise Failure(f"{argv[0]}: not done after {seconds:.0f} s") from None
    finally:
        stop(child)
    if child.returncode != 0:
        output = (err.strip() or out.strip())[-300:]
        raise Failure(f"{' '.join(argv[:3])}: exit {child.returncode}: {output}")
    return out


def in_namespace(argv, namespace):
    return argv if namespace is None else ["nsenter", f"--net=/run/netns/{namespace}", "--"] + argv


def stop(child):
    """Ends a child and its descendants: sshd's are sessions of their own and stay when their client vanishes."""
    family = [(pid, started(pid)) for pid in tree([child.pid])] if child.poll() is None else []
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    for pid, when in family:
        if when is not None and started(pid) == when:  # the same process, not a later one of the same number
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    if child in _children:
        _children.remove(child)


@atexit.register
def stop_all():
    for child in list(reversed(_children)):
        stop(child)


def wait_until(condition, seconds, what):
    """Calls condition until it gives something true, and gives that back."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise Failure(f"{what}: not after {seconds} s")
        time.sleep(0.02)


def listening(pid):
    """The TCP ports that are listened on in the network namespace of a process."""
    ports = set()
    for table in ("tcp", "tcp6"):
        try:
            with open(f"/proc/{pid}/net/{table}") as lines:
                for line in list(lines)[1:]:
                    field = line.split()
                    if field[3] == "0A":
                        ports.add(int(field[1].rsplit(":", 1)[1], 16))
        except OSError:
            pass
    return ports


def wait_listening(child, ports, seconds=10):
    def ready():
        if child.poll() is not None:
            with open(child.log, errors="replace") as log:
                raise Failure(f"{os.path.basename(child.args[0])} ended at start: {log.read()[-400:].strip()}")
        return listening(child.pid) >= set(ports)
    wait_until(ready, seconds, f"ports {sorted(ports)} of process {child.pid}")


def free_ports(count):
    """Ports of 127.0.0.1 without a listener."""
    found = []
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise Failure("no free ports")


def _stat(pid):
    """The fields of /proc/PID/stat that follow the command's name; the first of them is the state."""
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(") ")[2].split()


def started(pid):
    """When a process was started, in ticks since boot; None when it is gone."""
    try:
        return int(_stat(pid)[19])
    except (OSError, IndexError):
        return None


def tree(roots):
    """The processes and all that descend from them."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parents.setdefault(int(_stat(name)[1]), []).append(int(name))
            except (OSError, IndexError):
                pass
    found, todo = [], list(roots)
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += parents.get(pid, [])
    return found


def cpu_seconds(roots):
    """User and system time of these processes with all threads, running descendants and children that have ended."""
    ticks = 0
    for pid in tree(roots):
        try:
            ticks += sum(int(field) for field in _stat(pid)[11:15])
        except (OSError, IndexError):
            pass
    return ticks / TICKS


def memory_kib(roots):
    """Proportional set size: private memory, and a fair share of what is shared with others."""
    kib = 0
    for pid in tree(roots):
        try:
            with open(f"/proc/{pid}/smaps_rollup") as rollup:
                kib += sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        except OSError:
            pass
    return kib


def own_ticks():
    """What this program and its children that have ended took."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) * TICKS


def machine_busy():
    """Ticks since boot of all processors: busy, stolen by other machines, all."""
    with open("/proc/stat") as stat:
        field = [int(text) for text in stat.readline().split()[1:9]]
    return sum(field) - field[3] - field[4] - field[7], field[7], sum(field)
