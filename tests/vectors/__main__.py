"""Write the published cases: `python -m tests.vectors`."""

from __future__ import annotations

from tests.vectors.files import all_files

if __name__ == "__main__":
    for cases in all_files():
        path = cases.folder / f"{cases.name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(cases.text(), encoding="utf-8")
        print(f"{path.parent.name}/{path.name}: {len(cases.cases)} cases")
