// Card money on its way to the bank, in words: what differs, and what a terminal told of its day.
import type { DifferenceView, TerminalDayView } from '../shared/shapes';
import { t, words } from '../shared/words.svelte';
import type { App } from './app.svelte';
import { deviceName } from './status';

/** A sentence about one difference, with its figures and who pays the money out. */
export function differenceText(app: App, item: DifferenceView, acquirerName: string): string {
  return words.text(`clearing_item.${item.kind}${item.is_back ? '_back' : ''}`, {
    acquirer: acquirerName || t('clearing.someone'),
    ours: app.money(Math.abs(item.ours_minor)),
    theirs: app.money(Math.abs(item.theirs_minor)),
    ours_count: item.ours_count,
    theirs_count: item.theirs_count,
    terminal: item.terminal ? deviceName(item.terminal) : '',
    batch: item.batch,
  });
}

/** Which card and which place in which file, as far as anybody knows. */
export function differencePlace(app: App, item: DifferenceView, acquirerName: string): string {
  const card = item.card ? item.card.slice(-4) : '';
  const parts = [
    acquirerName,
    brandName(item.brand),
    card ? t('clearing.card_ends', { digits: card }) : '',
    item.reference ? t('clearing.reference', { reference: item.reference }) : '',
    item.line ? t('clearing.row', { n: item.line }) : '',
  ];
  return parts.filter(Boolean).join(' · ');
}

export function brandName(brand: string): string {
  if (!brand || brand === 'other') return '';
  const name = brand.replaceAll('_', ' ');
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** How the last end of a terminal's day stands. */
export function terminalDayText(app: App, day: TerminalDayView): string {
  if (day.is_asked) return t('clearing.day_asked');
  if (day.code === 'began_anew') return t('clearing.day_anew');
  if (day.verdict === 'unknown') return t('clearing.day_unknown');
  if (day.verdict !== 'approved') return t('clearing.day_failed');
  const told = day.told.reduce((sum, one) => sum + one.amount_minor, 0);
  const amount = app.money(day.told.length ? told : (day.told_minor ?? 0));
  return day.differences.length ? t('clearing.day_differs', { amount, n: day.differences.length }) : t('clearing.day_agrees', { amount });
}
