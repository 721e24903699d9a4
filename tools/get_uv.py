"""Fetch uv with nothing but the standard library: its wheel holds one program to unzip.

    python3 tools/get_uv.py TARGET_DIRECTORY

Prints the path of the program on standard output; everything for people goes to standard error.
The package index is the one pip is set up for (environment, then pip's configuration files), else
PyPI. The wheel's SHA-256 must equal the one the index states, or nothing is unpacked.

Source: simple repository API, PEP 503 and PEP 691; wheel file names, PEP 427.
"""

from __future__ import annotations

import configparser
import hashlib
import html.parser
import io
import json
import os
import platform
import ssl
import stat
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

INDEX_DEFAULT = "https://pypi.org/simple"
INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE")
ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"
TIMEOUT_S = 60


class FetchError(Exception):
    """uv could not be fetched; the text says what was tried and what to do."""


class _Links(html.parser.HTMLParser):
    """Collects the links of an index page in the older form."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the address of every anchor."""
        address = dict(attrs).get("href")
        if tag == "a" and address:
            self.links.append(address)


def pip_configuration() -> dict[str, str]:
    """The `[global]` section of pip's configuration files, later files winning."""
    home = Path.home()
    places = [
        Path("/etc/pip.conf"),
        Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf",
        home / ".pip" / "pip.conf",
        home / "Library" / "Application Support" / "pip" / "pip.conf",
    ]
    if os.environ.get("PIP_CONFIG_FILE"):
        places.append(Path(os.environ["PIP_CONFIG_FILE"]))
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(place for place in places if place.is_file())
    except configparser.Error as error:
        print(f"uv: pip's configuration cannot be read and is ignored ({error})", file=sys.stderr)
        return {}
    return dict(parser["global"]) if parser.has_section("global") else {}


def index_url(environment: dict[str, str], configuration: dict[str, str]) -> str:
    """The package index to ask, without a slash at its end."""
    for name in INDEX_VARIABLES:
        if environment.get(name):
            return environment[name].rstrip("/")
    return configuration.get("index-url", INDEX_DEFAULT).rstrip("/")


def platform_tags(system: str, machine: str, musl: bool) -> list[str]:
    """Pieces of a wheel's platform tag that fit this machine; empty when none is known."""
    arch = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine.lower(), machine.lower())
    if system == "Linux" and musl:
        return [f"musllinux_1_1_{arch}", f"musllinux_1_2_{arch}"]
    if system == "Linux":
        return [f"manylinux_2_17_{arch}", f"manylinux2014_{arch}", f"manylinux_2_28_{arch}"]
    if system == "Darwin":
        return ["_arm64"] if arch == "aarch64" else ["_x86_64"]
    return []


def _version_key(name: str) -> tuple[int, ...] | None:
    """The version in a wheel's file name as numbers; None for a pre-release."""
    try:
        return tuple(int(part) for part in name.split("-")[1].split("."))
    except (IndexError, ValueError):
        return None


def choose(files: list[dict[str, str]], wanted: list[str], system: str) -> dict[str, str]:
    """The newest finished release whose wheel fits; `files` have name, url and sha256.

    Raises:
        FetchError: no wheel of the index fits this machine.
    """
    prefix = "macosx" if system == "Darwin" else ""
    fitting = [
        (version, file)
        for file in files
        if file["name"].endswith(".whl")
        and (version := _version_key(file["name"])) is not None
        and prefix in file["name"]
        and any(tag in file["name"] for tag in wanted)
    ]
    if not fitting:
        raise FetchError(f"the index has no uv for this machine (looked for {wanted})")
    return max(fitting, key=lambda entry: entry[0])[1]


def listing(body: bytes, content_type: str, page: str) -> list[dict[str, str]]:
    """The files an index page names, from either form the simple API has."""
    if "json" in content_type:
        return [
            {
                "name": file["filename"],
                "url": urllib.parse.urljoin(page, file["url"]),
                "sha256": file.get("hashes", {}).get("sha256", ""),
            }
            for file in json.loads(body)["files"]
            if not file.get("yanked")
        ]
    parser = _Links()
    parser.feed(body.decode("utf-8", "replace"))
    found = []
    for link in parser.links:
        address, fragment = urllib.parse.urldefrag(urllib.parse.urljoin(page, link))
        name = urllib.parse.unquote(urllib.parse.urlparse(address).path.rsplit("/", 1)[-1])
        digest = fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else ""
        found.append({"name": name, "url": address, "sha256": digest})
    return found


def _get(url: str, configuration: dict[str, str]) -> tuple[bytes, str]:
    """The body and content type behind an address."""
    certificates = [os.environ.get(name) for name in CERTIFICATE_VARIABLES]
    certificates.append(configuration.get("cert"))
    trusted = next((name for name in certificates if name and Path(name).is_file()), None)
    context = ssl.create_default_context(cafile=trusted)
    request = urllib.request.Request(url, headers={"Accept": ACCEPT})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S, context=context) as response:
        return response.read(), response.headers.get("Content-Type", "")


def unpack(wheel: bytes, target: Path) -> Path:
    """Write the wheel's `uv` program to `target` and make it runnable.

    Raises:
        FetchError: the wheel holds no such program.
    """
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        names = [name for name in archive.namelist() if name.endswith("/scripts/uv")]
        if not names:
            raise FetchError("the wheel holds no uv program")
        target.mkdir(parents=True, exist_ok=True)
        half_done = target / f"uv.{os.getpid()}"
        half_done.write_bytes(archive.read(names[0]))
    half_done.chmod(half_done.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return half_done.replace(target / "uv")


def fetch(target: Path) -> Path:
    """Download, check and unpack uv; the path of the program."""
    configuration = pip_configuration()
    page = f"{index_url(dict(os.environ), configuration)}/uv/"
    system = platform.system()
    wanted = platform_tags(system, platform.machine(), musl=not platform.libc_ver()[0])
    body, content_type = _get(page, configuration)
    chosen = choose(listing(body, content_type, page), wanted, system)
    print(f"    {chosen['name']}", file=sys.stderr)
    wheel, _ = _get(chosen["url"], configuration)
    if hashlib.sha256(wheel).hexdigest() != chosen["sha256"]:
        raise FetchError(f"{chosen['name']} is not what the index says it is; it was not unpacked")
    return unpack(wheel, target)


def main() -> int:
    """Fetch uv into the directory given; 0 when its path was printed."""
    try:
        print(fetch(Path(sys.argv[1])))
    except (FetchError, urllib.error.URLError, OSError, ValueError) as error:
        print(f"uv could not be fetched: {error}.", file=sys.stderr)
        print(
            "Nothing was installed. Install uv by hand (package `uv`), then run this again.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
