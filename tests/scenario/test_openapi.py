# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""openapi: schemathesis tries docs/openapi.yaml against a running server, over HTTP with a token of each role: what the
document promises is answered, nothing else is taken, and the server serves its clients afterwards.

MUNNEL_SCHEMATHESIS names its program, which contrib/check installs (schemathesis.txt). MUNNEL_OPENAPI_SEED=n has it try
other requests than usual."""

import os
import shutil
import socket
import subprocess

import running
from running import Running, expect

PROGRAM = os.environ.get("MUNNEL_SCHEMATHESIS") or shutil.which("st") or ""
SECONDS = {"view": 25, "operate": 25, "admin": 50}


def serve(run):
    """A server with services, one of them of UDP and one to be changed by PUT, an agent, and clients that stay."""
    run.initialise()
    os.makedirs(run.path("pki/services.d"), exist_ok=True)
    echo = run.configuration()["services"][0]
    run.configure(include="services.d/*.json", services=[echo, {**echo, "name": "datagrams", "protocol": "udp"}])
    run.start_server()
    run.start_agent()
    run.relay()
    client = socket.create_connection(("127.0.0.1", run.port))
    client.sendall(b"stays")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.sendto(b"a datagram", ("127.0.0.1", run.port))
    return client


def configuration(run, seed):
    with open(f"{running.TOP}/tests/scenario/schemathesis.toml") as file:
        text = file.read()
    expect("deterministic = true" in text, "the seed has no effect")
    return run.write("schemathesis.toml", text.replace("deterministic = true", "deterministic = false") if seed else text)


def try_as(role):
    if not os.access(PROGRAM, os.X_OK):
        return "there is no schemathesis"
    with Running() as run:
        client = serve(run)
        seed = os.environ.get("MUNNEL_OPENAPI_SEED")
        result = subprocess.run(
            [PROGRAM, "--config-file", configuration(run, seed), "run",
             f"{os.path.abspath(running.TOP)}/docs/openapi.yaml", "--url", f"http://127.0.0.1:{run.http_port}",
             "--header", f"Authorization: Bearer {run.tokens[role]}", "--max-time", str(SECONDS[role]), "--no-color",
             *(["--seed", seed] if seed else [])],
            cwd=run.folder, capture_output=True, text=True, timeout=10 * SECONDS[role], check=False,
            env={**os.environ, "NO_PROXY": "127.0.0.1"})
        expect(result.returncode == 0, result.stdout[result.stdout.find("= FAILURES"):], result.stderr)
        expect(run.programs["munneld"].poll() is None and run.answers("/healthz"), "the server runs")
        if role == "view":
            run.relay(b"x" * 100000)
            client.sendall(b"on")
            expect(client.recv(100), "the client that stayed is served")
        client.close()
    return None


def view_keeps_to_the_document():
    """with the role view, all answers are as documented, and clients notice nothing"""
    return try_as("view")


def operate_keeps_to_the_document():
    """with the role operate, all answers are as documented"""
    return try_as("operate")


def admin_keeps_to_the_document():
    """with the role admin, all answers are as documented"""
    return try_as("admin")


running.main(view_keeps_to_the_document, operate_keeps_to_the_document, admin_keeps_to_the_document)
