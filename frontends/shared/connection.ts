// One conversation with the store server. Commands carry an id made here; what was not answered when
// the line broke is sent again with the same id, so nothing happens twice and nothing is forgotten.

import { VERSION } from './protocol';
import type { Commands, Queries } from './protocol';

const BACKOFF_MS = [150, 300, 600, 1200, 2400, 4000];
const BUSY_RETRY_MS = 80;
const BUSY_RETRIES_MAX = 25;
const PING_MS_MAX = 5000;
const SILENCE_MS = 12_000;
const SILENCE_ASKED_MS = 4000;

export interface Refusal {
  code: string;
  fields: Record<string, unknown>;
}
export interface Answer<T = unknown> {
  ok: boolean;
  data: T | null;
  refusal: Refusal | null;
  epoch: number;
  position: number;
}
export interface Approval {
  operator: string;
  pin: string;
}
export type LinkPhase = 'connecting' | 'online' | 'lost' | 'refused';
export interface LinkStatus {
  phase: LinkPhase;
  /** When this phase began, in milliseconds of the page's clock. */
  since: number;
  attempt: number;
  fault: string;
  detail: string;
  outstanding: number;
  /** When the oldest unanswered request was made; 0 when there is none. */
  oldest: number;
  /** When the oldest unanswered command was made; 0 when there is none. A query saves nothing. */
  saving: number;
}
interface Update {
  topic: string;
  epoch: number;
  position: number;
  data: unknown;
}
interface Outstanding {
  frame: Record<string, unknown>;
  resolve: (answer: Answer) => void;
  since: number;
  busy: number;
}
export interface ConnectionOptions {
  register: string;
  client: string;
  onStatus: (status: LinkStatus) => void;
  onUpdate: (update: Update) => void;
  onWelcome?: () => void;
}

/** A UUID of version 7 (RFC 9562): it sorts by the time it was made. */
export function uuid7(now = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let at = 5, left = now; at >= 0; at -= 1) {
    bytes[at] = left % 256;
    left = Math.floor(left / 256);
  }
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts.slice(1).map((end, at) => hex.slice(cuts[at], end)).join('-');
}

export class Connection {
  private socket: WebSocket | null = null;
  private status: LinkStatus = {
    phase: 'connecting',
    since: Date.now(),
    attempt: 0,
    fault: '',
    detail: '',
    outstanding: 0,
    oldest: 0,
    saving: 0,
  };
  private readonly waiting = new Map<string, Outstanding>();
  private readonly topics = new Set<string>();
  private retry: ReturnType<typeof setTimeout> | undefined;
  private pulse: ReturnType<typeof setInterval> | undefined;
  private heard = 0;
  private stopped = false;
  private dialling = false;

  constructor(private readonly options: ConnectionOptions) {
    window.addEventListener('online', this.hurry);
    document.addEventListener('visibilitychange', this.hurry);
    void this.dial();
  }

  /** Do `name`. Resolves once the server has answered, even if that takes a reconnection. */
  command<N extends keyof Commands>(
    name: N,
    data: Commands[N]['data'],
    approval: Approval | null = null,
  ): Promise<Answer<Commands[N]['answer']>> {
    const frame = { type: 'command', id: uuid7(), name, data, approval };
    return this.ask(frame) as Promise<Answer<Commands[N]['answer']>>;
  }

  query<N extends keyof Queries>(
    name: N,
    data: Queries[N]['data'],
  ): Promise<Answer<Queries[N]['answer']>> {
    const frame = { type: 'query', id: uuid7(), name, data };
    return this.ask(frame) as Promise<Answer<Queries[N]['answer']>>;
  }

  subscribe(topic: string): void {
    this.topics.add(topic);
    if (this.status.phase === 'online') this.send({ type: 'subscribe', topic });
  }

  unsubscribe(topic: string): void {
    this.topics.delete(topic);
    if (this.status.phase === 'online') this.send({ type: 'unsubscribe', topic });
  }

  close(): void {
    this.stopped = true;
    clearTimeout(this.retry);
    clearInterval(this.pulse);
    this.socket?.close();
  }

  private ask(frame: Record<string, unknown>): Promise<Answer> {
    return new Promise((resolve) => {
      this.waiting.set(frame['id'] as string, { frame, resolve, since: Date.now(), busy: 0 });
      this.report({});
      if (this.status.phase === 'online') this.send(frame);
    });
  }

  private send(frame: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  private report(change: Partial<LinkStatus>): void {
    const asked = [...this.waiting.values()];
    const oldest = asked[0]?.since ?? 0;
    const saving = asked.find((entry) => entry.frame['type'] === 'command')?.since ?? 0;
    const since = change.phase && change.phase !== this.status.phase ? Date.now() : this.status.since;
    this.status = { ...this.status, ...change, since, outstanding: asked.length, oldest, saving };
    this.options.onStatus(this.status);
  }

  private readonly hurry = (): void => {
    if (this.status.phase === 'lost' && !document.hidden) {
      clearTimeout(this.retry);
      void this.dial();
    }
  };

  private async dial(): Promise<void> {
    if (this.dialling || this.stopped) return;
    this.dialling = true;
    let token = '';
    try {
      const reply = await fetch('/session.json', { cache: 'no-store' });
      if (!reply.ok) throw new Error(String(reply.status));
      token = ((await reply.json()) as { token: string }).token;
    } catch {
      this.dialling = false;
      this.lose();
      return;
    }
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}/ws`);
    this.socket = socket;
    this.dialling = false;
    socket.onopen = () => {
      this.heard = Date.now();
      const { register, client } = this.options;
      this.send({ type: 'hello', version: VERSION, token, register, client });
    };
    socket.onmessage = (event) => {
      if (socket === this.socket) this.receive(JSON.parse(event.data as string));
    };
    socket.onclose = () => {
      if (socket === this.socket) this.lose();
    };
  }

  private lose(): void {
    clearInterval(this.pulse);
    this.socket = null;
    if (this.stopped) return;
    const attempt = this.status.phase === 'online' ? 0 : this.status.attempt;
    const refused = this.status.phase === 'refused';
    const first = this.status.phase === 'connecting' && attempt < 2;
    const phase = refused ? 'refused' : first ? 'connecting' : 'lost';
    this.report({ phase, attempt: attempt + 1 });
    clearTimeout(this.retry);
    const wait = BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length - 1)] ?? 4000;
    this.retry = setTimeout(() => void this.dial(), wait * (0.8 + Math.random() * 0.4));
  }

  private receive(frame: Record<string, unknown>): void {
    this.heard = Date.now();
    switch (frame['type']) {
      case 'welcome':
        this.welcome(frame['heartbeat_s'] as number);
        break;
      case 'answer':
        this.settle(frame['id'] as string, frame as unknown as Answer);
        break;
      case 'update':
        this.options.onUpdate(frame as unknown as Update);
        break;
      case 'fault':
        this.fault(frame['code'] as string, frame['detail'] as string, frame['id'] as string);
        break;
    }
  }

  private welcome(heartbeatS: number): void {
    this.report({ phase: 'online', attempt: 0, fault: '', detail: '' });
    for (const topic of this.topics) this.send({ type: 'subscribe', topic });
    for (const entry of this.waiting.values()) this.send(entry.frame);
    clearInterval(this.pulse);
    const every = Math.min(Math.max(1, heartbeatS) * 1000, PING_MS_MAX);
    let pinged = Date.now();
    this.pulse = setInterval(() => {
      const now = Date.now();
      // Somebody who waits for an answer is told sooner than somebody who does not.
      const asked = this.waiting.size > 0 && now - this.status.oldest > SILENCE_ASKED_MS;
      if (now - this.heard > (asked ? SILENCE_ASKED_MS : SILENCE_MS)) {
        const silent = this.socket;
        this.lose();
        silent?.close();
      } else if (now - pinged >= every) {
        pinged = now;
        this.send({ type: 'ping', at: now });
      }
    }, 1000);
    this.options.onWelcome?.();
  }

  private settle(id: string, answer: Answer): void {
    const entry = this.waiting.get(id);
    if (!entry) return;
    this.waiting.delete(id);
    this.report({});
    entry.resolve(answer);
  }

  private fault(code: string, detail: string, id: string): void {
    const entry = id ? this.waiting.get(id) : undefined;
    if (!entry) {
      // Without an id the whole conversation is refused: say so, and go on asking for admission.
      this.report({ phase: 'refused', fault: code, detail });
      return;
    }
    if ((code === 'busy' || code === 'no_answer') && entry.busy < BUSY_RETRIES_MAX) {
      entry.busy += 1;
      setTimeout(() => this.send(entry.frame), BUSY_RETRY_MS * (1 + Math.random()));
      return;
    }
    const refusal = { code, fields: { detail } };
    this.settle(id, { ok: false, data: null, refusal, epoch: 0, position: 0 });
  }
}
