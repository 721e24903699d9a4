// A finger that bounces, or a second tap that only meant the first, hits whatever the first one brought
// under it: the next amount, the next terminal, the next customer's first tile. So a tap soon after
// another at the same place counts only where it meets what stood there before, saying the same; and
// Enter or the space bar soon after itself only where it is still at the same control. What is meant to
// be pressed again and again while its words change stands in `data-repeats`.

const BOUNCE_MS = 500;
const NEAR_PX = 24;
const CONTROLS = 'button, a, input, textarea, select, label, [role="checkbox"]';
const PRESSING = new Set(['Enter', ' ']);
const SILENT = new Set(['Shift', 'Control', 'Alt', 'Meta', 'AltGraph', 'CapsLock']);

interface Seen {
  words: string;
  left: number;
  top: number;
}
interface Tap {
  at: number;
  x: number;
  y: number;
  /** What could be pressed around there before it did anything. */
  seen: Map<Element, Seen>;
}
interface Press {
  at: number;
  key: string;
  control: Element | null;
  words: string;
}

function controlOf(target: EventTarget | null): Element | null {
  return target instanceof Element ? target.closest(CONTROLS) : null;
}

function wordsOf(control: Element): string {
  return `${control.getAttribute('aria-label') ?? ''} ${control.textContent}`;
}

function look(control: Element): Seen {
  const { left, top } = control.getBoundingClientRect();
  return { words: wordsOf(control), left, top };
}

function around(x: number, y: number): Map<Element, Seen> {
  const seen = new Map<Element, Seen>();
  for (const right of [0, -NEAR_PX, NEAR_PX]) {
    for (const down of [0, -NEAR_PX, NEAR_PX]) {
      const control = controlOf(document.elementFromPoint(x + right, y + down));
      if (control && !seen.has(control)) seen.set(control, look(control));
    }
  }
  return seen;
}

function stands(control: Element, before: Seen | undefined): boolean {
  if (!before) return false;
  if (control.closest('[data-repeats]')) return true;
  const now = look(control);
  const moved = Math.abs(now.left - before.left) + Math.abs(now.top - before.top);
  return now.words === before.words && moved < NEAR_PX;
}

function swallow(event: Event): void {
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** Keep second taps from what they were not meant for; the answer stops it. */
export function guardAgainstBounces(): () => void {
  let tap: Tap | null = null;
  let press: Press | null = null;

  function onClick(event: MouseEvent): void {
    // The click that a key or a label makes is no tap.
    if (event.detail === 0 || !event.isTrusted) return;
    const control = controlOf(event.target);
    const soon = tap !== null && event.timeStamp - tap.at < BOUNCE_MS;
    const near = tap !== null && Math.hypot(event.clientX - tap.x, event.clientY - tap.y) < NEAR_PX;
    if (soon && near && control && !stands(control, tap?.seen.get(control))) {
      swallow(event);
      return;
    }
    // Whoever tapped since means the next key, and none of those that a key held down goes on sending.
    if (press) press.at = -BOUNCE_MS;
    const { clientX: x, clientY: y } = event;
    tap = { at: event.timeStamp, x, y, seen: around(x, y) };
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (SILENT.has(event.key)) return;
    if (!PRESSING.has(event.key)) {
      // Whoever walks to another control meant to.
      press = null;
      return;
    }
    const control = controlOf(event.target);
    const words = control ? wordsOf(control) : '';
    const again = press?.key === event.key && (event.repeat || event.timeStamp - press.at < BOUNCE_MS);
    const same = control !== null && press?.control === control;
    if (again && !(same && (words === press?.words || control.closest('[data-repeats]')))) {
      swallow(event);
      return;
    }
    press = { at: event.timeStamp, key: event.key, control, words };
  }

  window.addEventListener('click', onClick, { capture: true });
  window.addEventListener('keydown', onKeyDown, { capture: true });
  return () => {
    window.removeEventListener('click', onClick, { capture: true });
    window.removeEventListener('keydown', onKeyDown, { capture: true });
  };
}
