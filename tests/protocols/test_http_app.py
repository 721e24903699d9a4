"""The HTTP side over a real port: pages, figures, uploads, receipts, and who may have them."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
import trio.testing
from attrs import define, field

from actors.errors import BusyError
from actors.messages import Failure
from actors.provider_messages import Callback, Taken
from actors.world import SystemWorld
from protocols.front.guard import Guard
from protocols.http import server, shield, uploads
from protocols.http.app import make_app
from protocols.http.metrics import Sample
from protocols.http.server import Bound, PortInUseError, listen, serve_http
from protocols.http.settings import Health, HttpSettings, Receipt

ADMIN = {"Authorization": "Bearer admin-token"}
SEGMENT = b"segment " * 300_000
NAME = sha256(SEGMENT).hexdigest()
PAGE = "<!doctype html><title>Register</title><script type=module src=/assets/r-1a2b.js></script>"


@define(eq=False)
class Site:
    """A served application and what it was asked to do."""

    folder: Path
    healthy: bool = True
    staged: list[tuple[str, bytes]] = field(factory=list)
    stage_answer: Any = field(factory=lambda: {"item_count": 3})
    bound: Bound = field(factory=lambda: Bound("", 0))
    http: Any = None
    called: list[Callback] = field(factory=list)
    handed: Taken | Failure = field(factory=Taken)

    async def stage(self, path: Path, digest: str) -> dict[str, Any] | Failure:
        """Take an upload."""
        self.staged.append((digest, path.read_bytes()))
        if isinstance(self.stage_answer, Exception):
            raise self.stage_answer
        found: dict[str, Any] | Failure = self.stage_answer
        return found

    async def hand(self, callback: Callback) -> Taken | Failure:
        """Note what was posted, and answer it as the test wants."""
        self.called.append(callback)
        return self.handed

    async def render(self, order_id: str, form: str) -> Receipt | None:
        """A receipt of the one order there is."""
        if order_id != "o-1":
            return None
        kinds = {"png": "image/png", "html": "text/html; charset=utf-8", "txt": "text/plain"}
        return Receipt(kinds[form], form.encode())

    def samples(self) -> list[Sample]:
        """Two figures of one name, and a counter."""
        return [
            Sample("shop_queue", "Waiting.", 2, labels={"device": "printer"}),
            Sample("shop_queue", "Waiting.", 0, labels={"device": "drawer"}),
            Sample("shop_commands", "Decided.", 7, counts=True),
        ]


@contextlib.asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Site]:
    """A site on a free port with a client."""
    web = folder / "web"
    (web / "register").mkdir(parents=True)
    (web / "assets").mkdir()
    (web / "index.html").write_text(PAGE)
    (web / "register" / "index.html").write_text(PAGE)
    (web / "assets" / "r-1a2b.js").write_text("export {}")
    (folder / "secret.txt").write_text("secret")
    site = Site(folder)
    settings = HttpSettings(
        port=0,
        health=lambda: Health(site.healthy, {"position": 9}),
        samples=site.samples,
        front_token="front-token",
        admin_token="admin-token",
        hosts=("till.shop.example",),
        web=web,
        uploads=folder / "uploads",
        stage=site.stage,
        render=site.render,
        hand=site.hand,
        opens=lambda paylink_id: "https://pay.example/x" if paylink_id == "waits" else "",
    )
    guard = Guard()
    app = make_app(settings, SystemWorld(), guard)
    async with trio.open_nursery() as nursery:
        site.bound = await nursery.start(serve_http, settings, app, guard)
        async with httpx.AsyncClient(base_url=site.bound.url, trust_env=False) as http:
            site.http = http
            yield site
        nursery.cancel_scope.cancel()


async def test_pages_are_served_with_their_caching(tmp_path: Path) -> None:
    """Pages are asked for each time, hashed assets kept for ever, unchanged ones not sent again."""
    async with served(tmp_path) as site:
        for path in ("/", "/register/"):
            page = await site.http.get(path)
            assert (200, PAGE, "no-cache") == (
                page.status_code,
                page.text,
                page.headers["cache-control"],
            )
            again = await site.http.get(path, headers={"If-None-Match": page.headers["etag"]})
            assert (304, b"") == (again.status_code, again.content)
        assert "/register/" == (await site.http.get("/register")).headers["location"].replace(
            site.bound.url.rstrip("/"), ""
        )
        asset = await site.http.get("/assets/r-1a2b.js")
        assert "immutable" in asset.headers["cache-control"]
        gone = await site.http.get("/assets/r-0000.js")
        assert (404, "not_found") == (gone.status_code, gone.json()["code"])
        assert "immutable" not in gone.headers["cache-control"]


async def test_nothing_outside_the_pages_is_served(tmp_path: Path) -> None:
    """No way of writing a path leads out of the folder of pages."""
    async with served(tmp_path) as site:
        for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "//secret.txt"):
            stream = await trio.open_tcp_stream("127.0.0.1", site.bound.port)
            request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{site.bound.port}\r\n\r\n"
            await stream.send_all(request.encode())
            with trio.fail_after(5):
                answer = await stream.receive_some(65_536)
            assert b"200" not in answer.split(b"\r\n")[0], (path, answer)
            assert b"secret\n" not in answer
            await stream.aclose()


async def test_browsers_are_told_what_pages_may_do(tmp_path: Path) -> None:
    """No inline script, no framing by others, no guessing of types, on pages and on refusals."""
    async with served(tmp_path) as site:
        for path in ("/", "/health", "/nowhere"):
            headers = (await site.http.get(path)).headers
            policy = dict(
                part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
            )
            assert "'none'" == policy["default-src"]
            assert "'self'" == policy["script-src"]
            assert "'self'" == policy["connect-src"]
            assert "nosniff" == headers["x-content-type-options"]
            assert "no-referrer" == headers["referrer-policy"]
            assert "server" not in headers
            assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "till.shop.example"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://till.shop.example"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, 403),
    ],
    ids=str,
)
async def test_the_token_is_for_the_stores_own_pages(
    headers: dict[str, str], status: int, tmp_path: Path
) -> None:
    """Only a page of this store reads the front ends' token; no cache keeps it."""
    async with served(tmp_path) as site:
        found = await site.http.get("/session.json", headers=headers)
        assert status == found.status_code
        assert "no-store" == found.headers["cache-control"]
        assert (found.json() == {"token": "front-token"}) == (status == 200)
        assert ("front-token" in found.text) == (status == 200)


async def test_health_says_whether_the_store_can_sell(tmp_path: Path) -> None:
    """200 while it can, 503 when it cannot, with the figures either way."""
    async with served(tmp_path) as site:
        found = await site.http.get("/health")
        assert (200, {"ok": True, "position": 9}) == (found.status_code, found.json())
        site.healthy = False
        found = await site.http.get("/health")
        assert (503, {"ok": False, "position": 9}) == (found.status_code, found.json())


async def test_figures_are_served_for_prometheus(tmp_path: Path) -> None:
    """One family a name with its labels, counters ending in `_total`, and no figures of Python's
    own registry."""
    async with served(tmp_path) as site:
        found = await site.http.get("/metrics")
        assert found.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert [
            "# HELP shop_queue Waiting.",
            "# TYPE shop_queue gauge",
            'shop_queue{device="printer"} 2.0',
            'shop_queue{device="drawer"} 0.0',
            "# HELP shop_commands_total Decided.",
            "# TYPE shop_commands_total counter",
            "shop_commands_total 7.0",
        ] == found.text.splitlines()


async def test_the_description_lists_what_is_there(tmp_path: Path) -> None:
    """Each path of the OpenAPI document answers something other than 404."""
    async with served(tmp_path) as site:
        described = (await site.http.get("/api/openapi.json")).json()
        assert described["openapi"].startswith("3.1")
        filled = {
            "{sha256}": NAME,
            "{order_id}.{form}": "o-1.txt",
            "{provider}": "qr",
            "{paylink_id}": "waits",
        }
        for path, methods in described["paths"].items():
            for placeholder, value in filled.items():
                path = path.replace(placeholder, value)
            for method in methods:
                assert (await site.http.request(method, path)).status_code != 404, path


# -------------------------------------------------------------------------------- payments by link


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Taken(), 204),
        (Taken("paylink_must_exist"), 404),
        (Taken("paylink_state_must_fit"), 409),
        (Failure("signature_wrong"), 401),
        (Failure("time_too_far"), 401),
        (Failure("callback_unreadable"), 400),
        (Failure("provider_must_exist"), 404),
        (Failure("absent"), 503),
        (Failure("no_answer"), 503),
    ],
)
async def test_a_providers_call_is_handed_on_as_it_came(
    tmp_path: Path, answer: Taken | Failure, status: int
) -> None:
    """Body and headers unchanged; what it is answered says whether to call again."""
    async with served(tmp_path) as site:
        site.handed = answer
        headers = {"Paylink-Timestamp": "1000", "Paylink-Signature": "v1=00"}
        reply = await site.http.post("/callbacks/qr", content=b"\x00{ }", headers=headers)
        assert status == reply.status_code
        assert [Callback("provider/qr", "1000", "v1=00", b"\x00{ }")] == site.called
        assert "" == reply.text or reply.json()["code"]


async def test_calls_that_are_too_much_are_not_handed_on(tmp_path: Path) -> None:
    """A long body, announced or not, a long header, another method, another name."""
    async with served(tmp_path) as site:

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b"x" * 1_000

        for content in (b"x" * 20_000, endless()):
            assert 413 == (await site.http.post("/callbacks/qr", content=content)).status_code
        headers = {"Paylink-Signature": "v" * 600}
        reply = await site.http.post("/callbacks/qr", content=b"{}", headers=headers)
        assert (401, "signature_wrong") == (reply.status_code, reply.json()["code"])
        assert 404 == (await site.http.get("/callbacks/qr")).status_code
        assert 404 == (await site.http.post("/callbacks/QR!", content=b"{}")).status_code
        foreign = {"Origin": "https://elsewhere.example"}
        assert 403 == (await site.http.post("/callbacks/qr", headers=foreign)).status_code
        assert [] == site.called


async def test_the_code_of_what_waits_is_a_picture(tmp_path: Path) -> None:
    """A square that scales, dark on white, that may run nothing; of nothing else there is any."""
    async with served(tmp_path) as site:
        reply = await site.http.get("/paylinks/waits.svg")
        assert (200, "image/svg+xml") == (reply.status_code, reply.headers["content-type"])
        assert reply.text.startswith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ')
        assert "script" not in reply.text
        assert "default-src 'none'" in reply.headers["content-security-policy"]
        assert 404 == (await site.http.get("/paylinks/other.svg")).status_code
        assert 404 == (await site.http.get("/paylinks/%3Csvg.svg")).status_code


# ---------------------------------------------------------------------------------------- uploads


async def put(site: Site, name: str, *chunks: bytes, announced: bool = True) -> tuple[int, Any]:
    """Upload as a plain program does, reading no answer before all is sent or the pipe broke."""
    lines = [
        f"PUT /api/segments/{name} HTTP/1.1",
        f"Host: 127.0.0.1:{site.bound.port}",
        "Authorization: Bearer admin-token",
        "Connection: close",
        f"Content-Length: {sum(map(len, chunks))}" if announced else "Transfer-Encoding: chunked",
    ]
    stream = await trio.open_tcp_stream("127.0.0.1", site.bound.port)
    async with stream:
        with contextlib.suppress(trio.BrokenResourceError):
            await stream.send_all("\r\n".join([*lines, "", ""]).encode())
            for chunk in chunks:
                head, tail = (b"", b"") if announced else (b"%x\r\n" % len(chunk), b"\r\n")
                await stream.send_all(head + chunk + tail)
            await stream.send_all(b"" if announced else b"0\r\n\r\n")
        answer = b""
        with trio.fail_after(10), contextlib.suppress(trio.BrokenResourceError):
            async for part in stream:
                answer += part
                # Where a body was cut short the server may hold the connection a while longer.
                if _is_whole(answer):
                    break
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), json.loads(body)


def _is_whole(answer: bytes) -> bool:
    """Whether an answer with a length has all of it."""
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return bool(end) and length is not None and len(body) >= int(length[1])


async def test_a_segment_is_staged_under_its_hash(tmp_path: Path) -> None:
    """The bytes arrive whole, what staging says comes back, and no part of it is left lying."""
    async with served(tmp_path) as site:
        found = await site.http.put(f"/api/segments/{NAME}", content=SEGMENT, headers=ADMIN)
        assert (200, {"item_count": 3}) == (found.status_code, found.json())
        assert [(NAME, SEGMENT)] == site.staged
        assert [] == list((tmp_path / "uploads").iterdir())


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer front-token"}, {"Authorization": "Basic admin-token"}],
    ids=str,
)
async def test_only_the_administrator_uploads(headers: dict[str, str], tmp_path: Path) -> None:
    """Without the administrator's token nothing is read or staged."""
    async with served(tmp_path) as site:
        found = await site.http.put(f"/api/segments/{NAME}", content=b"x", headers=headers)
        assert (401, "token_wrong") == (found.status_code, found.json()["code"])
        assert not (tmp_path / "uploads").exists()


async def test_what_does_not_hash_to_its_name_is_thrown_away(tmp_path: Path) -> None:
    """A changed, a cut and a misnamed upload are told apart from a good one before staging."""
    async with served(tmp_path) as site:
        for name, body, code in [
            (NAME, SEGMENT[:-1], "hash_differs"),
            (NAME, b"", "hash_differs"),
            (NAME.upper(), SEGMENT, "invalid_data"),
            ("abc", SEGMENT, "invalid_data"),
        ]:
            status, answer = await put(site, name, body)
            assert (422, code) == (status, answer["code"])
        assert [] == site.staged


async def test_what_a_server_before_was_killed_in_is_removed(tmp_path: Path) -> None:
    """Half an upload would lie on the disk for ever; what was staged is somebody's."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    staged, half = folder / "ab.segment", folder / "0199.part"
    staged.write_bytes(b"goods")
    half.write_bytes(b"go")
    async with served(tmp_path):
        assert [staged] == list(folder.iterdir())


async def test_staging_may_say_no(tmp_path: Path) -> None:
    """A segment that is none is 422 with the reason, a busy store 503 and to be tried again."""
    async with served(tmp_path) as site:
        site.stage_answer = Failure("segment_must_be_valid", "row 3 has no price")
        found = await site.http.put(f"/api/segments/{NAME}", content=SEGMENT, headers=ADMIN)
        assert (422, "row 3 has no price") == (found.status_code, found.json()["detail"])
        site.stage_answer = BusyError("catalog_desk", "full")
        found = await site.http.put(f"/api/segments/{NAME}", content=SEGMENT, headers=ADMIN)
        assert (503, "busy") == (found.status_code, found.json()["code"])
        assert [] == list((tmp_path / "uploads").iterdir())


async def test_bodies_have_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too much is refused by its announced length, and where it is not announced while it comes."""
    monkeypatch.setattr(shield, "SEGMENT_BYTES_MAX", 100_000)
    monkeypatch.setattr(uploads, "SEGMENT_BYTES_MAX", 100_000)

    piece = b"x" * 5_000
    async with served(tmp_path) as site:
        for chunks, announced in (((SEGMENT,), True), ((piece,) * 40, False)):
            status, answer = await put(site, NAME, *chunks, announced=announced)
            assert (413, "body_too_large") == (status, answer["code"])
        assert [] == site.staged
        assert [] == list((tmp_path / "uploads").iterdir())


@pytest.mark.parametrize("path", ["/callbacks/qr", f"/api/segments/{NAME}"])
@pytest.mark.parametrize("drips", [True, False])
async def test_a_body_that_does_not_come_holds_no_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, *, drips: bool
) -> None:
    """Whoever announces a body and sends none of it is told so and hung up on, and so is whoever
    sends a provider's word a byte now and then: what the store can hold open is bounded."""
    monkeypatch.setattr(shield, "BODY_WITHIN_S", 0.3)
    monkeypatch.setattr(shield, "SEGMENT_PIECE_WITHIN_S", 0.3)
    method = "PUT" if "segments" in path else "POST"
    head = f"{method} {path} HTTP/1.1\r\nHost: till.shop.example\r\nContent-Length: 9999\r\n"
    async with served(tmp_path) as site:
        stream = await trio.open_tcp_stream("127.0.0.1", site.bound.port)
        await stream.send_all(f"{head}Authorization: Bearer admin-token\r\n\r\n".encode())
        heard = b""
        with trio.fail_after(5):
            while b"}" not in heard:
                if drips and "callbacks" in path:
                    await stream.send_all(b"x")
                with trio.move_on_after(0.05):
                    heard += bytes(await stream.receive_some())
        await stream.aclose()
        assert b"HTTP/1.1 408" in heard
        assert b"body_too_slow" in heard
        assert [] == [*site.staged, *site.called]


# ------------------------------------------------------------------------- receipts and the port


async def test_receipts_are_shown_and_may_do_nothing(tmp_path: Path) -> None:
    """Each form comes with its type under a policy that runs nothing; others do not exist."""
    async with served(tmp_path) as site:
        for form, kind in (("png", "image/png"), ("html", "text/html"), ("txt", "text/plain")):
            found = await site.http.get(f"/receipts/o-1.{form}")
            assert (200, form.encode()) == (found.status_code, found.content)
            assert found.headers["content-type"].startswith(kind)
            assert "sandbox" in found.headers["content-security-policy"]
            assert "script" not in found.headers["content-security-policy"]
        for path in ("/receipts/o-2.png", "/receipts/o-1.pdf", "/receipts/o-1%00.png"):
            assert 404 == (await site.http.get(path)).status_code


async def test_a_port_in_use_is_told_with_what_to_do(tmp_path: Path) -> None:
    """The second store on a port says which port and how to go on, and the first sells on."""
    async with served(tmp_path) as site:
        with pytest.raises(PortInUseError) as caught:
            listen("127.0.0.1", site.bound.port)
        assert str(site.bound.port) in str(caught.value)
        assert "another port" in str(caught.value)
        assert 200 == (await site.http.get("/health")).status_code


async def test_connections_that_say_nothing_keep_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More connections than the port holds: those that say nothing give way to a request, those
    that ask for something stay, and none costs the store a file it must open itself."""
    monkeypatch.setattr(server, "CONNECTIONS_MAX", 8)
    async with served(tmp_path) as site:
        silent = [await trio.open_tcp_stream("127.0.0.1", site.bound.port) for _ in range(30)]
        await trio.testing.wait_all_tasks_blocked()
        gone = 0
        for stream in silent:
            with trio.move_on_after(0.02):
                gone += await stream.receive_some() == b""
        assert gone == 30 - 8
        assert 200 == (await site.http.get("/health")).status_code
        for stream in silent:
            await stream.aclose()


async def test_a_full_port_turns_away_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port whose connections are all in use hangs up on one more, and takes the next once there
    is room."""
    monkeypatch.setattr(server, "CONNECTIONS_MAX", 2)
    ask = b"GET /health HTTP/1.1\r\nHost: till.shop.example\r\n\r\n"
    async with served(tmp_path) as site:
        busy = [await trio.open_tcp_stream("127.0.0.1", site.bound.port) for _ in range(2)]
        for stream in busy:
            await stream.send_all(ask)
            assert (await stream.receive_some()).startswith(b"HTTP/1.1 200")
        more = await trio.open_tcp_stream("127.0.0.1", site.bound.port)
        with trio.fail_after(5):
            assert await more.receive_some() == b""
        await more.aclose()
        # One that is closed makes room at once, though it might have asked for more.
        await busy[0].aclose()
        answer = None
        with trio.fail_after(5):
            while answer is None:
                with contextlib.suppress(httpx.RemoteProtocolError, httpx.ReadError):
                    answer = await site.http.get("/health")
        assert 200 == answer.status_code
        await busy[1].aclose()


async def test_a_request_in_flight_is_finished_at_the_end(tmp_path: Path) -> None:
    """Stopping waits for what is under way, and takes nothing new."""
    started, release = trio.Event(), trio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        started.set()
        await release.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    settings = HttpSettings(0, lambda: Health(True), list, "f", "a")
    bodies = []
    async with trio.open_nursery() as nursery:
        scope = trio.CancelScope()

        async def serve(task_status: Any) -> None:
            with scope:
                await serve_http(settings, slow, Guard(), task_status=task_status)

        bound = await nursery.start(serve)

        async def ask() -> None:
            async with httpx.AsyncClient(trust_env=False) as http:
                bodies.append((await http.get(bound.url)).text)

        nursery.start_soon(ask)
        await started.wait()
        scope.cancel()
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(OSError, match=r".*"):
            await trio.open_tcp_stream("127.0.0.1", bound.port)
        release.set()
    assert ["done"] == bodies
