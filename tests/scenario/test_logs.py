# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""logs: where both programs log, and that no reader of a log stops a relay: it is slow, full, stuck or gone."""

import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess

import running
from running import Running, expect, wait_for

RELAYS_MOST = 30000  # more than the ring, a queue of datagrams and a full pipe hold lines about


class Reader:
    """A socket as syslog or the journal have it."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(running.PATIENCE_S)

    def close(self):
        self.socket.close()
        os.unlink(self.path)

    def find(self, *words):
        """The first record with all words."""
        while True:
            record = self.socket.recv(65536).decode()
            if all(word in record for word in words):
                return record


def fields_of(record):
    return dict(line.split("=", 1) for line in record.splitlines())


def journal_has_the_fields_of_a_relay():
    """systemd's journal gets each field of a relay's record, from both programs"""
    with Running() as run:
        run.initialise()
        server, agent = Reader(run.path("journal")), Reader(run.path("agent-journal"))
        run.configure(log={"to": "journal:" + server.path})
        run.start_server()
        run.start_agent("--config", run.write("agent.json", json.dumps({"log": {"to": "journal:agent-journal"}})))
        run.relay(b"x" * 1000)
        seen, also = (fields_of(reader.find("MUNNEL_DURATION_MS")) for reader in (server, agent))
        expect(seen["SYSLOG_IDENTIFIER"] == "munneld" and also["SYSLOG_IDENTIFIER"] == "munnel-agent", seen, also)
        expect(seen["MUNNEL_WHO"] == also["MUNNEL_WHO"], "the id of the relay:", seen, also)
        for record in (seen, also):
            expect(record["PRIORITY"] == "6" and record["MUNNEL_EVENT"] == "done", record)
            expect(record["MUNNEL_SERVICE"] == "echo" and record["MUNNEL_IN_BYTES"] == "1000", record)
            expect(f" in_bytes=1000 out_bytes={record['MUNNEL_OUT_BYTES']} " in record["MESSAGE"], record)
        expect(seen["MUNNEL_AGENT"] == "web1" and "MUNNEL_AGENT" not in also, seen, also)


def file_is_rotated_by_the_sample():
    """logrotate with the sample loses no line of a file, and loads no configuration that is being edited"""
    if not shutil.which("logrotate") and not os.path.exists("/usr/sbin/logrotate"):
        return "there is no logrotate"
    with Running() as run:
        run.initialise()
        os.mkdir(run.path("log"), 0o750)
        run.configure(log={"to": run.path("log/munneld.log")})
        server = run.start_server()
        run.start_agent()
        run.relay(b"before")
        wait_for(lambda: "in_bytes=6" in text_of(run, "log/munneld.log"), "the record is in the file")
        with open(f"{running.TOP}/contrib/logrotate/munnel-server") as file:
            sample = file.read()
        signal_by_systemd = sample[sample.index("        if [ -d"):sample.index("    endscript")]
        sample = sample.replace("/var/log/munnel", run.path("log")).replace("    su munnel munnel\n", "")
        name = re.search(r"--signal=(\w+)", signal_by_systemd).group(1)
        sample = sample.replace(signal_by_systemd, f"        kill -{name} {server.pid}\n")
        run.configure(log={"to": run.path("log/other.log")})
        subprocess.run(["logrotate", "--force", "--state", run.path("state"), run.write("rotate", sample)], check=True,
                       env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
        wait_for(lambda: text_of(run, "log/munneld.log"), "the new file is used")
        run.relay(b"afterwards")
        wait_for(lambda: "in_bytes=10" in text_of(run, "log/munneld.log"), "the record is in the new file")
        expect("in_bytes=6" in text_of(run, "log/munneld.log.1"), "the old file has its lines")
        expect("reloaded" not in text_of(run, "log/munneld.log") + text_of(run, "log/other.log"), "nothing is loaded")
    return None


def text_of(run, name):
    try:
        with open(run.path(name)) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def reload_moves_the_log():
    """a reload moves the log between a file, syslog and the journal, and refuses what nothing reads"""
    with Running() as run:
        run.initialise()
        run.configure(log={"to": run.path("log")})
        server = run.start_server()
        run.start_agent()
        syslog, journal = Reader(run.path("syslog")), Reader(run.path("journal"))
        run.configure(log={"to": "syslog:" + syslog.path})
        server.send_signal(signal.SIGHUP)
        expect(f" munneld[{server.pid}]: info    server  configuration reloaded" in syslog.find("reloaded"))
        run.configure(log={"to": "journal:" + journal.path, "format": "json"})
        server.send_signal(signal.SIGHUP)
        message = json.loads(fields_of(journal.find("MUNNEL_EVENT=configuration reloaded"))["MESSAGE"])
        expect(message["event"] == "configuration reloaded", message)
        run.configure(log={"to": "syslog:" + run.path("nothing")})
        server.send_signal(signal.SIGHUP)
        refused = journal.find("reload refused")
        expect("log.to" in refused and "start a syslog daemon" in refused, refused)
        run.relay()
        journal.find("MUNNEL_EVENT=done")
        expect(run.metric("munnel_log_lines_dropped_total") == 0, "no line is lost")


def relay_until_dropped(run):
    """Relays until lines are missing, and then some more."""
    for number in range(RELAYS_MOST):
        run.relay()
        if number % 200 == 0 and run.metric("munnel_log_lines_dropped_total") > 0:
            break
    expect(run.metric("munnel_log_lines_dropped_total") > 0, "lines are dropped")
    for _ in range(100):
        run.relay()


def stuck_journal_stops_no_relay():
    """a journal that does not read stops no relay; what it missed is counted, in a metric and in a line"""
    with Running() as run:
        run.initialise()
        journal = Reader(run.path("journal"))
        run.configure(log={"to": "journal:" + journal.path, "level": "debug"})
        run.start_server()
        run.start_agent()
        relay_until_dropped(run)
        wait_for(lambda: "log" in json.dumps(run.ask("/v1/status")[1]["problems"]), "the status names it")
        record = fields_of(journal.find("MUNNEL_EVENT=lines dropped"))
        expect(int(record["MUNNEL_COUNT"]) > 0 and record["PRIORITY"] == "4", record)
        run.relay(b"and now")
        journal.find("MUNNEL_EVENT=done", "MUNNEL_IN_BYTES=7")


def full_disk_stops_no_relay():
    """a full disk stops no relay"""
    if not os.path.exists("/dev/full"):
        return "there is no /dev/full"
    with Running() as run:
        run.start_all(log={"to": "/dev/full", "level": "debug"})
        relay_until_dropped(run)
    return None


def full_pipe_stops_no_relay():
    """a pipe that is not read stops no relay"""
    with Running() as run:
        run.initialise()
        run.configure(log={"level": "debug"})
        reader, writer = os.pipe()
        fcntl.fcntl(writer, 1031, 4096)  # F_SETPIPE_SZ
        run.start_server(stderr=writer)
        run.start_agent()
        relay_until_dropped(run)
        os.close(writer)
        with os.fdopen(reader, errors="replace") as lines:
            expect(any("lines dropped" in line for line in lines), "the line about those that are missing")


def vanished_socket_is_found_again():
    """a syslog that is started again gets the lines of meanwhile"""
    with Running() as run:
        run.initialise()
        syslog = Reader(run.path("syslog"))
        run.configure(log={"to": "syslog:" + syslog.path})
        run.start_server()
        run.start_agent()
        syslog.find("agent web1", "joined")
        syslog.close()
        run.relay(b"meanwhile")
        syslog = Reader(run.path("syslog"))
        syslog.find("in_bytes=9")
        expect(run.metric("munnel_log_lines_dropped_total") == 0, "no line is lost")


running.main(journal_has_the_fields_of_a_relay, file_is_rotated_by_the_sample, reload_moves_the_log,
             stuck_journal_stops_no_relay, full_disk_stops_no_relay, full_pipe_stops_no_relay,
             vanished_socket_is_found_again)
