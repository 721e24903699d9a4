// The screen of this browser was turned to a customer, and nobody of the shop has taken it back yet.
// Kept beside the pages for each register, so that a reload, another tab or another address leads back
// to the customer's page.

const TURNED = 'countertop.turned.';
const TOUCHED = 'countertop.touched.';

/** Whether a customer has the screen of this register. */
export function isTurned(register: string): boolean {
  return !!localStorage.getItem(TURNED + register);
}

export function turnToCustomer(register: string): void {
  localStorage.setItem(TURNED + register, '1');
}

export function turnBack(register: string): void {
  localStorage.removeItem(TURNED + register);
  localStorage.removeItem(TOUCHED + register);
}

/** A hand was at this screen since it was turned: it may be the customer's, and no PIN elsewhere takes it back. */
export function touchTurned(register: string): void {
  localStorage.setItem(TOUCHED + register, '1');
}

export function isTouched(register: string): boolean {
  return !!localStorage.getItem(TOUCHED + register);
}

/** Call `then` once another tab of this browser turned the screen, or took it back. */
export function hearTurned(register: string, then: (turned: boolean) => void): void {
  window.addEventListener('storage', (event) => {
    if (event.key === TURNED + register) then(!!event.newValue);
  });
}

/** Leave a page that is none of the customer's, while a screen of this browser is theirs. */
export function keepTurned(register = ''): void {
  const theirs = Object.keys(localStorage).filter((key) => key.startsWith(TURNED));
  const first = theirs.sort()[0];
  if (!first || theirs.includes(TURNED + register)) return;
  location.replace(`/register/?register=${encodeURIComponent(first.slice(TURNED.length))}`);
}
