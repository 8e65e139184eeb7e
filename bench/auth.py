"""What logins cost, and whether a flood of them delays mail.

Run: ``python -m bench.auth``. A server takes mail from one polite client, a process of its own, while 1,000 login attempts a second go through
the login use case of the same process: half of them right, half guesses, none of them known to the cache, from thousands of addresses. Compared
are the times of the client's messages without and with the flood, by the file back end (sha-512 with its default rounds) and by the HTTP back
end (an endpoint in a process of its own). TLS handshakes are not part of it: they are measured with STARTTLS in the comparison of servers.

The second table is the CPU of one login in the server's process, beside the bare call that it cannot do without.
"""

import asyncio
import json
import logging
import socket
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, process_time, sleep

import httpcore2
import uvloop
from tests.servers.gateway import Serving, serving

from tidegate.adapters.auth.http import HttpAuthenticator
from tidegate.adapters.auth.libcrypt import crypt, matches
from tidegate.adapters.auth.password_file import FileAuthenticator
from tidegate.adapters.memory.ban_list import MemoryBanList
from tidegate.app.auth.gateway_login import GatewayLogin
from tidegate.ports.authenticator import Authenticator, AuthVerdict, Credentials

RATE = 1_000
SECONDS = 8
MESSAGES = 2_000
PAUSE = SECONDS * 0.8 / MESSAGES
LOGINS = 200
SALT = "$6$saltsaltsaltsalt$"


async def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder:
        endpoint = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.auth", "endpoint", stdout=subprocess.PIPE)
        try:
            assert endpoint.stdout is not None
            url = f"http://127.0.0.1:{int(await endpoint.stdout.readline())}/"
            path = Path(folder) / "users.txt"
            stored = crypt(b"pw", SALT)
            assert stored is not None
            path.write_text("".join(f"user{number}:{stored}\n" for number in range(10_000)))
            path.chmod(0o600)
            back_ends: dict[str, Authenticator] = {"file": FileAuthenticator(path), "http": HttpAuthenticator(url)}
            async with serving() as server:
                quiet = await _polite(server)
                print(f"no logins          {_times(quiet)}")
                for name, back_end in back_ends.items():
                    flood = asyncio.create_task(_flood(GatewayLogin(back_end, MemoryBanList(), floor_s=0.0)))
                    loaded = await _polite(server)
                    answers, offered, took = await flood
                    said = ", ".join(f"{count} {verdict}" for verdict, count in sorted(answers.items()))
                    print(f"{name:<5} {offered / took:6.0f} logins/s {_times(loaded)}  median × {median(loaded) / median(quiet):.2f}  ({said})")
            await _cpu(back_ends, stored, url)
            for back_end in back_ends.values():
                await back_end.close()
        finally:
            endpoint.terminate()
            await endpoint.wait()


async def _flood(login: GatewayLogin) -> tuple[Counter[str], int, float]:
    answers: Counter[str] = Counter()

    async def attempt(number: int) -> None:
        verdict = await login.attempt(
            Credentials(f"user{number}", "pw" if number % 2 else "guess", f"10.{number // 62500}.{number // 250 % 250}.{number % 250}")
        )
        answers[verdict.value if isinstance(verdict, AuthVerdict) else str(verdict)] += 1

    started = perf_counter()
    async with asyncio.TaskGroup() as group:
        number = 0
        while (elapsed := perf_counter() - started) < SECONDS:
            while number < elapsed * RATE:
                group.create_task(attempt(number))
                number += 1
            await asyncio.sleep(0.005)
        took = perf_counter() - started
    return answers, number, took


async def _polite(server: Serving) -> list[float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.auth", "client", str(server.port), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    times = json.loads(output)
    assert len(times) == MESSAGES
    return [float(seconds) for seconds in times]


def client(port: int) -> None:
    """Sends messages on one connection, one every few milliseconds, and prints how long each took."""
    times = []
    with socket.create_connection(("127.0.0.1", port)) as sock, sock.makefile("rb") as lines:

        def say(text: bytes, replies: int = 1) -> None:
            sock.sendall(text)
            for _ in range(replies):
                while lines.readline()[3:4] == b"-":
                    pass

        say(b"EHLO x\r\n", 2)
        until = perf_counter()
        for _ in range(MESSAGES):
            until += PAUSE
            started = perf_counter()
            say(b"MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n", 3)
            say(b"Subject: x\r\n\r\n" + b"hello hello\r\n" * 300 + b".\r\n")
            ended = perf_counter()
            times.append(ended - started)
            sleep(max(0.0, until - ended))
    print(json.dumps(times))


async def endpoint() -> None:
    """Basic authentication, without more HTTP than that."""
    right = {"Basic " + b64encode(f"user{number}:pw".encode()).decode() for number in range(RATE * (SECONDS + 2))}

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                login = head.partition(b"uthorization: ")[2].partition(b"\r\n")[0].decode()
                writer.write(b"HTTP/1.1 " + (b"200 OK" if login in right else b"401 No") + b"\r\nContent-Length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _cpu(back_ends: dict[str, Authenticator], stored: str, url: str) -> None:
    async with httpcore2.AsyncConnectionPool() as bare:

        async def get(number: int) -> None:
            await bare.request("GET", url, headers=[("Host", "x"), ("Authorization", f"Basic user{number}")])

        async def hashed(_: int) -> None:
            matches("pw", stored)

        for name, call in (("file", hashed), ("http", get)):
            back_end = back_ends[name]

            async def login(number: int, back_end: Authenticator = back_end) -> None:
                assert await back_end.authenticate(Credentials(f"user{number}", "pw")) is AuthVerdict.ACCEPTED

            ours, theirs = [], []
            for _ in range(5):
                ours.append(await _each(login))
                theirs.append(await _each(call))
            what, ratio = "hash" if name == "file" else "request", median(ours) / median(theirs)
            print(f"{name:<5} {median(ours) * 1e3:.2f} ms CPU a login, the bare {what} {median(theirs) * 1e3:.2f} ms: × {ratio:.2f}")


async def _each(call: Callable[[int], Awaitable[None]]) -> float:
    started = process_time()
    for number in range(LOGINS):
        await call(number)
    return (process_time() - started) / LOGINS


def _times(times: list[float]) -> str:
    cuts = quantiles(times, n=100)
    return f"a message in {median(times) * 1e3:.2f} ms, p99 {cuts[98] * 1e3:.2f} ms, longest {max(times) * 1e3:.1f} ms"


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["client", port]:
            client(int(port))
        case ["endpoint"]:
            asyncio.run(endpoint())
        case _:
            logging.disable()
            uvloop.run(main())
