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

/** When something was: its time, and its day where that is not today. */
export function momentText(at: number, now: number, language: string, zone: string | undefined): string {
  const day = (ms: number) => new Date(ms).toLocaleDateString('en', { timeZone: zone });
  const date: Options = day(at) === day(now) ? {} : { day: 'numeric', month: 'short' };
  return new Date(at).toLocaleString(language, { ...date, ...CLOCK, timeZone: zone });
}
