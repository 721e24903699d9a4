// Every word a person reads comes from a catalogue; `t` finds it, in the language of the moment.
import type en from './catalogue/en.json';
import { formatMoney, formatQuantity, type Currency } from './money';

export type Key = keyof typeof en;
export type Language = 'en' | 'de' | 'fr';
export const LANGUAGES: { id: Language; name: string }[] = [
  { id: 'en', name: 'English' },
  { id: 'de', name: 'Deutsch' },
  { id: 'fr', name: 'Français' },
];
const LOADERS: Record<Language, () => Promise<{ default: Record<string, string> }>> = {
  en: () => import('./catalogue/en.json'),
  de: () => import('./catalogue/de.json'),
  fr: () => import('./catalogue/fr.json'),
};
const REST: Record<Language, () => Promise<{ default: Record<string, string> }>> = {
  en: () => import('./catalogue/en.json?rest'),
  de: () => import('./catalogue/de.json?rest'),
  fr: () => import('./catalogue/fr.json?rest'),
};
const KEPT = 'countertop.language';

class Words {
  language = $state<Language>('en');
  private entries = $state.raw<Record<string, string>>({});
  /** Whether the words of later panels are wanted, too. */
  private whole = false;
  private plural = $derived(new Intl.PluralRules(this.language));
  private wanted: Language = 'en';

  async load(language: Language): Promise<void> {
    this.wanted = language;
    const first = (await LOADERS[language]()).default;
    const rest = this.whole ? (await REST[language]()).default : {};
    // What was asked for later may have come sooner.
    if (language !== this.wanted) return;
    this.entries = { ...first, ...rest };
    this.language = language;
    document.documentElement.lang = language;
  }

  /** Fetch what only later panels say, in this language and each that is chosen afterwards. */
  async loadRest(): Promise<void> {
    const language = this.language;
    this.whole = true;
    const rest = (await REST[language]()).default;
    if (language === this.language) this.entries = { ...this.entries, ...rest };
  }

  has(key: string): boolean {
    return key in this.entries;
  }

  /** The text of `key`; `n` chooses between `key.one` and `key.other` where those exist. */
  text(key: string, fields: Record<string, string | number> = {}): string {
    const n = fields['n'];
    const plural = typeof n === 'number' ? `${key}.${this.plural.select(n)}` : '';
    const other = typeof n === 'number' ? `${key}.other` : '';
    const found = this.entries[plural] ?? this.entries[other] ?? this.entries[key] ?? key;
    return found.replace(/\{(\w+)\}/g, (_, name: string) => String(fields[name] ?? ''));
  }
}

export const words = new Words();

type Plain<K> = K extends `${infer Stem}.one` | `${infer Stem}.other` ? Stem : never;

export function t(key: Key | Plain<Key>, fields: Record<string, string | number> = {}): string {
  return words.text(key, fields);
}

function isLanguage(value: string): value is Language {
  return value in LOADERS;
}

/** The chosen language, else the browser's, else English; the store's comes with `adopt`. */
export function startLanguage(): Promise<void> {
  const wanted = localStorage.getItem(KEPT) ?? navigator.language.slice(0, 2);
  return words.load(isLanguage(wanted) ? wanted : 'en');
}

/** The store's language, unless somebody has chosen another on this device. */
export async function adoptLanguage(wanted: string): Promise<void> {
  if (!isLanguage(wanted)) return;
  // Chosen otherwise, it is still what customers are told in: at hand before one is.
  if (localStorage.getItem(KEPT)) return void LOADERS[wanted]().catch(() => undefined);
  if (wanted !== words.language) await words.load(wanted);
}

/** Speak the store's language to a customer, whatever was chosen for those who work at this device; '' goes
 *  back to theirs. Without a line to the store it stays as it is. */
export async function speakTo(store: string): Promise<void> {
  const own = localStorage.getItem(KEPT) ?? '';
  const wanted = store || own;
  if (isLanguage(own) && isLanguage(wanted)) await words.load(wanted).catch(() => undefined);
}

export async function chooseLanguage(wanted: Language): Promise<void> {
  localStorage.setItem(KEPT, wanted);
  await words.load(wanted);
}

/** A means of payment as promotions name it: cash, card, or a card of a brand. */
export function tenderName(name: string): string {
  const [kind = '', brand = ''] = name.split(':', 2);
  const said = words.has(`tender.${kind}`) ? words.text(`tender.${kind}`) : kind;
  return brand ? `${said} (${brand})` : said;
}

/**
 * A refusal in words: what happened, what was not done, what to do next. Figures are written by
 * their unit; a code without a text of its own is named, never swallowed.
 */
export function refusalText(
  code: string,
  fields: Record<string, unknown>,
  currency: Currency,
  nameOf: (operator: string) => string = (operator) => operator,
): string {
  const shown: Record<string, string | number> = { code: '' };
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'right') shown[name] = words.text(`right.${String(value)}`);
    else if (name === 'tender' && typeof value === 'string') shown[name] = tenderName(value);
    else if (name === 'operator') shown[name] = nameOf(String(value));
    else if (Array.isArray(value)) shown[name] = value.join(', ');
    else if (typeof value !== 'number') shown[name] = String(value);
    else if (name.endsWith('_minor')) shown[name] = formatMoney(value, currency, words.language);
    else if (name.endsWith('_milli')) {
      shown[name] = formatQuantity(value, 'piece', words.language).replace(/\u00a0piece$/, '');
    } else shown[name] = value;
  }
  if (typeof fields['tries_left'] === 'number') shown['n'] = fields['tries_left'];
  const key = `refusal.${code}`;
  return words.has(key) ? words.text(key, shown) : words.text('refusal.unknown', { code });
}
