"""Nexo against Adyen's own published library: the seal, the model, a register and a terminal of it.

It is not among the project's packages. `npm install @adyen/api-library@32.1.0` in any folder, and
name that folder in `COUNTERTOP_ADYEN_LIBRARY`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
import trio
from hypothesis import given, settings

from actors.messages import DeviceState
from engine.terminal import Kind, Transaction, Verdict
from hardware.rig import open_rig
from hardware.terminal.nexo import codec, told, voice
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.crypto import SecurityKey, seal, unseal
from hardware.terminal.nexo.device import NexoDevice
from hardware.terminal.nexo.outlet import TcpOutlet
from hardware.terminal.nexo.reading import Members, read_json
from hardware.transport import TcpPlace
from tests.hardware.nexo_rig import (
    ADDRESS,
    KEY,
    POI_ID,
    authority,
    base64_extra,
    open_nexo,
    papers,
    profile,
)
from tests.hardware.nexo_strategies import ASKS, PAYMENTS

FOLDER = os.environ.get("COUNTERTOP_ADYEN_LIBRARY", "")
NODE = shutil.which("node") or ""
pytestmark = pytest.mark.skipif(
    not (FOLDER and NODE and (Path(FOLDER) / "node_modules/@adyen/api-library").is_dir()),
    reason="npm install @adyen/api-library@32.1.0, and name its folder in COUNTERTOP_ADYEN_LIBRARY",
)
SCRIPT = Path(__file__).with_name("nexo_library.js")
SALE = Transaction(Kind.SALE, 1250, 978)


def command(mode: str) -> tuple[list[str], dict[str, str]]:
    """The library's side, and its environment."""
    path = str(Path(FOLDER) / "node_modules")
    return [NODE, str(SCRIPT), mode], {**os.environ, "NODE_PATH": path}


def library(mode: str, told_it: object) -> Any:
    """What the library makes of it."""
    words, environment = command(mode)
    text = json.dumps(told_it)
    done = subprocess.run(
        words, input=text, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, parse_float=Decimal)


def key_of(key: SecurityKey) -> dict[str, object]:
    """A key as the library takes it."""
    return {
        "AdyenCryptoVersion": 1,
        "KeyIdentifier": key.identifier,
        "KeyVersion": key.version,
        "Passphrase": key.passphrase,
    }


def plains(count: int) -> list[tuple[str, SecurityKey]]:
    """Texts of many lengths and letters, under many keys; the same in every run."""
    random = Random(2026)
    letters = 'abc äß€✓\u0000\n"\\{}[]😀'
    printable = "".join(map(chr, range(32, 127)))
    made = []
    for number in range(count):
        text = "".join(random.choice(letters) for _ in range(number % 97))
        passphrase = "".join(random.choice(printable) for _ in range(1 + number % 40))
        made.append((text, SecurityKey(f"key-{number}", number, passphrase)))
    return made


def test_the_library_opens_what_is_sealed_here() -> None:
    """Two hundred texts under as many keys, sealed here, come out of the library as they were."""
    made = plains(200)
    messages = []
    for text, key in made:
        sealed = seal(text.encode(), key, Random(text).randbytes(16))
        trailer = {"Nonce": sealed.nonce, "Hmac": sealed.mac}
        message = {"NexoBlob": sealed.blob, "SecurityTrailer": trailer}
        messages.append({"message": message, "key": key_of(key)})
    assert [text for text, _ in made] == library("open", messages)


def test_what_the_library_sealed_opens_here() -> None:
    """And the other way round."""
    made = plains(200)
    plains_told = [json.dumps({"SaleToPOIResponse": {"Result": text}}) for text, _ in made]
    asked = [
        {"header": {}, "plain": plain, "key": key_of(key)}
        for plain, (_, key) in zip(plains_told, made, strict=True)
    ]
    same = 0
    rows = zip(made, plains_told, library("seal", asked), strict=True)
    for (text, key), plain, message in rows:
        _, _, told_it = unseal(json.dumps({"SaleToPOIResponse": message}).encode(), key)
        assert read_json(plain.encode()) == told_it
        same += text == told_it["SaleToPOIResponse"]["Result"]
    assert same >= 190, "hardly any of them could be a number in half bytes"


def collected(strategy: Any, count: int) -> list[Any]:
    """So many examples of a strategy."""
    found: list[Any] = []

    @settings(max_examples=count, database=None, derandomize=True)
    @given(strategy)
    def collect(one: Any) -> None:
        found.append(one)

    collect()
    return found


def test_every_question_fits_the_librarys_model() -> None:
    """What goes out passes through the library's model and back without losing a member: every
    name, place and type of it is one the model knows."""
    asks = collected(ASKS, 150)
    texts = []
    for ask in asks:
        header = codec.header_for(ask, service_id="AB12CD34EF", sale_id="r-1", poi_id=POI_ID)
        texts.append(codec.request(header, ask).decode())
    asked = [{"type": "TerminalApiRequest", "message": json.loads(text)} for text in texts]
    for text, modelled in zip(texts, library("model", asked), strict=True):
        expected = json.loads(text, parse_float=Decimal)
        for message in (expected, modelled):
            for body in message["SaleToPOIRequest"].values():
                # The model knows pairs as an object only; how they are read is tested below.
                body.get("SaleData", {}).pop("SaleToAcquirerData", None)
        assert expected == modelled


def test_answers_of_the_librarys_model_are_read() -> None:
    """What the simulated terminal says passes through the model too, and comes out of it as the
    same answer."""
    header = m.Header("Payment", "AB12CD34EF", "r-1", POI_ID)
    tolds = [one for one in collected(PAYMENTS, 100) if one.amount_minor < 10**8]
    texts = [voice.answer(header, one, "EUR").decode() for one in tolds]
    asked = [{"type": "TerminalApiResponse", "message": json.loads(text)} for text in texts]
    for said, modelled in zip(tolds, library("model", asked), strict=True):
        plain = json.dumps(modelled, default=float).encode()
        assert said == told.answer(read_json(plain), "EUR")[1]


def test_pairs_are_read_alike() -> None:
    """Additional data in both forms means here what the library reads in it."""
    texts = ["tenderOption=ReceiptHandler,AskGratuity&shopperEmail=a%40b.example",
             base64_extra({"key": "value"}), "currency=EUR"]  # fmt: skip
    for text, found in zip(texts, library("pairs", texts), strict=True):
        flat = {name: value for name, value in found.items() if isinstance(value, str)}
        flat |= {
            f"additionalData.{one}": two for one, two in found.get("additionalData", {}).items()
        }
        message = orjson.dumps({"AdditionalResponse": text})
        assert flat == Members("x", read_json(message)).pairs("AdditionalResponse")


async def test_a_register_of_the_library(tmp_path: Path) -> None:
    """A register made of the library pays, asks and reverses at the simulated terminal, over TLS:
    so what that terminal speaks is not only what this house understands."""
    (tmp_path / "authority.pem").write_text(authority().pem)
    stamp = "2026-11-26T09:30:00+00:00"
    poi = m.PoiTransaction("SIM000000000001.REF000001", "2026-11-26T12:00:01.000Z")
    asks: list[m.Ask] = [
        m.DiagnosisAsk(), m.PaymentAsk(1250, "EUR", "sale-1", stamp),
        m.StatusAsk("Payment", "SERVICE1", wants_receipts=True),
        m.ReversalAsk(poi, 1250, "EUR", "sale-2", stamp),
        m.AbortAsk("Payment", "SERVICE1"), m.StatusAsk("Payment", "NEVER"),
    ]  # fmt: skip
    messages = []
    for number, ask in enumerate(asks):
        header = codec.header_for(ask, service_id=f"SERVICE{number}", sale_id="r", poi_id=POI_ID)
        message = json.loads(codec.request(header, ask))
        for body in message["SaleToPOIRequest"].values():
            if "SaleData" in body:
                # The library takes pairs as an object, and writes them as base64.
                body["SaleData"]["SaleToAcquirerData"] = {"currency": "EUR"}
        messages.append(message)
    async with open_nexo(TcpOutlet()) as shop:
        outlet = shop.fake.outlet
        assert isinstance(outlet, TcpOutlet)
        told_it = {
            "port": outlet.port, "authority": str(tmp_path / "authority.pem"),
            "key": key_of(KEY), "messages": messages,
        }  # fmt: skip
        ask_it = partial(library, "talk", told_it)
        answers = await trio.to_thread.run_sync(ask_it)
        bodies = [one.get("SaleToPOIResponse", {}) for one in answers]
        results = [
            body.get(f"{m.CATEGORIES[type(ask)]}Response", {}).get("Response", {}).get("Result")
            for body, ask in zip(bodies, asks, strict=True)
        ]
        assert ["Success", "Success", "Success", "Success", None, "Failure"] == results
        status = bodies[2]["TransactionStatusResponse"]["RepeatedMessageResponse"]
        repeated = status["RepeatedResponseMessageBody"]["PaymentResponse"]
        assert repeated == bodies[1]["PaymentResponse"]
        assert Decimal("12.5") == repeated["PaymentResult"]["AmountsResp"]["AuthorizedAmount"]
        assert (1, 0) == (shop.fake.ledger.charges, shop.fake.ledger.booked_minor)


async def test_a_terminal_of_the_library() -> None:
    """The device pays at a terminal whose seal, model and HTTP are not this house's, gives a part
    back, and asks it after answers that were lost."""
    shown = papers()
    words, environment = command("serve")
    told_it = {
        "certificate": shown.certificate_pem.decode(), "certificateKey": shown.key_pem.decode(),
        "key": key_of(KEY), "lost": 99.5,
    }  # fmt: skip
    async with trio.open_nursery() as nursery, open_rig() as rig:
        start = partial(
            trio.run_process, words, env=environment, stdin=json.dumps(told_it).encode(),
            stdout=subprocess.PIPE, check=False,
        )  # fmt: skip
        process: trio.Process = await nursery.start(start)
        assert process.stdout is not None
        with trio.fail_after(20):
            port = int(bytes(await process.stdout.receive_some()).split()[0])
        device = NexoDevice(ADDRESS, TcpPlace("127.0.0.1", port), profile())
        rig.start(device)
        await rig.wait_state(ADDRESS, DeviceState.READY)
        with trio.fail_after(20):
            paid = await device.request(SALE)
            assert (Verdict.APPROVED, "ok", 1250) == (paid.verdict, paid.code, paid.amount_minor)
            assert paid.identity.reference.startswith("2026-11-26T09:30:00Z LIB.")
            doubt = await device.request(Transaction(Kind.SALE, 9950, 978))
            assert (Verdict.UNKNOWN, "link_lost") == (doubt.verdict, doubt.code)
            answer = await device.inquire(doubt)
            assert (Verdict.APPROVED, 9950) == (answer.verdict, answer.amount_minor)
            back = await device.request(Transaction(Kind.REFUND, 250, 978, paid.identity))
            assert (Verdict.APPROVED, "ok", 250) == (back.verdict, back.code, back.amount_minor)
            original = paid.identity.reference.rpartition(" ")[2]
            assert f"2026-11-27T10:00:00Z {original}.BACK" == back.identity.reference
            assert back.identity.is_of_payment
            doubt = await device.request(Transaction(Kind.REFUND, 9950, 978, answer.identity))
            assert (Verdict.UNKNOWN, "link_lost") == (doubt.verdict, doubt.code)
            answer = await device.inquire(doubt)
            assert (Verdict.APPROVED, 9950) == (answer.verdict, answer.amount_minor)
            assert "ready" == (await device.status()).code
        process.kill()
        nursery.cancel_scope.cancel()
