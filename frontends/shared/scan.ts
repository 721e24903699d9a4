// A keyboard-wedge scanner types like a person, only faster. Every printable key is held for a moment
// before any text field sees it: a burst becomes a scan, and everything else is given back as typing.

export interface ScanOptions {
  onScan: (code: string) => void;
  /** A key that was typed while no text field had the focus. */
  onKey: (key: string) => void;
}

const GAP_MS = 35;
const END_MS = 60;
const LENGTH_MIN = 4;
const SILENT = new Set(['Shift', 'CapsLock', 'NumLock', 'AltGraph']);

/** A code as somebody types it off a package, its groups written together; '' where a text is none. */
export function typedCode(text: string): string {
  const code = text.replace(/[\s-]/g, '');
  return /^\d{4,}$/.test(code) ? code : '';
}

type Field = HTMLInputElement | HTMLTextAreaElement;

function textField(): Field | null {
  const active = document.activeElement;
  const editable = active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement;
  return editable && !active.readOnly && !active.disabled ? active : null;
}

function giveBack(field: Field, text: string): void {
  if (document.activeElement !== field) return;
  // The command keeps the field's own undo history; the rest is for engines without it.
  if (document.execCommand('insertText', false, text)) return;
  field.setRangeText(text, field.selectionStart ?? 0, field.selectionEnd ?? 0, 'end');
  field.dispatchEvent(new InputEvent('input', { bubbles: true, data: text }));
}

/** Take the end of what stands before the cursor away again; whether it stood there. */
function takeBack(field: Field, text: string): boolean {
  if (document.activeElement !== field) return false;
  const end = field.selectionStart ?? 0;
  const start = end - text.length;
  if (field.selectionEnd !== end || field.value.slice(Math.max(0, start), end) !== text) return false;
  field.setSelectionRange(start, end);
  if (document.execCommand('delete')) return true;
  field.setRangeText('', start, end, 'end');
  field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'deleteContentBackward' }));
  return true;
}

/** Listen before anything else does; the answer stops listening. */
export function listenForScans(options: ScanOptions): () => void {
  let held: string[] = [];
  let field: Field | null = null;
  let last = 0;
  let typed = '';
  let timer: ReturnType<typeof setTimeout> | undefined;

  function settle(): void {
    clearTimeout(timer);
    const keys = held;
    held = [];
    typed = '';
    if (keys.length === 0) return;
    if (keys.length >= LENGTH_MIN) options.onScan(keys.join('').trim());
    else if (field) giveBack(field, (typed = keys.join('')));
    else keys.forEach(options.onKey);
  }

  function arm(): void {
    clearTimeout(timer);
    // The second, empty wait lets keys that are already queued behind a busy moment come first.
    const wait = held.length >= LENGTH_MIN ? END_MS : GAP_MS;
    timer = setTimeout(() => {
      timer = setTimeout(settle, 0);
    }, wait);
  }

  function hold(event: KeyboardEvent): void {
    const allowed = held.length >= LENGTH_MIN ? END_MS : GAP_MS;
    if (held.length > 0 && event.timeStamp - last > allowed) settle();
    // A machine that was busy brings a key late, with the moment it was pressed: then what went before
    // it was no typing.
    if (held.length === 0 && typed && field && event.timeStamp - last <= GAP_MS && takeBack(field, typed)) {
      held = [...typed];
      typed = '';
    }
    if (held.length === 0) field = textField();
    // A lone space presses buttons, and no code begins with one.
    if (held.length === 0 && event.key === ' ') return;
    held.push(event.key);
    last = event.timeStamp;
    swallow(event);
    arm();
  }

  function swallow(event: KeyboardEvent): void {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (SILENT.has(event.key)) return;
    const chord = event.ctrlKey || event.metaKey || (event.altKey && event.key.length !== 1);
    if (!chord && !event.isComposing && !event.repeat && event.key.length === 1) {
      hold(event);
      return;
    }
    const ends = event.key === 'Enter' || event.key === 'Tab';
    if (ends && held.length >= LENGTH_MIN && event.timeStamp - last <= END_MS) swallow(event);
    settle();
  }

  window.addEventListener('keydown', onKeyDown, { capture: true });
  return () => {
    clearTimeout(timer);
    window.removeEventListener('keydown', onKeyDown, { capture: true });
  };
}
