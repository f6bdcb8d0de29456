# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""prometheus: a real Prometheus scrapes a server with traffic, and has the numbers that the administration API has; every
query of the dashboard has an answer; the alert rules do what they are for."""

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request

import running
from running import Running, expect, wait_for

ALERTS = f"{running.TOP}/contrib/prometheus/alerts.yml"
DASHBOARD = f"{running.TOP}/contrib/grafana/munnel.json"


def missing():
    for program in ("prometheus", "promtool"):
        if not shutil.which(program):
            return f"there is no {program}"
    return None


def promtool(*arguments, text=None):
    result = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True, check=False)
    expect(result.returncode == 0 and not result.stderr.strip(), *arguments, result.stdout, result.stderr)


def rules_are_right():
    """the alert rules are valid, and each is raised and stays quiet in its cases"""
    if missing():
        return missing()
    promtool("check", "rules", ALERTS)
    promtool("test", "rules", ALERTS.replace("alerts.yml", "alerts_test.yml"))
    with open(ALERTS) as file, open(ALERTS.replace("alerts.yml", "alerts_test.yml")) as tests:
        tested = tests.read()
        for alert in re.findall(r"alert: (\w+)", file.read()):
            expect(f"alertname: {alert}\n" in tested, "no case in which it is raised:", alert)
    return None


# ---- a Prometheus, and traffic ----


class Prometheus:
    def __init__(self, run):
        (self.port,) = running.free_ports(1)
        configuration = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": [rules_of(run)],
                         "scrape_configs": [scrape_of_the_sample(run)]}
        run.start("prometheus", "prometheus", f"--config.file={run.write('prometheus.yml', json.dumps(configuration))}",
                  f"--storage.tsdb.path={run.path('tsdb')}", f"--web.listen-address=127.0.0.1:{self.port}")

    def get(self, path, **query):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=running.PATIENCE_S) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        return self.get("query", query=expression)["result"]

    def value(self, expression):
        try:
            result = self.query(expression)
        except OSError:  # it is starting
            return None
        return float(result[0]["value"][1]) if result else None


def rules_of(run):
    return run.write("alerts.yml", open(ALERTS).read())


def scrape_of_the_sample(run):
    """The sample's job, with the server of the test, each second."""
    with open(ALERTS.replace("alerts.yml", "prometheus.yml")) as file:
        sample = file.read()
    expect('targets: ["127.0.0.1:10002"]' in sample and "labels: {instance: relay1}" in sample, "the sample")
    return {"job_name": re.search(r"job_name: (\w+)", sample).group(1), "scrape_interval": "1s",
            "static_configs": [{"targets": [f"127.0.0.1:{run.http_port}"], "labels": {"instance": "relay1"}}]}


def relay_some(run, held):
    """Clients of all kinds: served, refused by a limit, without a destination, and some that stay."""
    for _ in range(5):
        run.relay(b"x" * 1000)
    if len(held) < 3:
        held.append(socket.create_connection(("127.0.0.1", run.port)))
        held[-1].sendall(b"stays")
    run.datagrams.sendto(b"a datagram", ("127.0.0.1", run.udp_port))
    for port in (run.closed_port, run.refused_port):
        try:
            run.relay(port=port)
        except (OSError, running.Failed):
            pass


def configure(run):
    run.closed_port, run.refused_port, run.udp_port, nothing = running.free_ports(4)
    run.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    services = run.configuration()["services"]
    services[0]["group"] = "default"
    services += [{"name": "closed", "listen": f"127.0.0.1:{run.closed_port}", "connect": f"127.0.0.1:{nothing}",
                  "connect_timeout": 1},
                 {"name": "full", "listen": f"127.0.0.1:{run.refused_port}", "connect": f"127.0.0.1:{run.echo.port}",
                  "deny": ["127.0.0.0/8"]},
                 {"name": "datagrams", "protocol": "udp", "listen": f"127.0.0.1:{run.udp_port}",
                  "connect": f"127.0.0.1:{nothing}"}]
    run.configure(services=services)


# ---- the dashboard ----


def queries_of(dashboard):
    """(panel, query) with the dashboard's variables filled in."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            query = target["expr"].replace("$__rate_interval", "5s")
            yield panel["title"], re.sub(r"\$(instance|service|job)\b", ".*", query)


def check_layout(dashboard):
    """Panels have their own ids and places, in the 24 columns of a dashboard."""
    taken = {}
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        expect(place["x"] + place["w"] <= 24, "too far right:", panel["title"])
        for column in range(place["x"], place["x"] + place["w"]):
            for line in range(place["y"], place["y"] + place["h"]):
                expect((column, line) not in taken, panel["title"], "covers", taken.get((column, line)))
                taken[column, line] = panel["title"]
    ids = [panel["id"] for panel in dashboard["panels"]]
    expect(len(ids) == len(set(ids)), "two panels with one id")
    expect(dashboard["schemaVersion"] >= 39 and dashboard["uid"] == "munnel", "the dashboard's head")


def check_variables(prometheus, dashboard):
    for variable in dashboard["templating"]["list"]:
        found = re.match(r"label_values\((.*), (\w+)\)$", variable.get("definition", ""))
        if found:
            series = re.sub(r"\$(instance|job)\b", ".*", found.group(1))
            expect(any(found.group(2) in one["metric"] for one in prometheus.query(series)), "no value:", variable)


def check_dashboard(prometheus):
    with open(DASHBOARD) as file:
        dashboard = json.load(file)
    check_layout(dashboard)
    check_variables(prometheus, dashboard)
    empty = [f"{panel}: {query}" for panel, query in queries_of(dashboard) if not prometheus.query(query)]
    expect(not empty, "queries without an answer:", *empty)


# ---- the numbers ----


def check_numbers(run, prometheus):
    """What Prometheus has, once traffic has stopped, is what the API has."""
    service = run.ask("/v1/services/echo")[1]
    wait_for(lambda: prometheus.value('munnel_clients_accepted_total{service="echo"}') == run.metric(
        'munnel_clients_accepted_total{service="echo"}'), "the last scrape has it all")
    for expression, wanted in (
            ('munnel_clients{service="echo"}', service["relays"] + service["waiting"]),
            ('munnel_service_agents{service="echo",state="ready"}', service["able"]),
            ("munnel_relays", len(run.ask("/v1/relays?state=open")[1]["relays"])),
            ('munnel_agent_sessions{state="connected"}',
             len([one for one in run.ask("/v1/agents")[1]["agents"] if one["state"] == "connected"])),
            ('up{job="munnel"}', 1)):
        wait_for(lambda e=expression, w=wanted: prometheus.value(e) == w,
                 f"{expression} is {wanted}, not {prometheus.value(expression)}")
    total = prometheus.value('sum(munnel_clients_ended_total{service="echo"}) + sum(munnel_clients{service="echo"})')
    expect(total == prometheus.value('munnel_clients_accepted_total{service="echo"}'), "clients come and go:", total)


def prometheus_has_the_numbers_of_the_api():
    """Prometheus scrapes without a fault, has the API's numbers, and an answer for each query of the dashboard"""
    if missing():
        return missing()
    with Running() as run:
        run.initialise()
        configure(run)
        run.start_server()
        run.start_agent()
        promtool("check", "metrics", text=run.ask("/metrics")[1])
        prometheus = Prometheus(run)
        wait_for(lambda: prometheus.value('munnel_build_info{job="munnel"}'), "the first scrape")
        held, end = [], time.monotonic() + 6
        while time.monotonic() < end:
            relay_some(run, held)
            time.sleep(0.1)
        check_dashboard(prometheus)
        check_numbers(run, prometheus)
        (target,) = prometheus.get("targets")["activeTargets"]
        expect(target["health"] == "up" and not target["lastError"], target)
        groups = prometheus.get("rules")["groups"]
        broken = [rule for group in groups for rule in group["rules"] if rule["health"] == "err"]
        expect(groups and not broken, broken)
    return None


running.main(rules_are_right, prometheus_has_the_numbers_of_the_api)
