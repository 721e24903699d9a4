// Card payments in words: what the terminal shows, why it came to nothing, what a person must look at.
import type { CeilingView, PaymentsView, PaymentView, TenderView } from '../shared/shapes';
import { t, words } from '../shared/words.svelte';
import type { App } from './app.svelte';
import { codeOf, deviceIsFine, deviceText, hasState } from './status';

const OPEN = new Set(['requested', 'unknown']);
const APPROVED = new Set(['approved', 'partially_approved', 'offline_approved']);
// A refusal to do so that leaves money with the shop is a problem.
const UNDOES = new Set(['reversal', 'release']);
const SAID = new Set(['declined', 'aborted']);
// What the store says of a terminal that said nothing.
const UNSAID = new Set(['not_sent', 'terminal_busy', 'function_not_supported']);
// What is told to the customer who waits, although a person is to look at it.
const TOLD = new Set(['not_reversed', 'not_its_card']);
// Words of the terminal that mean the same to whoever stands there.
const SHOWS: Record<string, string> = {
  card_not_allowed: 'not_accepted',
  card_unknown: 'not_accepted',
  card_expired: 'not_accepted',
  card_invalid: 'not_accepted',
  limit_reached: 'not_accepted',
  online: 'waiting_for_host',
  offline: 'waiting_for_host',
  offline_transaction: 'waiting_for_host',
  not_possible: 'malfunction',
};
const WHY: Record<string, string> = {
  aborted_at_terminal: 'stopped',
  no_connection: 'no_bank',
  dialling_failed: 'no_bank',
  host_silent: 'no_bank',
  communication_error: 'no_bank',
  receiver_not_ready: 'no_bank',
  offline_not_possible: 'no_bank',
  card_unreadable: 'unreadable',
  no_card_data: 'unreadable',
  chip_error: 'unreadable',
  card_data_wrong: 'unreadable',
  card_reader_fault: 'unreadable',
  card_expired: 'expired',
  card_not_yet_valid: 'expired',
  card_unknown: 'not_taken',
  card_invalid: 'not_taken',
  not_for_this_card: 'not_taken',
  wrong_currency: 'not_taken',
  amount_too_high: 'amount',
  amount_too_low: 'amount',
  amount_wrong: 'amount',
  terminal_busy: 'busy',
  busy_at_terminal: 'busy',
  not_sent: 'not_reached',
  link_lost: 'not_reached',
  printer_not_ready: 'paper',
  reversal_not_possible: 'not_reversible',
  already_reversed: 'not_reversible',
  not_found: 'not_found',
  function_not_supported: 'no_tabs',
  declined_4b: 'pin',
  wrong_pin: 'pin',
};
const BRANDS: Record<string, string> = {
  ec: 'ec',
  girocard: 'girocard',
  mastercard: 'Mastercard',
  mc: 'Mastercard',
  amex: 'American Express',
  visa: 'Visa',
  visa_electron: 'Visa Electron',
  diners: 'Diners Club',
  v_pay: 'V PAY',
  jcb: 'JCB',
  maestro: 'Maestro',
};

export function isOpen(payment: PaymentView): boolean {
  return OPEN.has(payment.standing);
}

export function isApproved(payment: PaymentView): boolean {
  return APPROVED.has(payment.standing);
}

/** Whether it ended as it should: charged, or taken back, be it by another try than this. Given back to
 *  another card it is for a person to see, and done all the same. */
export function isThrough(payment: PaymentView): boolean {
  const fine = !payment.problem || payment.problem === 'not_its_card';
  return fine && !payment.back_waits && !isOpen(payment) && (isApproved(payment) || UNDOES.has(payment.kind));
}

/** `Mastercard ··0010`; what is not known is left out. */
export function cardName(brand: string, number: string): string {
  const last = /(\d{2,4})$/.exec(number)?.[1];
  const name = BRANDS[brand.toLowerCase()] ?? brand;
  return [name || t('tender.card'), last ? `··${last}` : ''].filter(Boolean).join(' ');
}

export function tenderName(tender: TenderView): string {
  if (tender.kind === 'card') return cardName(tender.brand, tender.card);
  return words.text(`tender.${tender.kind}`);
}

/** What the customer is asked for now, in the page's words; the terminal's own where it has none. */
export function showsText(payment: PaymentView): string {
  if (!payment.shows) return payment.kind === 'reversal' ? t('card.reversing') : t('card.reaching');
  const key = `card_shows.${SHOWS[payment.shows] ?? payment.shows}`;
  return words.has(key) ? words.text(key) : payment.shows_text || t('card.at_work');
}

function plainCode(payment: PaymentView): string {
  return payment.code.replace(/^(refused|not_completed|contradiction)_/, '');
}

/** Why it came to nothing. Of a terminal that was not reached the store may know more than the payment. */
export function whyText(payment: PaymentView, app: App): string {
  const plain = plainCode(payment);
  const known = WHY[plain];
  const device = app.view?.devices.find((one) => one.address === payment.terminal);
  if (known === 'not_reached' && device && !deviceIsFine(device)) return deviceText(codeOf(device), device.detail, device.address);
  if (!known && hasState(plain)) return deviceText(plain, '', payment.terminal);
  const why = known ?? (payment.standing === 'declined' ? 'declined' : 'other');
  // No cash pays for what goes back.
  const back = `card_why_back.${why}`;
  const gives = payment.kind === 'refund' || (payment.kind === 'reversal' && !payment.of_refund);
  return words.text(gives && words.has(back) ? back : `card_why.${why}`);
}

/** How something of `amount` ended that nobody knew of for a while; '' where a person is to look at it. */
export function endText(payment: PaymentView, amount: string): string {
  const { kind, problem, standing } = payment;
  const isSale = kind === 'sale' || kind === 'capture';
  if (problem && !TOLD.has(problem)) return '';
  if (isSale && isApproved(payment)) return t('card.doubt_paid', { amount });
  if (isSale) return t('card.doubt_none', { amount });
  const ended = `${words.text(`card_title.${kind}`)}, ${amount}: ${words.text(`card_standing.${standing}`)}.`;
  if (isApproved(payment)) return ended;
  const kept = kind === 'refund' ? t('card.nothing_back') : kind === 'reversal' ? t('card.still_paid') : t('tabs.nothing_reserved');
  return `${ended} ${kept}`;
}

/** The terminal's own words, else the code it gave; empty where it said nothing. */
export function ownWords(payment: PaymentView): string {
  const isRefused = payment.problem === 'upload_declined' && payment.code.startsWith('declined');
  const silent = !(SAID.has(payment.standing) || isRefused) || UNSAID.has(payment.code);
  return payment.detail || (silent ? '' : payment.code.replace(/_/g, ' '));
}

/** Why a person must look at it, and what they do about it. */
export function problemText(payment: PaymentView, app: App): string {
  const amount = app.money(payment.amount_minor + payment.tip_minor);
  const refund = `card_problem_refund.${problemOf(payment)}`;
  return words.text(isMoneyBack(payment) && words.has(refund) ? refund : `card_problem.${problemOf(payment)}`, { amount });
}

function problemOf(payment: PaymentView): string {
  if (payment.back_waits) return 'back_waits';
  if (payment.standing === 'unknown' && payment.code === 'identity_taken') return 'identity_taken';
  if (payment.problem !== 'not_reversed') return payment.problem || 'unknown';
  const part = isApproved(payment) ? '_in_part' : '';
  if (payment.is_counted) return `counted${part}`;
  return part ? `back${part}` : 'not_reversed';
}

/** Whether it gave money to the customer, or was to take such money back. */
export function isMoneyBack(payment: PaymentView): boolean {
  return payment.kind === 'refund' || payment.of_refund;
}

/** Seconds since it was asked for, now. */
export function ageOf(payment: PaymentView, app: App): number {
  return payment.age_s + Math.max(0, Math.floor((app.now - app.viewAt) / 1000));
}

/** How much of what is in use terminals may be storing, and have not told; '' where it is nothing. */
export function pendingText(one: CeilingView, app: App): string {
  return one.pending_minor ? ` · ${t('offline.pending', { amount: app.money(one.pending_minor) })}` : '';
}

/** How much more a register may take by card without the bank, and of it in one payment; `why` it is
 *  nothing, "" where it is something. */
export interface Room {
  all: number;
  one: number;
  why: '' | 'off' | 'old' | 'full';
}
const SHARED = new Set(['operator', 'register', 'total']);

export function roomOf(view: PaymentsView): Room {
  const { policy } = view;
  const left = view.ceilings.filter((one) => SHARED.has(one.ceiling)).map((one) => one.limit_minor - one.used_minor);
  const all = Math.max(0, Math.min(...left));
  const one = Math.min(all, policy.payment_minor);
  const none = (why: Room['why']): Room => ({ all: 0, one: 0, why });
  if (!left.length || !policy.payment_minor || !policy.operator_minor || !policy.register_minor) return none('off');
  if (view.oldest_s > view.age_limit_s) return none('old');
  return one > 0 ? { all, one, why: '' } : none('full');
}

/** The same in words. */
export function roomText(view: PaymentsView, app: App): string {
  const { all, one, why } = roomOf(view);
  if (why) return words.text(`offline_room.${why}`);
  const figures = { all: app.money(all), one: app.money(one) };
  return words.text(one < all ? 'offline_room.in_parts' : 'offline_room.at_once', figures);
}

/** What would be taken without the bank of a card that was refused for want of one; '' where the shop takes
 *  none, or would have taken it. A terminal that was let take less may give no reason. */
export function noBankText(payment: PaymentView, app: App): string {
  if (payment.kind !== 'sale' || !app.cards) return '';
  const why = WHY[plainCode(payment)];
  const isSilent = !why && payment.standing === 'aborted' && app.cards.offline_count > 0;
  if (why !== 'no_bank' && !isSilent) return '';
  const room = roomOf(app.cards);
  const isBarred = room.why ? room.why !== 'off' : payment.amount_minor + payment.tip_minor > room.one;
  return isBarred ? roomText(app.cards, app) : '';
}
