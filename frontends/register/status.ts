// What the machinery says of itself, in words: devices that want something, effects that wait.
import type { DeviceView, QueueEntry } from '../shared/shapes';
import { t, words } from '../shared/words.svelte';
import type { App } from './app.svelte';

const AWAY = new Set(['absent', 'unplugged', 'unreachable', 'no_answer']);
// A provider is on no cable of ours: what is silent is the part of the store that asks it.
const UNHEARD = new Set(['silent', 'not_heard_of']);
// An open drawer is how a drawer looks while money changes hands.
const FINE = new Set(['ok', 'starting', 'open', 'closed', '']);

/** `printer/receipt-1` as people call it: the kind of thing, and its own name where it has one. */
export function deviceName(address: string): string {
  const [kind = '', name = ''] = address.split('/');
  const word = words.has(`device.${kind}`) ? words.text(`device.${kind}`) : kind;
  return name ? `${word} (${name})` : word;
}

export function deviceKind(address: string): string {
  const kind = address.split('/')[0] ?? '';
  return words.has(`device.${kind}`) ? words.text(`device.${kind}`) : kind;
}

/** Whether there are words for what a device says of itself. */
export function hasState(code: string): boolean {
  return words.has(`device_state.${code}`);
}

/** What is the matter with a device, and what to do about it. Nothing waits for a terminal. */
export function deviceText(code: string, detail: string, address: string): string {
  if (address.startsWith('terminal/') && AWAY.has(code)) return t('device_state.link_lost');
  if (address.startsWith('provider/') && UNHEARD.has(code)) return t('device_state.provider_silent');
  return hasState(code) ? words.text(`device_state.${code}`) : detail || code;
}

export function deviceIsFine(device: DeviceView): boolean {
  return FINE.has(codeOf(device)) && device.state !== 'failed';
}

/** What a device said last; `silent` where that was well, and it has said nothing since. */
export function codeOf(device: DeviceView): string {
  return device.state === 'stale' && FINE.has(device.code) ? 'silent' : device.code;
}

export function drawerIsOpen(app: App): boolean {
  return (app.view?.devices ?? []).some((device) => codeOf(device) === 'open');
}

/** One short phrase for each device that is not fine. */
export function troubles(app: App): string[] {
  return (app.view?.devices ?? [])
    .filter((device) => !deviceIsFine(device))
    .map((device) => {
      const short = `device_short.${codeOf(device)}`;
      const what = words.has(short) ? words.text(short) : t('device_short.other');
      return t('common.said', { name: deviceKind(device.address), what });
    });
}

/** Why an effect is still waiting: what its last try said, else what is the matter with its device. */
export function queueReason(entry: QueueEntry, app: App): string {
  const device = app.view?.devices.find((one) => one.address === entry.address);
  const reason = device && FINE.has(entry.reason) && !deviceIsFine(device) ? codeOf(device) : entry.reason;
  if (!reason) return t('queue.on_its_way');
  const key = `device_state.${reason}`;
  return words.has(key) ? words.text(key) : reason;
}

/** Seconds the oldest waiting effect has been waiting, now. */
export function queueAge(app: App): number {
  const oldest = Math.max(0, ...(app.view?.queue ?? []).map((entry) => entry.age_s));
  return oldest + Math.max(0, Math.floor((app.now - app.viewAt) / 1000));
}

export function ageText(seconds: number): string {
  if (seconds < 60) return t('age.seconds', { n: seconds });
  if (seconds < 3600) return t('age.minutes', { n: Math.floor(seconds / 60) });
  return t('age.hours', { n: Math.floor(seconds / 3600) });
}
