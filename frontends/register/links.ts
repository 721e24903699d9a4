// Payments by QR code or link in words.
import type { PaylinkView } from '../shared/shapes';
import { words } from '../shared/words.svelte';

const PAYABLE = new Set(['requested', 'waiting']);

/** Whether its customer is asked to pay it now. */
export function linkWaits(link: PaylinkView): boolean {
  return PAYABLE.has(link.standing) && !link.is_cancel_asked;
}

/** Why it came to nothing, where there are words for it. */
export function whyNoLink(link: PaylinkView): string {
  const known = `paylink_end.${link.code}`;
  return link.standing === 'failed' && words.has(known) ? words.text(known) : '';
}

/** Why a person must look at it, and what they do about it. */
export function linkProblem(link: PaylinkView): string {
  return words.text(`paylink_problem.${link.problem}`);
}
