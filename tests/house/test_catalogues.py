"""Every word a person reads on a screen comes from a catalogue, and no catalogue misses one."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest

from engine.books import Books
from engine.decision import EVENTS
from engine.order.state import Phase
from engine.payment.events import Standing
from engine.payment.terminal_day import DayFault
from engine.record import RESTORED
from engine.settlement.judge import ItemKind
from engine.staff import Right
from engine.terminal import Kind
from hardware.drawer.codec import DrawerState
from hardware.printer.status import PrinterStatus
from hardware.terminal.nexo.identity import WORDS
from hardware.terminal.zvt.codes import CONDITIONS
from hardware.unusable import CODE as UNUSABLE
from protocols.front.frames import FaultCode

ROOT = Path(__file__).resolve().parents[2]
FRONTENDS = ROOT / "frontends"
CATALOGUES = FRONTENDS / "shared" / "catalogue"
LANGUAGES = ("en", "de", "fr")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
# Other words for what has one: an order, the paper of a sale, what somebody found, a tab, training.
ALSO_CALLED = {
    "en": (),
    "de": (
        *("Bestellung", "dem Befund", "Ergebnis schließen", "Bons warten", "Bon {number}"),
        *("verkaufte, Bon", "Der Vorgang", "Offene Karten", "offenen Karte", "Übung"),
    ),
    "fr": ("vous avez trouvé",),
}
LETTERS = re.compile(r"[^\W\d_]{2,}")
# What a person reads although it stands in an attribute.
SPOKEN = re.compile(r"\b(?:aria-label|placeholder|title|alt|aria-description)=\"([^\"{]*)\"")


def catalogue(language: str) -> dict[str, str]:
    """The texts of a language by key."""
    texts: dict[str, str] = json.loads((CATALOGUES / f"{language}.json").read_text("utf-8"))
    return texts


def sources(*suffixes: str) -> list[Path]:
    """The front ends' own files."""
    return sorted(
        path
        for suffix in suffixes
        for path in FRONTENDS.rglob(f"*{suffix}")
        if "node_modules" not in path.parts
    )


@cache
def refusal_codes() -> frozenset[str]:
    """Every code a class named Refusal in the engine declares."""
    codes: set[str] = set()
    for path in (ROOT / "engine").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name == "Refusal":
                for entry in node.body:
                    if isinstance(entry, ast.Assign) and isinstance(entry.value, ast.Constant):
                        codes.add(str(entry.value.value))
    return frozenset(codes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogues_have_the_same_keys(language: str) -> None:
    """No language misses a text another has, and none is empty."""
    wanted, found = catalogue("en"), catalogue(language)
    assert set(wanted) - set(found) == set(), f"add these to {language}.json"
    assert set(found) - set(wanted) == set(), f"take these out of {language}.json, or add to en"
    assert [key for key, text in found.items() if not text.strip()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_use_the_same_figures(language: str) -> None:
    """A translation names the fields its English text names, so no figure is lost."""
    english = catalogue("en")
    differing = [
        key
        for key, text in catalogue(language).items()
        if set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(english[key]))
    ]
    assert differing == [], f"{language}.json: fields in braces differ from en.json"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_thing_has_one_word(language: str) -> None:
    """What a sentence sends a person to is called there as it is on its button or paper; and an
    apostrophe is one, not a stroke."""
    other = {
        f"{key}: {word}"
        for key, text in catalogue(language).items()
        for word in (*ALSO_CALLED[language], "'")
        if word in text
    }
    assert other == set(), f"{language}.json: use the word that the page has for it"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_person_did_follows_their_name(language: str) -> None:
    """The activity log says *Mia opened the till*: words of a fact begin no sentence."""
    texts = catalogue(language).items()
    capital = [key for key, text in texts if key.startswith("fact.") and text[0].isupper()]
    assert capital == [], f"{language}.json: begin with what the person did"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_and_fault_has_words(language: str) -> None:
    """Whatever the engine or a door refuses, the page can say what happened and what to do."""
    codes = refusal_codes() | {code.value for code in FaultCode}
    assert len(codes) > 80, "the engine's Refusal classes were not found"
    missing = {code for code in codes if f"refusal.{code}" not in catalogue(language)}
    assert missing == set(), f"give refusal.<code> a text in {language}.json"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_says_what_was_not_done_and_what_is_next(language: str) -> None:
    """Every refusal has at least three sentences: what happened, what was not done, what next."""
    short = [
        key
        for key, text in catalogue(language).items()
        if key.startswith("refusal.") and len(re.findall(r"[.!?](?:\s|$)", text)) < 3
    ]
    assert short == [], f"{language}.json: say what happened, what was not done, what next"


@pytest.mark.parametrize("language", LANGUAGES)
def test_rights_and_states_of_devices_have_words(language: str) -> None:
    """The manager's dialog and the status strip have words for every right, and for every state of
    a printer, a drawer and a card terminal."""
    texts = catalogue(language)
    states = {
        PrinterStatus(cover_open=True).code,
        PrinterStatus(paper="out").code,
        PrinterStatus(paper="near_end").code,
        PrinterStatus(offline=True).code,
        *(PrinterStatus(fault=f).code for f in ("cutter", "unrecoverable", "overheated")),
        PrinterStatus(fault="recoverable").code,
        PrinterStatus().code,
        *(state.value for state in DrawerState if state is not DrawerState.UNKNOWN),
        *(code for code in CONDITIONS.values() if code != "ready"),
        *("needs_service", "status_not_told", "other_terminal", "link_lost", *WORDS),
        UNUSABLE,
    }
    assert {f"right.{right.value}" for right in Right} - set(texts) == set()
    assert {f"device_state.{state}" for state in states} - set(texts) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fact_of_a_person_has_words(language: str) -> None:
    """The activity log can say in words whatever is journaled about what people did."""
    assert Books().live.orders == {}, "its module registered every event"
    names = [RESTORED, *(name for name, _ in EVENTS.items() if not name.startswith("effect."))]
    facts = {name.partition("/")[0] for name in names}
    assert len(facts) > 35
    words = {key.removeprefix("fact.") for key in catalogue(language) if key.startswith("fact.")}
    assert facts == words


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_becomes_of_a_card_has_words(language: str) -> None:
    """The activity log says what was wanted of a card and how it ended; what is asked for stands
    nowhere yet."""
    texts = catalogue(language)
    assert {f"card_title.{kind.value}" for kind in Kind} - set(texts) == set()
    standings = {key for key in texts if key.startswith("card_standing.")}
    ends = set(Standing) - {Standing.REQUESTED}
    assert standings == {f"card_standing.{standing.value}" for standing in ends}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_difference_of_card_money_has_words(language: str) -> None:
    """The panel has words for whatever differs, of money that came and of money that went back."""
    both = set(ItemKind) - {ItemKind.CHARGED_BACK, ItemKind.FEE_DIFFERS, ItemKind.PAYOUT_DIFFERS}
    wanted = {f"clearing_item.{kind.value}" for kind in ItemKind}
    wanted |= {f"clearing_item.{kind.value}_back" for kind in both}
    wanted |= {f"clearing_item.day_{fault.value}" for fault in DayFault}
    texts = catalogue(language)
    assert wanted == {key for key in texts if key.startswith("clearing_item.")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phase_of_an_order_has_words(language: str) -> None:
    """Wherever the order of a payment in doubt stands, the list of those says it in words."""
    words = {key for key in catalogue(language) if key.startswith("order_phase.")}
    assert words == {f"order_phase.{phase.value}" for phase in Phase}


def keys_used() -> set[str]:
    """Every key that stands whole in the sources; those put together begin with a known stem."""
    text = "\n".join(path.read_text("utf-8") for path in sources(".svelte", ".ts"))
    return set(re.findall(r"['`\"]([a-z_]+\.[a-z_]+)['`\"]", text))


def test_no_text_is_left_over() -> None:
    """Every key of the catalogue is used by a page, as it stands or put together from a stem."""
    made = ("refusal.", "right.", "device.", "device_state.", "device_short.", "effect.", "link.",
            "tender.", "theme.", "fact.", "why.", "card_title.", "card_end.", "card_shows.",
            "card_why.", "card_why_back.", "card_problem.", "card_problem_refund.", "card_entry.",
            "card_standing.", "clearing_item.", "paylink_end.", "paylink_problem.",
            "display_card.", "display_card_back.", "ceiling.", "offline_most.",
            "offline_room.", "order_phase.")  # fmt: skip
    used = keys_used()
    unused = [
        key
        for key in catalogue("en")
        if not key.startswith(made)
        and key not in used
        and re.sub(r"\.(?:one|other)$", "", key) not in used
    ]
    assert unused == [], "no page uses these; take them out of every catalogue"


LATER: dict[str, list[str]] = json.loads((FRONTENDS / "shared" / "later_words.json").read_text())
IMPORTED = re.compile(
    r"^(?:import|export)\s(?!type\b)(?:[^;]*?\sfrom\s)?\s*'(\.[^']+)'", re.MULTILINE
)
AT_FIRST = ("register/main.ts", "display/main.ts", "chooser/main.ts")


def loaded_at_first() -> set[Path]:
    """The sources of what a page loads before anything is fetched later."""
    found: set[Path] = set()
    left = [FRONTENDS / name for name in AT_FIRST]
    while left:
        path = left.pop()
        if path in found:
            continue
        found.add(path)
        for name in IMPORTED.findall(path.read_text("utf-8").replace("\n  ", "\n")):
            ways = [(path.parent / f"{name}{end}").resolve() for end in ("", ".ts", ".svelte.ts")]
            left += [way for way in ways if way.is_file() and way.suffix in (".ts", ".svelte")]
    return found


def later_keys(source: str) -> set[str]:
    """The keys, or the stems of keys, in a source whose words are fetched later."""
    stems = "|".join(LATER["later"])
    found = set(re.findall(rf"['`\"]((?:{stems})\.\w*)", source))
    return {key for key in found if key not in LATER["at_once"]}


def test_what_is_said_at_first_has_its_words_at_first() -> None:
    """No page says at first what has its words in the file that is fetched later; and each stem
    of those is one of the catalogue's."""
    first = {path for path in loaded_at_first() if path.name != "protocol.ts"}
    names = {path.name for path in first}
    assert {"Pay.svelte", "app.svelte.ts", "Display.svelte", "Keypad.svelte"} <= names
    assert "Reports.svelte" not in names
    early = {f"{path.name}: {key}" for path in first for key in later_keys(path.read_text("utf-8"))}
    assert early == set(), "take the stem out of later_words.json, or the key into its at_once"
    assert set(LATER["later"]) <= {key.partition(".")[0] for key in catalogue("en")}


def test_the_search_finds_planted_later_words() -> None:
    """The search above finds keys as they stand and put together, and not those told at once."""
    assert later_keys("t('report.title')") == {"report.title"}
    assert later_keys("words.text(`fact.${name}`)") == {"fact."}
    assert later_keys("t('offline.pending'); t('pay.pay'); a.report.x") == set()


def literals(source: str) -> list[str]:
    """Words a person would read that stand in a component instead of a catalogue."""
    markup = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->", "", source, flags=re.DOTALL)
    found = [text for text in SPOKEN.findall(markup) if LETTERS.search(text)]
    # Expressions and blocks in braces are code; what is left between tags is text.
    plain = markup
    while (shorter := re.sub(r"\{[^{}]*\}", "", plain)) != plain:
        plain = shorter
    plain = re.sub(r"=>", "", plain)
    between = re.findall(r">([^<>]*)<", re.sub(r"\"[^\"]*\"", '""', f">{plain}<"))
    return found + [text.strip() for text in between if LETTERS.search(text.replace("&nbsp;", ""))]


def test_no_words_stand_in_components() -> None:
    """No component has text of its own between tags or in attributes that are read aloud."""
    problems = [
        f"{path.relative_to(ROOT).as_posix()}: “{text}”"
        for path in sources(".svelte")
        for text in literals(path.read_text("utf-8"))
    ]
    assert problems == [], "put the words into frontends/shared/catalogue/*.json and use t()"


def test_the_search_finds_planted_words() -> None:
    """The search above finds words between tags and in spoken attributes, and not code."""
    assert literals("<p>Pay now</p>") == ["Pay now"]
    assert literals('<button aria-label="Close">x</button>') == ["Close"]
    assert literals("<p>{t('pay.pay')} · {money(2)}</p>") == []
    assert literals("{#if a > 1}<p>{a}</p>{/if}<script>const b = 'word';</script>") == []
