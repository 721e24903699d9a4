// Who hears a key that no text field took: the newest listener first, until one says it was for it.

type Listener = (key: string) => boolean;
const listeners: Listener[] = [];

/** Hear keys until the answer is called. */
export function hearKeys(listener: Listener): () => void {
  listeners.push(listener);
  return () => {
    const at = listeners.lastIndexOf(listener);
    if (at >= 0) listeners.splice(at, 1);
  };
}

export function tellKey(key: string): void {
  for (let at = listeners.length - 1; at >= 0; at -= 1) {
    if (listeners[at]?.(key)) return;
  }
}
