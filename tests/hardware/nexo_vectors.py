"""Messages sealed by the published library `@adyen/api-library` 32.1.0, and their plain texts.

Its nonces are random, so these were sealed once and written down.
"""

from __future__ import annotations

from attrs import frozen

from hardware.terminal.nexo.crypto import Sealed, SecurityKey

DIAGNOSIS = (
    '{"SaleToPOIResponse":{"MessageHeader":{"ProtocolVersion":"3.0","MessageClass":"Service",'
    '"MessageCategory":"Diagnosis","MessageType":"Response","ServiceID":"AB12CD34EF",'
    '"SaleID":"register-1","POIID":"V400m-324688179"},"DiagnosisResponse":{"Response":{"Result":'
    '"Success"},"POIStatus":{"GlobalStatus":"OK","PrinterStatus":"OK",'
    '"CommunicationOKFlag":true}}}}'
)


@frozen
class Vector:
    """One of them."""

    name: str
    plain: str
    key: SecurityKey
    sealed: Sealed


VECTORS = (
    Vector(
        "an answer",
        DIAGNOSIS,
        SecurityKey("store-1", 1, "p@ssw0rd123456"),
        Sealed(
            "hmA6KUNnRqR0QZpWZnjosPq6UTyYaiJiu/UuP0AT31oMbBJ7J3Y0217FIeAvtyi4z8JdEylPpxfRR9L/fYKl"
            "EkgYL29LzK2+uIs/s9g6wZfoj4FARGKQSCTATlpEdjNAtbSg3ZtYnjheRGyJC4VPz57Jz325nwoDDjBKrFr/"
            "Mj1fMlEH2z+Lw4JzpR8USx8X5a0mNkMEotiZDq671ryMlv9rW9V9QBpDC6g/WypRTMqnq6rYJ5FtazXgEi39"
            "QcYf52KH8neMK2wmWAv7txXh0D/8+LjDi+DcNu39sRGd4lexH9j+TZxKdtqr+SBLwBSH4c0gEcU78mKqr09U"
            "v2IuV5al65gQscAXIatWq2xKj0j/HWLBPqTw7IGUNWbYXsFB8uZJbGARoe8wn0O7ouA+3wup6riZabyyVCcG"
            "98BxQILmP7a/GPDvNUqmjdwzc8RgMKIyxOnyHYUxoZEmHhCtaOyvAG4L+VN8Y6D1ueNHkZg=",
            "5OfrPuFRMUAIMlnw4+F7FJ4TEr8d3sXgxynlLFtUycE=",
            "KzKkKITyn8tzyiBKPs2JRQ==",
            "store-1",
            1,
        ),
    ),
    Vector(
        "a short one under a short passphrase",
        "{}",
        SecurityKey("k", 0, "x"),
        Sealed(
            "PnFOVIFFTKKIzBBxTKAMfg==",
            "zDTzbhrqIaKWU/FoWyLIDMZB2ba8Qcowae0n+iXQ8Tg=",
            "lFRzPUuDm8v8JoVFEniXRw==",
            "k",
            0,
        ),
    ),
    Vector(
        "a whole block",
        '{"a":"sixteen"} ',
        SecurityKey("store-1", 12, " ~printable~ "),
        Sealed(
            "zXkygNsD5YefcvDCK/b4cuRUflhwHI39+sFOfvF/rVQ=",
            "GcPImD7p9XHyepfdC6QV4aEdqdf9ExP6oqfhj/IQQxs=",
            "KAi+f6BS6YIMr8lV4ELcag==",
            "store-1",
            12,
        ),
    ),
    Vector(
        "letters beyond ASCII",
        '{"Text":"Grüße, 12,50 € ✓"}',
        SecurityKey("Kasse 2", 1, "p@ssw0rd123456"),
        Sealed(
            "se2TV3qoD88nr6qxdESCRnYIugkA2ztoRyGa79moki+5w9v0JM1QHAohuGRtSoL5",
            "4dSbePUq8zbpgeBbOSVoLpkbk63scziwNVqfmViWc/8=",
            "H9Blg2TO/Qujq5aef14mvA==",
            "Kasse 2",
            1,
        ),
    ),
)
