"""What a shop says about one nexo terminal."""

from __future__ import annotations

import re
from enum import Enum

from attrs import field, frozen

from engine.terminals import POI_ID
from hardware.terminal.nexo.crypto import SecurityKey

_SALE_ID = re.compile(r"[A-Za-z0-9 ._/-]{1,60}")


class Carrier(Enum):
    """What carries a message: a POST, or a text message of a WebSocket. Both within TLS."""

    HTTPS = "https"
    WEBSOCKET = "websocket"


@frozen
class Profile:
    """`poi_id` is model and serial number as on the terminal's sticker, `V400m-324688179`.
    `sale_id` names the register to it. `authority_pem` is the certificate terminals are vouched
    for by, or the terminal's own. A terminal that is a test one is accepted with `is_test` alone.
    """

    poi_id: str
    sale_id: str
    key: SecurityKey
    authority_pem: str = field(repr=False)
    currency_code: int = 978
    is_test: bool = False
    path: str = "/nexo/"
    carrier: Carrier = Carrier.HTTPS

    def __attrs_post_init__(self) -> None:
        """Raise `ValueError` with what to change."""
        if not POI_ID.fullmatch(self.poi_id):
            raise ValueError("poi_id is model-serial, such as V400m-324688179")
        if not _SALE_ID.fullmatch(self.sale_id):
            raise ValueError("sale_id has 1 to 60 letters, digits or . _ / -")
        if not re.fullmatch(r"/[A-Za-z0-9/_-]*", self.path):
            raise ValueError("path begins with / and has letters, digits, / _ -")

    @property
    def certificate_name(self) -> str:
        """What the terminal's certificate is made out to."""
        kind = "test" if self.is_test else "live"
        return f"{self.poi_id}.{kind}.terminal.adyen.com"
