# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""udp_peers: UDP services between programs that people use: dig and dnsmasq, iperf3, WireGuard, and a thousand players.

Without a place to be counted in, nothing is: the peers are held to figures that they reach without Munnel as well.
MUNNEL_UDP_DIRECT=1 leaves Munnel out, to see whether the peers themselves are right here.
"""

import concurrent.futures
import contextlib
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess

import running
from running import Running, expect, free_ports, wait_for

DIRECT = bool(os.environ.get("MUNNEL_UDP_DIRECT"))
DATAGRAMS = f"{running.BUILD}/tests/bench/datagrams"
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
BIG_TXT = ["x" * 250] * 12  # an answer of 3,000 bytes: three packets of Ethernet, one datagram
QUERIES, AT_ONCE = 60, 8
SLOW = int(os.environ.get("MUNNEL_SLOW", "1"))  # under a sanitizer datagrams are late, and some are lost


def peer(program):
    return shutil.which(program, path=PATH)


def udp_ports(count):
    """Ports of 127.0.0.1 that are free for TCP and UDP."""
    while True:
        ports = free_ports(count)
        with contextlib.ExitStack() as held:
            try:
                for port in ports:
                    held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
                return ports
            except OSError:
                continue


class Relayed(Running):
    """A server and an agent with UDP services; leads_to() is where clients reach a destination."""

    def serve(self, **services):
        """Each: its name with the members of the service; the port where clients reach it is in self.ports."""
        self.initialise()
        self.ports = dict(zip(services, udp_ports(len(services))))
        for name, members in services.items():
            if members.get("beside"):
                self.ports[name] = self.ports[members.pop("beside")]
            if DIRECT:
                self.ports[name] = int(members["connect"].rsplit(":", 1)[1])
        if DIRECT:
            return
        self.configure(services=[{"name": name, "protocol": "udp", "listen": f"127.0.0.1:{self.ports[name]}", **members}
                                 for name, members in services.items()])
        self.start_server()
        self.start_agent(*self.agent_arguments())

    def agent_arguments(self):
        return ()

    def sessions(self):
        return 0 if DIRECT else self.ask("/v1/relays")[1]["total"]


# ---- DNS ----


def start_dnsmasq(run, port):
    run.start("dnsmasq", peer("dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file", "--no-resolv",
              "--no-hosts", "--log-facility=-", "--user=root", f"--port={port}", "--listen-address=127.0.0.1",
              "--bind-interfaces", "--edns-packet-max=4096", "--address=/a.example/192.0.2.7",
              f"--txt-record=big.example,{','.join(BIG_TXT)}")
    wait_for(lambda: "192.0.2.7" in dig(port, "a.example", "A"), "dnsmasq answers")


def dig(port, *words):
    """What dig prints; by UDP alone, and without a second try, which would hide a lost datagram."""
    result = subprocess.run([peer("dig"), "@127.0.0.1", "-p", str(port), "+notcp", "+ignore", "+tries=1",
                             f"+timeout={5 * SLOW}", "+bufsize=4096", *words],
                            capture_output=True, text=True, timeout=120 * SLOW, check=False)
    return result.stdout + result.stderr


def check_ended(run):
    """Each has ended at a time, and for a reason."""
    if not DIRECT:
        for relay in run.ask("/v1/relays?state=ended&limit=1000")[1]["relays"]:
            expect(relay["ended"] and (relay["reason"], relay["by"], relay["detail"]) == ("done", "server", "answered"), relay)


def questions_of_dig_are_answered():
    """dig asks dnsmasq: short answers, one of 3,000 bytes, hundreds by turns; and the sessions end soon"""
    if not peer("dig") or not peer("dnsmasq"):
        return "there is no dig or no dnsmasq"
    with Relayed() as run:
        (destination,) = udp_ports(1)
        start_dnsmasq(run, destination)
        run.serve(dns={"connect": f"127.0.0.1:{destination}", "answer_timeout": 1})
        port = run.ports["dns"]
        expect("192.0.2.7" in dig(port, "+short", "a.example", "A"), "an address")
        answer = dig(port, "big.example", "TXT")
        expect(answer.count('"' + BIG_TXT[0] + '"') == len(BIG_TXT) and "flags: qr aa" in answer, answer)
        expect(int(re.search(r"MSG SIZE  rcvd: (\d+)", answer)[1]) > 3000 and "(UDP)" in answer, answer)
        run.write("queries", "a.example A\nbig.example TXT\n" * (QUERIES // 2))
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(lambda _: dig(port, "-f", run.path("queries")), range(AT_ONCE)))
        for text in answers:
            expect(text.count("status: NOERROR") == QUERIES, text.count("status: NOERROR"), text[-400:])
        # By chance a dig has the port of one before it, and the session has had two questions: such a one stays.
        wait_for(lambda: run.sessions() < QUERIES * AT_ONCE / 20, "the sessions have ended, before 60 s idle", 15 * SLOW)
        check_ended(run)
    return None


# ---- iperf3 ----


def iperf3(port, *words):
    result = subprocess.run([peer("iperf3"), "-c", "127.0.0.1", "-p", str(port), "-u", "-t", "2", "-J", *words],
                            capture_output=True, text=True, timeout=60, check=False)
    report = json.loads(result.stdout)
    expect("error" not in report, words, report.get("error"))
    return report["end"]["sum"]


def iperf3_sends_both_ways():
    """iperf3 -u sends 20 Mbit/s in each direction, its control connection by a TCP service of the same port"""
    if not peer("iperf3"):
        return "there is no iperf3"
    with Relayed() as run:
        (destination,) = udp_ports(1)
        server = run.start("iperf3", peer("iperf3"), "-s", "-B", "127.0.0.1", "-p", str(destination), "--forceflush")
        run.serve(iperf3={"connect": f"127.0.0.1:{destination}"},
                  control={"connect": f"127.0.0.1:{destination}", "protocol": "tcp", "beside": "iperf3"})
        for words in (["-l", "1400"], ["-l", "1400", "-R"], ["-l", "60000"], ["-l", "60000", "-R"]):
            tests = run.output("iperf3").count("Server listening")
            found = iperf3(run.ports["iperf3"], "-b", "20M", *words)
            print("#", "iperf3", *words, {key: found[key] for key in ("packets", "lost_packets", "jitter_ms")})
            # Next to nothing is lost where there is time: tests/bench/udp.py measures it. A busy machine loses more.
            expect(found["lost_percent"] < 20 and found["bits_per_second"] > 15e6, words, found)
            wait_for(lambda tests=tests: run.output("iperf3").count("Server listening") > tests, "iperf3 is done")
        expect(server.poll() is None, "iperf3 -s runs on")
    return None


# ---- a thousand players ----


def play(port, players, rate):
    """What the players saw in four seconds, each sending so many datagrams of 100 bytes a second."""
    out = subprocess.run([DATAGRAMS, "stream", "127.0.0.1", str(port), str(players), "100", "4", str(rate)],
                         capture_output=True, text=True, timeout=60, check=False)
    print(f"# {rate} a second:", out.stdout.strip())
    found = json.loads(out.stdout)
    expect(found["sent"] == players * 4 * rate and found["wrong"] == 0, found)
    return found


def players_get_their_own_answers():
    """1,000 players send 20 datagrams a second each, fewer where the machine is busy: each gets its own back"""
    with Relayed() as run:
        (destination,) = udp_ports(1)
        run.start("echo", DATAGRAMS, "echo", "127.0.0.1", str(destination))
        wait_for(lambda: "ready" in run.output("echo"), "the destination is there")
        run.serve(game={"connect": f"127.0.0.1:{destination}"})
        players = 1000 if SLOW == 1 else 200
        for rate in (20, 10, 5, 2):  # fewer where other programs have the processors
            found = play(run.ports["game"], players, rate)
            expect(DIRECT or run.metric('munnel_clients_accepted_total{service="game"}') >= players, "sessions")
            if found["lost"] <= found["sent"] / 200:
                break
        expect(found["lost"] <= found["sent"] / 5, found, "" if DIRECT else run.ask("/v1/services/game")[1]["datagrams"])


# ---- what is counted and shown ----


def echo_datagrams(run, port, count):
    """Of one client, by turns, so that none waits for another."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port))
        client.settimeout(running.PATIENCE_S)
        for number in range(count):
            client.send(b"%100d" % number)
            expect(client.recv(200) == b"%100d" % number, "an echo of", number)
        (relay,) = run.ask("/v1/relays?service=game")[1]["relays"]
        expect(relay["client"].endswith(f":{client.getsockname()[1]}") and relay["protocol"] == "udp", relay)
        return relay


def datagrams_are_counted_and_shown():
    """datagrams and sessions are in metrics, API and tool, also when they have ended"""
    if DIRECT:
        return "it is Munnel that counts"
    with Relayed() as run:
        (destination,) = udp_ports(1)
        run.start("echo", DATAGRAMS, "echo", "127.0.0.1", str(destination))
        wait_for(lambda: "ready" in run.output("echo"), "the destination is there")
        run.serve(game={"connect": f"127.0.0.1:{destination}"})
        relay = echo_datagrams(run, run.ports["game"], 30)
        expect((relay["in_bytes"], relay["out_bytes"], relay["state"]) == (3000, 3000, "open"), relay)
        counted = {"in": 30, "out": 30, "dropped_in": 0, "dropped_out": 0}
        expect(relay["protocol"] == "udp" and relay["datagrams"] == counted, relay)
        shown = run.run("munnel", "relay", "show", "--socket", run.path("admin.sock"), relay["id"])
        expect(re.search(r"datagrams to the client +30\n", shown), shown)
        service = run.ask("/v1/services/game")[1]
        expect(service["protocol"] == "udp" and service["relays"] == 1, service)
        seen = service["datagrams"]
        expect((seen["in"], seen["out"], seen["dropped_in"], seen["dropped_out"]) == (30, 30, {}, {}), seen)
        for series, value in (('munnel_datagrams_total{service="game",direction="in"}', 30),
                              ('munnel_datagrams_total{service="game",direction="out"}', 30),
                              ('munnel_datagrams_dropped_total{service="game",reason="queue",direction="in"}', 0),
                              ('munnel_clients_accepted_total{service="game"}', 1),
                              ('munnel_relay_bytes_total{service="game",direction="in"}', 3000)):
            expect(run.metric(series) == value, series, run.metric(series))
        listed = run.run("munnel", "relay", "list", "--socket", run.path("admin.sock"))
        expect(relay["id"] in listed and f"{relay['client']} udp" in listed, listed)
        listed = run.run("munnel", "service", "list", "--socket", run.path("admin.sock"))
        expect(f"127.0.0.1:{run.ports['game']} udp" in listed, listed)
        shown = run.run("munnel", "service", "show", "--socket", run.path("admin.sock"), "game")
        expect(re.search(r"protocol +udp\n", shown) and re.search(r"datagrams +[\d.]", shown), shown)
        run.run("munnel", "relay", "end", "--socket", run.path("admin.sock"), relay["id"])
        wait_for(lambda: run.sessions() == 0, "the session is ended")
        (ended,) = run.ask("/v1/relays?state=ended&service=game")[1]["relays"]
        expect(ended["protocol"] == "udp" and ended["in_bytes"] == 3000 and ended["datagrams"] is None, ended)
    return None


# ---- WireGuard ----


class Machines:
    """This program's network namespace, which is its own, and another one behind a wire."""

    def __init__(self, run):
        self.run = run
        other = run.start("machine", "unshare", "--net", "sleep", "600")
        wait_for(lambda: os.stat(f"/proc/{other.pid}/ns/net").st_ino != os.stat("/proc/self/ns/net").st_ino, "a namespace")
        self.inside = ["nsenter", f"--net=/proc/{other.pid}/ns/net"]
        self.do(f"ip link add wire0 type veth peer name wire1 netns {other.pid}")
        self.do("ip address add 10.78.0.1/24 dev wire0")
        self.do("ip link set wire0 up")
        for command in ("ip link set lo up", "ip address add 10.78.0.2/24 dev wire1", "ip link set wire1 up"):
            self.do(command, self.inside)

    @staticmethod
    def do(command, inside=()):
        result = subprocess.run([*inside, *command.split()], capture_output=True, text=True, timeout=20, check=False)
        expect(result.returncode == 0, command, result.stderr)
        return result.stdout

    def start_wireguard(self, device, inside=()):
        """The kernel's, else wireguard-go with a tun device; false: there is neither."""
        if subprocess.run([*inside, "ip", "link", "add", device, "type", "wireguard"], stderr=subprocess.DEVNULL,
                          check=False).returncode == 0:
            return True
        if not peer("wireguard-go") or not os.path.exists("/dev/net/tun"):
            return False
        program = self.run.start(device, *inside, peer("wireguard-go"), "-f", device)
        wait_for(lambda: program.poll() is not None or os.path.exists(f"/var/run/wireguard/{device}.sock"), "wireguard-go")
        return program.poll() is None


def lack_of_wireguard():
    for program in ("wg", "ip", "unshare", "nsenter", "ping"):
        if not peer(program):
            return f"there is no {program}"
    return None if os.geteuid() == 0 else "network namespaces need root"


def configure_wireguard(machines, devices, keys, listening, port):
    """Two ends: the first one calls, the second one listens."""
    publics = [subprocess.run(["wg", "pubkey"], input=open(key).read(), capture_output=True, text=True,
                              check=True).stdout.strip() for key in keys]
    machines.do(f"wg set {devices[0]} private-key {keys[0]} peer {publics[1]} allowed-ips 10.79.0.2/32 "
                f"endpoint {'10.78.0.2' if DIRECT else '127.0.0.1'}:{port}")
    machines.do(f"wg set {devices[1]} private-key {keys[1]} listen-port {listening} peer {publics[0]} "
                "allowed-ips 10.79.0.1/32", machines.inside)
    for number, inside in ((1, ()), (2, machines.inside)):
        device = devices[number - 1]
        machines.do(f"ip address add 10.79.0.{number}/24 dev {device}", inside)
        machines.do(f"ip link set {device} up", inside)


def wireguard_tunnels():
    """a WireGuard tunnel goes by a UDP service: pings, and a megabyte by TCP within it"""
    lack = lack_of_wireguard()
    if lack:
        return lack
    with Relayed() as run:
        machines = Machines(run)
        devices = [f"wg{os.getpid()}a", f"wg{os.getpid()}b"]
        if not machines.start_wireguard(devices[0]) or not machines.start_wireguard(devices[1], machines.inside):
            return "the kernel has no WireGuard, and there is no wireguard-go or no /dev/net/tun"
        keys = [run.write(f"key{number}", machines.do("wg genkey")) for number in (1, 2)]
        run.serve(wireguard={"connect": "10.78.0.2:51820"})
        configure_wireguard(machines, devices, keys, 51820, run.ports["wireguard"])
        words = machines.do("ping -n -c 20 -i 0.05 -W 5 10.79.0.2")
        print("#", words.splitlines()[-2], ";", words.splitlines()[-1])
        expect(" 0% packet loss" in words, words)
        data = os.urandom(1 << 20)
        os.mkdir(run.path("www"))
        with open(run.path("www/data"), "wb") as file:
            file.write(data)
        run.start("web", *machines.inside, "python3", "-m", "http.server", "-b", "10.79.0.2", "-d", run.path("www"), "8000")
        got = wait_for(lambda: fetch("10.79.0.2", 8000, "/data"), "the file comes through the tunnel")
        expect(hashlib.sha256(got).digest() == hashlib.sha256(data).digest(), "the same bytes, of", len(got))
        expect(DIRECT or run.sessions() == 1, "one session")
    return None


def fetch(host, port, path):
    connection = http.client.HTTPConnection(host, port, timeout=running.PATIENCE_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    except ConnectionRefusedError:
        return None
    finally:
        connection.close()


def in_a_namespace():
    """The whole program starts again in a network namespace of its own, where one may be made."""
    if os.geteuid() == 0 and peer("unshare") and not os.environ.get("MUNNEL_UDP_INSIDE") and \
            subprocess.run(["unshare", "--net", "ip", "link", "set", "lo", "up"], check=False).returncode == 0:
        os.environ["MUNNEL_UDP_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", "python3", __file__])


in_a_namespace()
running.main(questions_of_dig_are_answered, iperf3_sends_both_ways, players_get_their_own_answers,
             datagrams_are_counted_and_shown, wireguard_tunnels)
