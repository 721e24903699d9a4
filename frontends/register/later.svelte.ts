// The panels that come after the first screen: fetched as soon as the page has nothing better to do.
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
  asked ??= import('./panels').then(
    (found) => {
      panels = found.default;
    },
    () => {
      isLost = true;
    },
  );
  return asked;
}
