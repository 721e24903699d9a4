// Where a key leads on from when the control it pressed is gone, or can be pressed no more: from where
// that stands, or from the panel that came, whose name is said. Without this the browser begins at the
// top of the page, and a screen reader says nothing.

// A command is answered by then, and by the later one what a panel asks for is there.
const LOOKS_MS = [160, 700];

function start(at: HTMLElement | null): void {
  if (!at) return;
  at.tabIndex = -1;
  at.focus({ preventScroll: true });
  at.addEventListener('blur', () => at.removeAttribute('tabindex'), { once: true });
}

/** Go on in the panel that has come, where there is one. */
export function startAtPanel(): void {
  start(document.querySelector<HTMLElement>('.sale .panel > section'));
}

/** Look after each key where it left the focus. */
export function keepFocus(): void {
  let was: Element | null = null;

  function look(): void {
    if (document.activeElement !== document.body || !(was instanceof HTMLElement) || was === document.body) return;
    const stands = was.isConnected && was.checkVisibility();
    if (stands) start(was.parentElement);
    else startAtPanel();
  }
  function onKeyDown(): void {
    was = document.activeElement;
    for (const wait of LOOKS_MS) setTimeout(look, wait);
  }
  window.addEventListener('keydown', onKeyDown, { capture: true });
}
