// The screen of this browser was turned to a customer, and nobody of the shop has taken it back yet.
// Kept beside the pages, so that a reload or another address leads back to the customer's page.

const TURNED = 'countertop.turned';
const TOUCHED = 'countertop.touched';

/** The register whose customer has the screen, or nothing. */
export function turnedRegister(): string {
  return localStorage.getItem(TURNED) ?? '';
}

export function turnToCustomer(register: string): void {
  localStorage.setItem(TURNED, register);
}

export function turnBack(): void {
  localStorage.removeItem(TURNED);
  localStorage.removeItem(TOUCHED);
}

/** A hand was at this screen since it was turned: it may be the customer's, and no PIN elsewhere takes it back. */
export function touchTurned(): void {
  localStorage.setItem(TOUCHED, '1');
}

export function isTouched(): boolean {
  return !!localStorage.getItem(TOUCHED);
}

/** Call `then` once another tab of this browser took the screen back. */
export function hearTurnedBack(then: () => void): void {
  window.addEventListener('storage', (event) => {
    if (event.key === TURNED && !event.newValue) then();
  });
}

/** Leave a page that is none of the customer's, while the screen is theirs. */
export function keepTurned(register = ''): void {
  const turned = turnedRegister();
  if (turned && turned !== register) location.replace(`/register/?register=${encodeURIComponent(turned)}`);
}
