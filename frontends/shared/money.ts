// The text of amounts, and amounts out of text. Integers only: an amount is minor units, a unit price
// millionths of the major unit, a quantity thousandths, a rate parts per million.

export interface Currency {
  code: string;
  digits: number;
}
interface Notation {
  decimal: string;
  group: string;
  symbolFirst: boolean;
}

const NOTATIONS: Record<string, Notation> = {
  en: { decimal: '.', group: ',', symbolFirst: true },
  de: { decimal: ',', group: '.', symbolFirst: false },
  fr: { decimal: ',', group: '\u202f', symbolFirst: false },
};
const SYMBOLS: Record<string, string> = { EUR: '€', GBP: '£', USD: '$', JPY: '¥' };
const MINUS = '\u2212';
const MICRO_DIGITS = 6;

// What people pay with, smallest first; the last coin divides coins from notes on a count sheet.
const CASH: Record<string, { coins: number[]; notes: number[] }> = {
  EUR: {
    coins: [1, 2, 5, 10, 20, 50, 100, 200],
    notes: [500, 1000, 2000, 5000, 10000, 20000],
  },
  GBP: { coins: [1, 2, 5, 10, 20, 50, 100, 200], notes: [500, 1000, 2000, 5000] },
  USD: { coins: [1, 5, 10, 25, 50, 100], notes: [100, 500, 1000, 2000, 5000, 10000] },
  CHF: {
    coins: [5, 10, 20, 50, 100, 200, 500],
    notes: [1000, 2000, 5000, 10000, 20000, 100000],
  },
  JPY: { coins: [1, 5, 10, 50, 100, 500], notes: [1000, 2000, 5000, 10000] },
};

function notation(language: string): Notation {
  return NOTATIONS[language.slice(0, 2)] ?? (NOTATIONS['en'] as Notation);
}

function split(value: number, digits: number): [string, string] {
  const text = String(Math.abs(value)).padStart(digits + 1, '0');
  return digits === 0 ? [text, ''] : [text.slice(0, -digits), text.slice(-digits)];
}

function grouped(whole: string, separator: string): string {
  return whole.replace(/\B(?=(\d{3})+$)/g, separator);
}

/** An integer scaled by 10^digits, as text: 1234567 with 2 digits is 12,345.67. */
export function formatScaled(value: number, digits: number, language: string): string {
  const { decimal, group } = notation(language);
  const [whole, fraction] = split(value, digits);
  return (value < 0 ? MINUS : '') + grouped(whole, group) + (fraction ? decimal + fraction : '');
}

/** The same as somebody would type it: no groups, and the language's own decimal sign. */
export function typedScaled(value: number, digits: number, language: string): string {
  const [whole, fraction] = split(value, digits);
  return (value < 0 ? '-' : '') + whole + (fraction ? notation(language).decimal + fraction : '');
}

export function symbolOf(currency: Currency): string {
  return SYMBOLS[currency.code] ?? currency.code;
}

export function symbolIsFirst(language: string): boolean {
  return notation(language).symbolFirst;
}

/** An amount with its currency where the language puts it. */
export function formatMoney(minor: number, currency: Currency, language: string): string {
  const text = formatScaled(Math.abs(minor), currency.digits, language);
  const symbol = symbolOf(currency);
  const sign = minor < 0 ? MINUS : '';
  if (!symbolIsFirst(language)) return `${sign}${text}\u00a0${symbol}`;
  return `${sign}${symbol}${symbol.length > 1 ? '\u00a0' : ''}${text}`;
}

/** The same of another country's money: with its code, which two dollars or pounds are told apart by. */
export function formatForeign(minor: number, currency: Currency, language: string): string {
  const text = formatMoney(minor, currency, language);
  return symbolOf(currency) === currency.code ? text : `${currency.code} ${text}`;
}

/** A unit price: at least the minor digits, and no zeros beyond them. */
export function formatMicros(micros: number, currency: Currency, language: string): string {
  const [whole, fraction] = split(micros, MICRO_DIGITS);
  const kept = fraction.replace(/0+$/, '').padEnd(currency.digits, '0');
  const { decimal, group } = notation(language);
  return (micros < 0 ? MINUS : '') + grouped(whole, group) + (kept ? decimal + kept : '');
}

export function microsOfMinor(minor: number, currency: Currency): number {
  return minor * 10 ** (MICRO_DIGITS - currency.digits);
}

/** 2000 pieces is `2`; 457 of kg is `0.457 kg`. */
export function formatQuantity(milli: number, unit: string, language: string): string {
  if (unit === 'piece' && milli % 1000 === 0) return formatScaled(milli / 1000, 0, language);
  return `${formatScaled(milli, 3, language)}\u00a0${unit}`;
}

/** 70000 ppm is `7 %`. */
export function formatRate(ppm: number, language: string): string {
  const { decimal } = notation(language);
  const [whole, fraction] = split(ppm, 4);
  const kept = fraction.replace(/0+$/, '');
  return `${ppm < 0 ? MINUS : ''}${whole}${kept ? decimal + kept : ''}\u00a0%`;
}

/**
 * Typed text as an integer scaled by 10^digits, or null. Point and comma both divide; more decimals
 * than there are digits are refused rather than rounded.
 */
export function parseScaled(text: string, digits: number): number | null {
  const match = /^\s*(\d{0,12})(?:[.,](\d*))?\s*$/.exec(text);
  if (!match) return null;
  const whole = match[1] ?? '';
  const fraction = (match[2] ?? '').replace(/0+$/, '');
  if (whole + (match[2] ?? '') === '' || fraction.length > digits) return null;
  const value = Number((whole || '0') + fraction.padEnd(digits, '0'));
  return Number.isSafeInteger(value) ? value : null;
}

/**
 * What a cash keypad means: digits alone fill up from the smallest unit (1250 is 12.50), a typed
 * point or comma makes it a plain decimal (12,5 is 12.50).
 */
export function parseKeypad(text: string, digits: number): number | null {
  if (/^\d+$/.test(text)) {
    const value = Number(text);
    return Number.isSafeInteger(value) ? value : null;
  }
  return parseScaled(text, digits);
}

export function cashOf(currency: Currency): { coins: number[]; notes: number[] } {
  const known = CASH[currency.code];
  if (known) return known;
  const unit = 10 ** currency.digits;
  const steps = (from: number, times: number) =>
    Array.from({ length: times }, (_, at) => [1, 2, 5].map((step) => step * from * 10 ** at)).flat();
  return { coins: currency.digits ? steps(1, currency.digits) : [], notes: steps(unit, 3) };
}

/** What `minor` of one currency is worth in another, half a unit rounded up, as the store reckons it. */
export function worthOf(minor: number, rateMicros: number, from: Currency, home: Currency): number {
  // An amount times a rate may be more than a number holds exactly.
  const exact = BigInt(minor) * BigInt(rateMicros) * 10n ** BigInt(home.digits);
  const unit = 10n ** BigInt(MICRO_DIGITS + from.digits);
  return Number((2n * exact + unit) / (2n * unit));
}

/** Round amounts a customer is likely to hand over, above `due`, smallest first. */
export function quickAmounts(due: number, currency: Currency, most = 4): number[] {
  const { coins, notes } = cashOf(currency);
  const bases = [...coins.filter((coin) => coin === 10 ** currency.digits), ...notes];
  const above = bases.map((base) => Math.ceil(due / base) * base).filter((value) => value > due);
  const distinct = [...new Set(above)].sort((a, b) => a - b);
  return distinct.slice(0, most);
}
