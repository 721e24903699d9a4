"""What a process that forks stores has imported and made, see `tests.e2e.warm`."""

import importlib

from tests.crash.warm import warm

for _name in ("cli", "demo", "promotions", "remote"):
    importlib.import_module(f"countertop.{_name}")
warm()
