"""The nng sockets on their own: plain requests, limits, identities, publishing and TLS."""

from __future__ import annotations

import contextlib
import datetime
import os
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pynng
import pytest
import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from actors.errors import (
    AbsentError,
    AddressInUseError,
    LinkError,
    NoAnswerError,
    OversizedError,
)
from actors.limits import BUSY_ABOVE, CREDIT, FRAME_BYTES_MAX, PUBLISH_BYTES_MAX
from actors.link import Publisher, RawDialer, RawRouter, Subscriber, Tls
from actors.link_client import open_requester
from actors.link_codec import Hello, Refused, Tell, decode, encode_beat, encode_hello, encode_tell
from actors.links import Admission, LinkEvent, Links, PipeIdentity
from actors.node import Node
from actors.world import SystemWorld
from tests.ports import free_port


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A socket file's address nobody else uses."""
    return f"ipc://{tmp_path}/s"


@contextlib.contextmanager
def routed(url: str, **options: object) -> Iterator[RawRouter]:
    """A router at `url`, closed afterwards."""
    router = RawRouter(url, **options)  # type: ignore[arg-type]
    try:
        yield router
    finally:
        router.close()


@contextlib.asynccontextmanager
async def serving(
    router: RawRouter, handle: Callable[[int, bytes, bytes], None]
) -> AsyncIterator[None]:
    """Serve for as long as the block lasts."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(router.serve, handle)
        yield
        nursery.cancel_scope.cancel()


async def until(condition: Callable[[], bool]) -> None:
    """Wait, within ten seconds, for something nng's threads bring about."""
    with trio.fail_after(10):
        while not condition():  # noqa: ASYNC110 - what is waited for cannot set an event here
            await trio.sleep(0.002)


@pytest.mark.parametrize("scheme", ["ipc", "tcp", "inproc"])
async def test_requests_and_replies(scheme: str, tmp_path: Path) -> None:
    """Many requests at once each get their own reply, over every transport."""
    address = {
        "ipc": f"ipc://{tmp_path}/s",
        "tcp": f"tcp://127.0.0.1:{free_port()}",
        "inproc": f"inproc://{tmp_path}",
    }[scheme]
    replies: dict[int, bytes] = {}
    with routed(address) as router:

        def upper(pipe: int, header: bytes, body: bytes) -> None:
            assert router.reply_nowait(header, body.upper())

        async with serving(router, upper), open_requester(address) as requester:

            async def ask(number: int) -> None:
                replies[number] = await requester.request(b"abc-%d" % number, 5)

            async with trio.open_nursery() as nursery:
                for number in range(200):
                    nursery.start_soon(ask, number)
        assert replies == {number: b"ABC-%d" % number for number in range(200)}
        assert router.statistics().received == router.statistics().sent == 200


async def test_an_ordinary_client_is_served(url: str) -> None:
    """A stock REQ socket, as any language has one, talks to the router."""
    with routed(url) as router:

        def echo(pipe: int, header: bytes, body: bytes) -> None:
            router.reply_nowait(header, b"got " + body)

        def client() -> list[bytes]:
            with pynng.Req0(dial=url, recv_timeout=5_000) as stock:
                replies = []
                for number in range(3):
                    stock.send(b"%d" % number)
                    replies.append(stock.recv())
                return replies

        async with serving(router, echo):
            assert await trio.to_thread.run_sync(client) == [b"got 0", b"got 1", b"got 2"]


async def test_unanswered_requests_are_counted(url: str) -> None:
    """A door sees how many requests of one connection wait, and forgets those of a lost one."""
    with routed(url) as router:
        held: list[tuple[int, bytes]] = []
        lost: list[int] = []
        async with trio.open_nursery() as nursery:

            def hold(pipe: int, header: bytes, body: bytes) -> None:
                if router.outstanding(pipe) > BUSY_ABOVE:
                    router.reply_nowait(header, b"busy")
                else:
                    held.append((pipe, header))

            nursery.start_soon(lambda: router.serve(hold, on_lost=lost.append))
            greedy = RawDialer(url)
            answers: list[bytes] = []
            async with trio.open_nursery() as inner:
                joined = trio.Event()
                inner.start_soon(
                    greedy.run_plain,
                    lambda number, body: answers.append(body),
                    lambda up: joined.set(),
                )
                await joined.wait()
                for number in range(60):
                    sent = greedy.request_nowait(0x8000_0000 | number, b"x")
                    assert sent
                    await trio.lowlevel.checkpoint()
                await until(lambda: len(held) + len(answers) == 60)
                pipe = held[0][0]
                assert router.outstanding(pipe) == BUSY_ABOVE
                assert answers == [b"busy"] * (60 - BUSY_ABOVE)
                router.reply_nowait(held[0][1], b"at last")
                assert router.outstanding(pipe) == BUSY_ABOVE - 1
                inner.cancel_scope.cancel()
                greedy.close()
            await until(lambda: lost == [pipe])
            assert router.outstanding(pipe) == 0
            nursery.cancel_scope.cancel()


async def test_a_window_is_kept(url: str) -> None:
    """A requester never has more requests under way than its window, so nng drops no reply."""
    most = 0
    with routed(url) as router:
        waiting: list[bytes] = []

        def hold(pipe: int, header: bytes, body: bytes) -> None:
            nonlocal most
            waiting.append(header)
            most = max(most, len(waiting))
            if len(waiting) == CREDIT:
                for header in waiting:
                    router.reply_nowait(header, b"ok")
                waiting.clear()

        async with (
            serving(router, hold),
            open_requester(url) as requester,
            trio.open_nursery() as nursery,
        ):
            for _ in range(4 * CREDIT):
                nursery.start_soon(requester.request, b"x", 10)
    assert most == CREDIT
    with pytest.raises(ValueError, match="window"):
        async with open_requester(url, window=CREDIT + 1):
            pass


async def test_nobody_there(url: str) -> None:
    """A request to an address nobody listens at was not sent."""
    async with open_requester(url) as requester:
        with pytest.raises(AbsentError, match="nothing was sent"):
            await requester.request(b"x", 0.1)


async def test_a_router_that_goes_away(url: str) -> None:
    """A lost connection fails what was sent at once; a router that comes back is found again."""
    taken: list[bytes] = []
    async with open_requester(url) as requester:
        with routed(url) as router:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(router.serve, lambda pipe, header, body: taken.append(body))

                async def ask() -> None:
                    with pytest.raises(NoAnswerError, match="connection was lost"):
                        await requester.request(b"first", 60)

                async with trio.open_nursery() as asking:
                    asking.start_soon(ask)
                    await until(lambda: taken == [b"first"])
                    nursery.cancel_scope.cancel()
                    router.close()
        await until(lambda: not requester.joined)
        with routed(url) as second:
            async with serving(second, lambda pipe, header, body: echo_to(second, header, body)):
                assert await requester.request(b"second", 10) == b"second"
        assert taken == [b"first"]


def echo_to(router: RawRouter, header: bytes, body: bytes) -> None:
    """Reply with what came."""
    router.reply_nowait(header, body)


async def test_no_reply_in_time(url: str) -> None:
    """Without a reply in time nobody knows, and a late one is dropped."""
    headers: list[bytes] = []
    with routed(url) as router:
        async with (
            serving(router, lambda pipe, header, body: headers.append(header)),
            open_requester(url) as requester,
        ):
            with pytest.raises(NoAnswerError, match="within"):
                await requester.request(b"x", 0.2)
            router.reply_nowait(headers[0], b"late")
            with pytest.raises(OversizedError):
                await requester.request(b"x" * (FRAME_BYTES_MAX + 1), 1)


@pytest.mark.parametrize("scheme", ["ipc", "inproc"])
async def test_oversized_requests_never_reach_the_handler(scheme: str, tmp_path: Path) -> None:
    """What is larger than the limit is dropped before anyone reads it; others go on."""
    address = f"{scheme}://{tmp_path}/s"
    seen: list[int] = []
    with routed(address, receive_bytes_max=1_000) as router:

        def note(pipe: int, header: bytes, body: bytes) -> None:
            seen.append(len(body))
            router.reply_nowait(header, b"")

        async with serving(router, note), open_requester(address) as requester:
            assert await requester.request(b"x" * 900, 5) == b""
            with pytest.raises(NoAnswerError):
                await requester.request(b"x" * 5_000, 0.3)
            assert await requester.request(b"x" * 7, 5) == b""
    assert seen == [900, 7]


@pytest.mark.parametrize("scheme", ["ipc", "tcp", "inproc"])
async def test_an_address_in_use(scheme: str, tmp_path: Path) -> None:
    """Listening where somebody listens names the address and what to do."""
    address = {
        "ipc": f"ipc://{tmp_path}/s",
        "tcp": f"tcp://127.0.0.1:{free_port()}",
        "inproc": f"inproc://{tmp_path}",
    }[scheme]
    with routed(address):
        with pytest.raises(AddressInUseError, match="already in use") as caught:
            RawRouter(address)
        assert caught.value.url == address


def test_an_impossible_address() -> None:
    """Where nothing can listen, the error says that nothing does."""
    with pytest.raises(LinkError, match="Nothing listens"):
        RawRouter("ipc:///no/such/folder/s")
    with pytest.raises(LinkError, match="Nothing listens"):
        RawRouter("carrier-pigeon://x")


async def test_a_socket_file_is_its_owners(url: str) -> None:
    """A socket file has mode 0600, and whoever connects is known by user and process."""
    identities: list[PipeIdentity] = []
    with routed(url) as router:
        assert stat.S_IMODE(Path(url.removeprefix("ipc://")).stat().st_mode) == 0o600

        def note(pipe: int, header: bytes, body: bytes) -> None:
            identities.append(router.identity(pipe))
            router.reply_nowait(header, b"")

        async with serving(router, note), open_requester(url) as requester:
            await requester.request(b"x", 5)
    assert identities == [PipeIdentity("ipc", same_user=True, process_id=os.getpid())]
    assert router.identity(12345) == PipeIdentity("gone")


async def test_another_users_process_is_turned_away(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection of another user is closed before its first message."""
    with routed(url) as router:
        monkeypatch.setattr(os, "getuid", lambda: 4_242)
        async with serving(router, lambda *_: None), open_requester(url) as requester:
            with pytest.raises((AbsentError, NoAnswerError)):
                await requester.request(b"x", 0.3)
        assert router.statistics().received == 0


@pytest.mark.parametrize(
    ("hello", "identity", "admitted"),
    [
        ("lane", PipeIdentity("inproc"), True),
        ("lane", PipeIdentity("ipc", same_user=True), True),
        ("lane", PipeIdentity("ipc", same_user=False), False),
        ("lane", PipeIdentity("tcp"), False),
        ("lane:secret", PipeIdentity("tcp"), True),
        ("lane:wrong", PipeIdentity("tcp"), False),
        ("other:secret", PipeIdentity("tcp"), False),
        ("other:", PipeIdentity("tcp"), False),
        ("lane:secret", PipeIdentity("tls+tcp", certificate_name="other"), False),
        ("lane", PipeIdentity("tls+tcp", certificate_name="lane"), True),
        ("lane", PipeIdentity("gone"), False),
    ],
)
def test_who_is_admitted(hello: str, identity: PipeIdentity, admitted: bool) -> None:
    """The connection proves who it is, or the token does; a name alone proves nothing."""
    name, _, token = hello.partition(":")
    said = Hello(1, name, "i", "n", token)
    assert Admission({"lane": "secret"}).admits(said, identity) is admitted


async def test_strangers_and_garbage(url: str) -> None:
    """Frames before hello are refused, garbage cuts the connection, and nothing is delivered."""
    node = Node("store", SystemWorld())
    mailbox = node.open("register/1")
    events: list[LinkEvent] = []
    links = Links(node, on_event=events.append)
    frames: list[bytes] = []
    changes: list[bool] = []
    with routed(url) as router, contextlib.closing(RawDialer(url)) as dialer:
        links.listen(router)
        async with trio.open_nursery() as nursery:
            await nursery.start(links.run)
            nursery.start_soon(
                dialer.run_plain, lambda number, body: frames.append(body), changes.append
            )
            await until(lambda: changes == [True])
            dialer.request_nowait(0x8000_0001, encode_beat(1, 0, 0))
            await until(lambda: len(frames) == 1)
            refused = decode(frames[0])
            assert isinstance(refused, Refused)
            assert refused.code == "hello_first"
            dialer.request_nowait(0x8000_0001, encode_hello(Hello(1, "store", "i", "n")))
            await until(lambda: len(frames) == 2)
            assert b"same_name" in frames[1]
            tell = encode_tell(Tell("1", "register/1", "x", None, 1))
            dialer.request_nowait(0x8000_0001, b"[" + tell + b"]")
            await until(lambda: changes[:2] == [True, False])
            nursery.cancel_scope.cancel()
    assert [event.kind for event in events] == ["refused", "garbage"]
    assert len(mailbox) == 0


async def test_publishing(url: str) -> None:
    """Subscribers hear what begins with their topics; what is too large is not sent."""
    with (
        contextlib.closing(Publisher(url)) as publisher,
        contextlib.closing(Subscriber(url, [b"sales", b"stock"])) as subscriber,
    ):
        assert stat.S_IMODE(Path(url.removeprefix("ipc://")).stat().st_mode) == 0o600
        heard: list[bytes] = []

        async def listen() -> None:
            while b"sales 2" not in heard:
                heard.extend(await subscriber.receive())

        await until(lambda: subscriber.joined)
        with trio.fail_after(10):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(listen)
                while b"sales 1" not in heard:
                    # the first messages after joining may be missed
                    assert publisher.publish_nowait(b"sales 1")
                    await trio.sleep(0.002)
                assert publisher.publish_nowait(b"kitchen 1")
                assert publisher.publish_nowait(b"stock 1")
                assert not publisher.publish_nowait(b"stock" + b"x" * PUBLISH_BYTES_MAX)
                assert publisher.publish_nowait(b"sales 2")
    assert [h for h in heard if h != b"sales 1"] == [b"stock 1", b"sales 2"]


Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def make_certificate(name: str, issuer: Pair | None) -> Pair:
    """A certificate and key for `name`, signed by `issuer` or by itself as an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    return certificate, key


def as_tls(pair: Pair, authority: Pair, server_name: str = "") -> Tls:
    """The PEM of a certificate, its key and its authority."""
    pem = serialization.Encoding.PEM
    key = pair[1].private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Tls(
        pair[0].public_bytes(pem).decode(),
        key.decode(),
        authority[0].public_bytes(pem).decode(),
        server_name,
    )


@pytest.mark.parametrize("trusted", [True, False])
async def test_nodes_over_tls(trusted: bool) -> None:
    """Over mutual TLS a node is who its certificate names; one of another authority is kept out."""
    authority = make_certificate("store authority", None)
    other = make_certificate("other authority", None)
    server = as_tls(make_certificate("store.test", authority), authority)
    lane = make_certificate("lane-2", authority if trusted else other)
    address = f"tls+tcp://127.0.0.1:{free_port()}"
    store, device = Node("store", SystemWorld()), Node("lane-2", SystemWorld())
    mailbox = store.open("register/1")
    device.route("register", "store")
    store_links, device_links = Links(store), Links(device)
    with routed(address, tls=server) as router:
        dialer = RawDialer(address, tls=as_tls(lane, authority, "store.test"))
        with contextlib.closing(dialer):
            store_links.listen(router)
            device_links.dial(dialer, "store")
            async with trio.open_nursery() as nursery:
                await nursery.start(store_links.run)
                await nursery.start(device_links.run)
                if trusted:
                    with trio.fail_after(10):
                        await device_links.wait_up("store")
                        assert device.tell_nowait("register/1", "hello")
                        assert (await mailbox.get()).peer == "lane-2"
                else:
                    with trio.move_on_after(0.7) as waited:
                        await device_links.wait_up("store")
                    assert waited.cancelled_caught
                nursery.cancel_scope.cancel()
