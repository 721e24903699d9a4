// The panels that come after the first screen: fetched as soon as the page has nothing better to do.
import { words } from '../shared/words.svelte';

export type Panels = (typeof import('./panels'))['default'];

let panels = $state.raw<Panels | null>(null);
let isLost = $state(false);
let asked: Promise<void> | null = null;

/** The panels once they are here. */
export const later = {
  get panels(): Panels | null {
    return panels;
  },
  /** Whether they could not be fetched: a browser keeps such a failure until the page is loaded again. */
  get isLost(): boolean {
    return isLost;
  },
};

/** Fetch the panels, once. */
export function fetchPanels(): Promise<void> {
  asked ??= fetchThem().catch(() => {
    isLost = true;
  });
  return asked;
}

// Awaited, not chained: the builder takes a chain for a part of what it imports, and leaves their
// styles out of what is caught.
async function fetchThem(): Promise<void> {
  await words.loadRest();
  panels = (await import('./panels')).default;
}
