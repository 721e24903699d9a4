"""What a process that forks stores has imported and made, see `tests.warm`."""

import importlib

from tests.crash.warm import warm

_COMMANDS = ("activity", "cli", "conform", "demo", "dry_run", "offline", "promotions", "remote")
for _name in (*_COMMANDS, "settling"):
    importlib.import_module(f"countertop.{_name}")
for _name in ("tests.store.server", "verifier.__main__"):
    importlib.import_module(_name)
warm()
