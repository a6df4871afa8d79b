"""A TCP proxy that misbehaves when told to: it delays, cuts, half-closes and swallows.

It runs in a thread of its own. A fault takes a share of the connections that are open, from a given
random source, or all, or those of one client. New connections are not touched, unless the proxy is
shut or their client is the one that stands still.
"""

import asyncio
import contextlib
import socket
import threading

READ_BYTES = 65536
STALL_LOOK_S = 0.02


class Pipe:
    """One direction of one connection."""

    def __init__(self, reader, writer, named=None):
        self.reader, self.writer = reader, writer
        self.delay_s = 0.0
        self.stalled = False
        self.first = b""  # bytes, which tell who speaks: a Kafka client names itself there
        self.named = named  # called when they have come

    async def run(self):
        """Until either end is gone; what is stalled is kept, as a network would."""
        while data := await self.reader.read(READ_BYTES):
            if not self.first:
                self.first = data
                if self.named:
                    self.named()
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            while self.stalled:
                await asyncio.sleep(STALL_LOOK_S)
            self.writer.write(data)
            await self.writer.drain()


class Connection:
    """A client's connection and ours to the server."""

    def __init__(self, near, far, named):
        self.up = Pipe(near[0], far[1], lambda: named(self))
        self.down = Pipe(far[0], near[1])
        self.pipes = (self.up, self.down)

    async def run(self):
        runs = [asyncio.ensure_future(pipe.run()) for pipe in self.pipes]
        try:
            await asyncio.wait(runs, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for run in runs:
                run.cancel()
            await asyncio.gather(*runs, return_exceptions=True)
            self.cut()

    def cut(self):
        """Reset, not closed: what is under way is lost."""
        for pipe in self.pipes:
            pipe.writer.transport.abort()

    def stall(self, directions, stalled=True):
        for name in directions:
            getattr(self, name).stalled = stalled

    def half_close(self, pipe):
        """The end that reads from this pipe is told that nothing more will come; it may still
        write, and nobody answers."""
        pipe.stalled = True
        with contextlib.suppress(OSError, RuntimeError):
            pipe.writer.write_eof()


class Proxy:
    """Forwards a port of its own to HOST:PORT from start() to close()."""

    def __init__(self, target, port=0):
        host, number = target.rsplit(":", 1)
        self.target = host, int(number)
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.connections = set()
        self.shut = False
        self.still = []  # (name, directions): who stands still, on new connections too
        self.accepted = 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        self.thread.start()
        return self

    def _run(self):
        asyncio.set_event_loop(self.loop)
        self.server = self.loop.run_until_complete(
            asyncio.start_server(self._serve, sock=self.listener))
        self.loop.run_forever()

    async def _serve(self, reader, writer):
        self.accepted += 1
        try:
            if self.shut:
                raise OSError("shut")
            far = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        connection = Connection((reader, writer), far, self._named)
        self.connections.add(connection)
        try:
            await connection.run()
        finally:
            self.connections.discard(connection)

    def _named(self, connection):
        for name, directions in self.still:
            if name in connection.up.first:
                connection.stall(directions)

    # ---- faults ----

    def _do(self, what):
        """Runs what() on the proxy's loop and returns its value."""
        async def wrapped():
            return what()
        return asyncio.run_coroutine_threadsafe(wrapped(), self.loop).result(10)

    def _some(self, rng, share, name=b""):
        return [c for c in self.connections
                if name in c.up.first and (share >= 1 or rng.random() < share)]

    def cut(self, rng=None, share=1.0):
        """Resets connections; returns how many."""
        def act():
            those = self._some(rng, share)
            for connection in those:
                connection.cut()
            return len(those)
        return self._do(act)

    def half_close(self, rng, share=1.0):
        """One direction of each ends, the other stays open: for the client or for the server."""
        def act():
            those = self._some(rng, share)
            for connection in those:
                connection.half_close(rng.choice(connection.pipes))
            return len(those)
        return self._do(act)

    def refuse(self, shut=True):
        """While shut, whoever connects is reset at once."""
        self.shut = shut

    @contextlib.contextmanager
    def delayed(self, seconds, rng=None, share=1.0):
        """Each piece of bytes comes so much later, in order."""
        def act(delay_s, those):
            for connection in those:
                for pipe in connection.pipes:
                    pipe.delay_s = delay_s
            return those
        those = self._do(lambda: act(seconds, self._some(rng, share)))
        try:
            yield len(those)
        finally:
            self._do(lambda: act(0.0, those))

    @contextlib.contextmanager
    def stalled(self, rng=None, share=1.0, directions=("up", "down"), name=b""):
        """Nothing passes and nobody is told; what was held passes afterwards. With a name, only of
        clients that gave it, and whatever they open meanwhile."""
        rule = (name, directions)

        def begin():
            those = self._some(rng, share, name)
            for connection in those:
                connection.stall(directions)
            if name:
                self.still.append(rule)
            return those

        def end():
            if name:
                self.still.remove(rule)
                those.extend(self._some(None, 1.0, name))
            for connection in those:
                connection.stall(directions, False)
        those = self._do(begin)
        try:
            yield len(those)
        finally:
            self._do(end)

    def close(self):
        def act():
            self.server.close()
            for connection in list(self.connections):
                connection.cut()
        self._do(act)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
