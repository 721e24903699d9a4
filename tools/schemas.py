"""Write what is generated from the protocol's classes, or say with `--check` what has drifted.

python tools/schemas.py [--check]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from protocols.front.schema import asyncapi, json_schema  # noqa: E402
from protocols.front.typescript import typescript  # noqa: E402
from protocols.http.openapi import openapi  # noqa: E402


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


GENERATED: dict[str, Callable[[], str]] = {
    "docs/protocol/schema.json": lambda: _json(json_schema()),
    "docs/protocol/asyncapi.json": lambda: _json(asyncapi()),
    "docs/protocol/openapi.json": lambda: _json(openapi()),
    "frontends/shared/protocol.ts": typescript,
}


def drifted() -> list[str]:
    """Generated files that are not what the classes say now."""
    return [
        name
        for name, make in GENERATED.items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text(encoding="utf-8") != make()
    ]


def main(arguments: list[str]) -> int:
    """Generate, or with `--check` only compare; 1 where something had drifted then."""
    parser = argparse.ArgumentParser(prog="tools/schemas.py", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)
    stale = drifted()
    if options.check:
        for name in stale:
            print(f"{name} is not what the classes say; run: python tools/schemas.py")
        return 1 if stale else 0
    for name in stale:
        target = ROOT / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(GENERATED[name](), encoding="utf-8")
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
