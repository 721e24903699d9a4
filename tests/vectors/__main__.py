"""Write the published cases: `python -m tests.vectors`."""

from __future__ import annotations

from tests.vectors.building import FOLDER
from tests.vectors.files import all_files

if __name__ == "__main__":
    for cases in all_files():
        path = FOLDER / f"{cases.name}.json"
        path.write_text(cases.text(), encoding="utf-8")
        print(f"{path.name}: {len(cases.cases)} cases")
