"""Things that can be switched off: a TCP forwarder, a registry before the registry, a Redis."""

import re
import shutil
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from harness import free_port, wait_for


class Forwarder:
    """Forwards a port of its own to HOST:PORT, once it is opened."""

    def __init__(self, target):
        host, port = target.rsplit(":", 1)
        self.target = host, int(port)
        self.port = free_port()
        self.listener = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def open(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(a, b), daemon=True).start()

    @staticmethod
    def _pump(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        finally:
            b.close()

    def close(self):
        if self.listener is not None:
            self.listener.close()


class GatedRegistry:
    """Hands requests on to a registry, except for schema ids that are held back; so many of the
    next registrations are refused as in conflict with another."""

    def __init__(self, url):
        self.held = set()
        self.conflicts = 0
        self.asked = []
        gate, http = self, requests.Session()
        http.trust_env = False

        class Handler(BaseHTTPRequestHandler):
            def answer(self, method):
                gate.asked.append(self.path)
                number = re.search(r"/schemas/ids/(\d+)", self.path)
                if number and int(number.group(1)) in gate.held:
                    self.send_error(503, "held back by the test")
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if method == "POST" and gate.conflicts > 0:
                    gate.conflicts -= 1
                    self.send_error(409, "it already exists")
                    return
                path = self.path.removeprefix(gate.root)
                told = http.request(method, url + path, data=body or None, timeout=20, headers={
                    "Content-Type": self.headers.get("Content-Type") or "application/json"})
                self.send_response(told.status_code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(told.content)))
                self.end_headers()
                self.wfile.write(told.content)

            def do_GET(self):
                self.answer("GET")

            def do_POST(self):
                self.answer("POST")

            def log_message(self, *_):
                pass

        self.root = "/ccompat"
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}{self.root}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class OwnRedis:
    """A Redis of the test's own, to be started late or with a password."""

    def __init__(self, folder, *arguments):
        self.folder, self.arguments = folder, arguments
        self.port = free_port()
        self.process = None

    @staticmethod
    def available():
        return shutil.which("redis-server") is not None

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--dir", str(self.folder), *self.arguments],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("Redis", self._answers, 10)

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def close(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
