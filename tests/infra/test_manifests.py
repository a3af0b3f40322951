"""What the containers may do, and who may talk to them: each rule holds, and breaking it is noticed."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.redis_server import free_port

INFRA = Path(__file__).parents[2] / "infra"
COMPOSE = yaml.safe_load((INFRA / "compose.yaml").read_text())
KUBERNETES = {each["kind"]: each for each in yaml.safe_load_all((INFRA / "kubernetes.yaml").read_text())}

POD = ("Deployment", "spec", "template", "spec")
CONTAINER = (*POD, "containers", 0)
POLICY = ("NetworkPolicy", "spec")


def is_(wanted: Any) -> Callable[[Any], bool]:
    return lambda found: found == wanted


def some(found: Any) -> bool:
    return bool(found)


RULES: list[tuple[str, tuple[str | int, ...], Callable[[Any], bool]]] = [
    ("kubernetes", (*POD, "automountServiceAccountToken"), is_(False)),
    ("kubernetes", (*POD, "securityContext", "seccompProfile", "type"), is_("RuntimeDefault")),
    ("kubernetes", (*POD, "securityContext", "runAsNonRoot"), is_(True)),
    ("kubernetes", (*POD, "securityContext", "runAsUser"), is_(10001)),
    ("kubernetes", (*CONTAINER, "securityContext", "readOnlyRootFilesystem"), is_(True)),
    ("kubernetes", (*CONTAINER, "securityContext", "allowPrivilegeEscalation"), is_(False)),
    ("kubernetes", (*CONTAINER, "securityContext", "capabilities", "drop"), is_(["ALL"])),
    ("kubernetes", (*CONTAINER, "resources", "requests", "memory"), some),
    ("kubernetes", (*CONTAINER, "resources", "limits", "memory"), some),
    ("kubernetes", (*CONTAINER, "resources", "limits", "ephemeral-storage"), some),
    ("kubernetes", (*POLICY, "podSelector", "matchLabels", "app"), is_("phoneagent")),
    ("kubernetes", (*POLICY, "policyTypes"), is_(["Ingress", "Egress"])),
    ("kubernetes", (*POLICY, "ingress", 0, "from"), some),  # without it: from everywhere
    ("kubernetes", (*POLICY, "egress", 2, "to", 0, "ipBlock", "except"), lambda found: "169.254.0.0/16" in found),
    ("compose", ("networks", "state", "internal"), is_(True)),
    ("compose", ("services", "redis", "networks"), is_(["state"])),
    ("compose", ("services", "redis", "user"), is_("redis")),
    ("compose", ("services", "redis", "command", 2), lambda found: "requirepass $$REDISCLI_AUTH" in found),
    ("compose", ("services", "redis", "command", 2), lambda found: "--maxmemory " in found),
    ("compose", ("services", "agent", "environment", "REDIS_URL"), lambda found: "${REDIS_PASSWORD:?" in found),
    ("compose", ("services", "agent", "ports"), lambda found: all(each.startswith("127.0.0.1:") for each in found)),
] + [
    ("compose", ("services", service, *path), rule)
    for service in ("agent", "redis")
    for path, rule in [
        (("read_only",), is_(True)),
        (("cap_drop",), is_(["ALL"])),
        (("security_opt",), is_(["no-new-privileges:true"])),
        (("mem_limit",), some),
        (("pids_limit",), some),
        (("logging", "options", "max-size"), some),
        (("logging", "options", "max-file"), some),
    ]
]


def holds(document: Any, path: tuple[str | int, ...], rule: Callable[[Any], bool]) -> bool:
    try:
        for part in path:
            document = document[part]
    except (KeyError, IndexError):
        return False
    return rule(document)


def named(rule: tuple[str, tuple[str | int, ...], Any]) -> str:
    return ".".join(map(str, (rule[0], *rule[1])))


@pytest.mark.parametrize(("file", "path", "rule"), RULES, ids=map(named, RULES))
def test_each_rule_holds_and_is_missed_when_it_is_taken_out(file, path, rule):
    document = copy.deepcopy({"compose": COMPOSE, "kubernetes": KUBERNETES}[file])
    assert holds(document, path, rule)
    place = document
    for part in path[:-1]:
        place = place[part]
    del place[path[-1]]
    assert not holds(document, path, rule)


def test_all_that_kubernetes_runs_and_selects_is_the_same_app():
    labels = KUBERNETES["Deployment"]["spec"]["template"]["metadata"]["labels"]
    for selector in (
        KUBERNETES["Service"]["spec"]["selector"],
        KUBERNETES["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        KUBERNETES["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
    ):
        assert selector == labels


def test_the_command_of_redis_starts_one_that_wants_the_password(tmp_path):
    """The very command, with compose's `$$` as compose gives it to the shell."""
    shell, flag, script = COMPOSE["services"]["redis"]["command"]
    port = free_port()
    script = script.replace("$$", "$").replace("redis-server -", f"redis-server - --port {port} --dir {tmp_path}", 1)
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "REDISCLI_AUTH": "secret"}
    server = subprocess.Popen([shell, flag, script], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        assert any("Ready to accept" in line for line in server.stdout)
        ask = ["redis-cli", "-p", str(port), "config", "get", "maxmemory*"]
        stranger = subprocess.run(ask, env={"PATH": environment["PATH"]}, capture_output=True, text=True, check=False)
        assert "NOAUTH" in stranger.stdout + stranger.stderr
        known = subprocess.run(ask, env=environment, capture_output=True, text=True, check=True)
        assert "noeviction" in known.stdout
    finally:
        server.terminate()
        server.communicate()
    assert server.returncode == 0, "SIGTERM reaches Redis, which ends by itself"
