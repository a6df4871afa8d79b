"""A Redis that moves: sentinels, replicas, several addresses. Real servers, real failovers."""

import math
import subprocess

import pytest
import redis as redis_client

from faults import OwnRedis
from faults_load import Traffic, now_ms
from faults_run import Runner, expect_the_recount, expect_the_view, pause, prepared, redis_of
from harness import scaled, wait_for

pytestmark = [pytest.mark.timeout(180),
              pytest.mark.skipif(not OwnRedis.available(), reason="redis-server is not installed")]

SENTINEL = """port {port}
bind 127.0.0.1
dir {folder}
sentinel monitor wall 127.0.0.1 {master} 1
sentinel down-after-milliseconds wall 1000
sentinel failover-timeout wall 5000
"""


class Sentinel(OwnRedis):
    """Watches one master under the name `wall`."""

    def __init__(self, folder, master):
        super().__init__(folder)
        config = folder / "sentinel.conf"
        config.write_text(SENTINEL.format(port=self.port, folder=folder, master=master.port))
        self.command = ["redis-server", str(config), "--sentinel"]

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_for("the sentinel", self._answers, 10)

    def client(self):
        return redis_of(f"redis://127.0.0.1:{self.port}")

    def master(self):
        return self.client().execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "wall")[1]


@pytest.fixture
def servers(tmp_path):
    """Starts servers of this test; all are stopped at its end."""
    started = []

    def start(make, *arguments):
        folder = tmp_path / f"redis-{len(started)}"
        folder.mkdir()
        server = make(folder, *arguments)
        server.start()
        started.append(server)
        return server
    yield start
    for server in reversed(started):
        server.close()


def pair(servers):
    """A master and its replica, in step."""
    master = servers(OwnRedis)
    replica = servers(OwnRedis, "--replicaof", "127.0.0.1", str(master.port),
                      "--repl-diskless-sync-delay", "0")
    wait_for("replication", lambda: client(replica).info("replication")["master_link_status"] ==
             "up", 20)
    return master, replica


def client(server):
    return redis_of(f"redis://127.0.0.1:{server.port}")


def is_master(server):
    """Who becomes one throws out whoever is connected, the one who asks among them."""
    try:
        return client(server).role()[0] == "master"
    except redis_client.ConnectionError:
        return False


def watched(servers, master, replica):
    sentinel = servers(Sentinel, master)
    wait_for("the replica's name", lambda: [
        r for r in sentinel.client().sentinel_slaves("wall") if r["port"] == replica.port], 20)
    return sentinel


def start(world, url):
    prepared(world)
    return Runner(world, "one", redis=url).start()


def wait_for_figures(server):
    wait_for("figures", lambda: client(server).hget("fw:{acme}:kpi:all:30m", "offered"),
             scaled(20))


def metric(world, runner, name):
    """NaN, to which nothing compares, as long as there is none."""
    _, text = world.http("/metrics", runner.port)
    return {line.split()[0]: float(line.split()[1]) for line in text.splitlines()
            if line.startswith("floorwalker_")}.get(f"floorwalker_{name}", math.nan)


def test_a_sentinel_names_the_new_master(world, servers):
    """kill -9 of the master: the view that the old one had is marked by its age, and 5 s after the
    new master is one, the view there is right."""
    master, replica = pair(servers)
    sentinel = watched(servers, master, replica)
    runner = start(world, f"redis://127.0.0.1:{sentinel.port}/0")
    traffic = Traffic(world, seed=31)
    wait_for_figures(master)
    wait_for("a young view", lambda: metric(world, runner, "redis_view_age_ms") < 2000, scaled(5))
    master.process.kill()
    master.process.wait(10)
    wait_for("down", lambda: metric(world, runner, "redis_up") == 0, scaled(5), 0.02)
    stale_at = int(client(replica).hget("fw:{acme}:meta", "as_of"))
    traffic.stop()
    assert int(client(replica).hget("fw:{acme}:meta", "as_of")) == stale_at
    wait_for("age", lambda: metric(world, runner, "redis_view_age_ms") > 500, 5, 0.05)
    wait_for("promotion", lambda: is_master(replica), scaled(20), 0.05)
    expect_the_view(world, client(replica), within_s=5)
    expect_the_recount(world, client(replica))
    assert sentinel.master() == str(replica.port)
    runner.stop()


def test_a_failover_on_a_live_connection(world, servers):
    """The old master lives on, takes writes for some seconds more, and forgets them."""
    master, replica = pair(servers)
    sentinel = watched(servers, master, replica)
    runner = start(world, f"redis://127.0.0.1:{sentinel.port}/0?master=wall")
    traffic = Traffic(world, seed=32)
    wait_for_figures(master)
    sentinel.client().execute_command("SENTINEL", "FAILOVER", "wall")
    wait_for("promotion", lambda: is_master(replica), scaled(20), 0.05)
    begun = now_ms()
    wait_for("a fresh view", lambda: int(client(replica).hget("fw:{acme}:meta", "as_of") or 0) >
             begun, scaled(5), 0.05)
    traffic.stop()
    expect_the_view(world, client(replica), within_s=5)
    expect_the_recount(world, client(replica))
    runner.stop()


def test_several_addresses_one_of_which_is_the_master(world, servers):
    """Without a sentinel: roles are swapped by hand, the connections stay. A replica names its
    master, and its READONLY sends the writer on."""
    first, second = pair(servers)
    addresses = f"redis://127.0.0.1:{second.port}/0,redis://127.0.0.1:{first.port}/0"
    runner = start(world, addresses)
    traffic = Traffic(world, seed=33)
    wait_for_figures(first)
    assert client(second).role()[0] == "slave"
    client(second).replicaof("NO", "ONE")
    client(first).replicaof("127.0.0.1", second.port)
    traffic.stop()
    expect_the_view(world, client(second), within_s=5)
    first.process.kill()
    pause(1)
    expect_the_recount(world, client(second))
    assert metric(world, runner, "redis_up") == 1
    runner.stop()


def test_readers_ask_the_sentinel_too(world, servers):
    """`check --connect` finds the master behind a sentinel; one that watches nothing of that name
    is refused with the remedy."""
    master, replica = pair(servers)
    sentinel = watched(servers, master, replica)
    prepared(world)
    good = world.floorwalker("check", "--connect", "--config",
                             world.config(redis=f"redis://127.0.0.1:{sentinel.port}/0"))
    assert good.returncode == 0, good.stdout + good.stderr
    bad = world.floorwalker("check", "--connect", "--config", world.config(
        redis=f"redis://127.0.0.1:{sentinel.port}/0?master=other"))
    assert bad.returncode != 0 and "knows no master other" in bad.stdout + bad.stderr
