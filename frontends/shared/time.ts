// The text of moments, in the zone of the store: a tablet whose own clock stands in another one shows
// what the paper says.

type Options = Intl.DateTimeFormatOptions;
const CLOCK: Options = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };

/** A zone this browser knows; its own where it does not, or where the store told none yet. */
export function zoneOf(name: string | undefined): string | undefined {
  if (!name) return undefined;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** Hours and minutes; `at` in milliseconds. */
export function timeText(at: number, language: string, zone: string | undefined): string {
  return new Date(at).toLocaleTimeString(language, { ...CLOCK, timeZone: zone });
}

/** English without a country would put the month first. */
function spelt(language: string): string {
  return language === 'en' ? 'en-GB' : language;
}

/** An ISO date as people write it, with the day of the week; of a business day there is no time. */
export function dayText(iso: string, language: string): string {
  if (!iso) return '–';
  const options: Options = { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' };
  return new Date(`${iso}T00:00:00Z`).toLocaleDateString(spelt(language), options);
}

/** When something was: its time, its day where that is not today, and its year where that is not this one. */
export function momentText(at: number, now: number, language: string, zone: string | undefined): string {
  const day = (ms: number) => new Date(ms).toLocaleDateString('en', { timeZone: zone });
  const year = (ms: number) => new Date(ms).toLocaleDateString('en', { year: 'numeric', timeZone: zone });
  const date: Options = day(at) === day(now) ? {} : { day: 'numeric', month: 'short' };
  if (year(at) !== year(now)) date.year = 'numeric';
  return new Date(at).toLocaleString(spelt(language), { ...date, ...CLOCK, timeZone: zone });
}
