// What the register page knows and does. Every figure comes from the server's view; this file only
// decides which of the server's commands a touch, a key or a scan asks for.
import { tick } from 'svelte';
import { Connection, type Answer, type Approval, type LinkStatus, type Refusal } from '../shared/connection';
import { formatMoney, type Currency } from '../shared/money';
import type {
  CardEntry,
  Commands,
  Dining,
  ItemView,
  LineView,
  NoticeView,
  OperatorView,
  OrderView,
  PaymentsView,
  PaymentView,
  RegisterView,
  ScanView,
  StoreView,
} from '../shared/shapes';
import { playAccepted, playRefused } from '../shared/sound';
import { momentText, timeText, zoneOf } from '../shared/time';
import { hearTurned, isTouched, isTurned, turnBack, turnToCustomer } from '../shared/turned';
import { adoptLanguage, refusalText, t, words } from '../shared/words.svelte';
import { PutAway } from './away.svelte';
import { endText, isOpen, isThrough, noBankText } from './cards';
import { startAtPanel } from './focus';
import { Links } from './linking.svelte';
import { Split } from './split.svelte';

export type Panel =
  | 'items'
  | 'till'
  | 'parked'
  | 'return'
  | 'reports'
  | 'activity'
  | 'receipts'
  | 'open-item'
  | 'weigh'
  | 'discount'
  | 'why'
  | 'choices'
  | 'clearing'
  | 'exceptions'
  | 'offline'
  | 'tabs'
  | 'terminals';
/** What may be chosen for an order besides its goods. */
export type Choice = 'group' | 'coupon' | 'promotion' | 'reward' | 'tender' | 'exempt' | 'comp' | 'charges';
export type Dialog = 'menu' | 'status' | 'void' | 'park' | 'note' | 'switch' | null;

export interface Notice {
  kind: 'danger' | 'caution' | 'positive';
  text: string;
  /** Counts up, so that the same words twice are said twice. */
  serial: number;
  /** The payment whose end makes it untrue; '' where it is one that this page does not see. */
  until?: string;
  /** The order it is about: with the next one it passes, and what `isRest` says of it with its end. */
  order?: string;
  isRest?: boolean;
}
/** A panel that a scanned code may be for; whether it was. */
type Taker = (code: string) => boolean;
export type Name = keyof Commands;
export type Wish<N extends Name> = Commands[N]['data'];
type Given<N extends Name> = Answer<Commands[N]['answer']>;
/** How a command ended: the answer's data, or why not. */
export type Outcome<N extends Name = Name> =
  | { ok: true; data: Commands[N]['answer']; refusal: null }
  | { ok: false; data: null; refusal: Refusal };
interface Added {
  order_id: string;
  line: number;
  name: string;
}
interface Override {
  right: string;
  attempt: (operator: string, pin: string) => Promise<string | null>;
  cancel: () => void;
}
interface Undo {
  text: string;
  run: () => Promise<Outcome>;
  order: string;
  /** The answer to what it undoes; the order as that left it has this version, 0 until it is seen. */
  position: number;
  version: number;
}

const VIEW_WAIT_MS = 400;
const SAVING_MS = 1000;
const PRAISE_MS = 6000;
const FLASH_MS = 900;
// What is true only while a terminal is at work: gone soon where nobody tells this page of its end.
const PASSING_MS = 10_000;
const PASSING = new Set(['payment_must_be_settled', 'terminal_must_be_done', 'terminal_must_be_free', 'terminal_day_must_have_ended']);
const COUNT_EVERY_MS = 10_000;
const RENEW_EVERY_MS = 1_000;
const NO_CURRENCY: Currency = { code: 'EUR', digits: 2 };

function refused(refusal: Refusal): { ok: false; data: null; refusal: Refusal } {
  return { ok: false, data: null, refusal };
}

export class App {
  readonly register: string;
  readonly link: Connection;

  view = $state.raw<RegisterView | null>(null);
  viewAt = $state(0);
  store = $state.raw<StoreView | null>(null);
  status = $state.raw<LinkStatus | null>(null);
  now = $state(Date.now());

  panel = $state<Panel>('items');
  choice = $state<Choice>('group');
  dialog = $state<Dialog>(null);
  side = $state<'items' | 'order'>('items');
  editing = $state(0);
  /** A part of the line editor is open and needs the room of the order's foot. */
  roomy = $state(false);
  flashed = $state(0);
  notice = $state.raw<Notice | null>(null);
  override = $state.raw<Override | null>(null);
  undo = $state.raw<Undo | null>(null);
  private answered = 0;
  /** The sale just completed here, shown until the next one begins. */
  done = $state.raw('');
  weighed = $state.raw<ItemView | null>(null);
  priced = $state.raw<{ name: string; tax_class: string; department: string } | null>(null);
  noted = $state(0);
  /** The line whose price is asked about. */
  why = $state(0);
  busy = $state(0);
  grids = $state(0);

  readonly currency = $derived<Currency>(
    this.store?.rules
      ? { code: this.store.rules.currency, digits: this.store.minor_digits }
      : NO_CURRENCY,
  );
  private readonly zone = $derived(zoneOf(this.store?.rules?.time_zone));
  /** The card payment whose end was read, or which is waited for while cash is taken. */
  private readonly away: PutAway;
  readonly split: Split;
  readonly links: Links;
  /** How many card payments a person must look at. Asked for now and then too: that nobody knows of
   * one for long is no news the store would send. */
  exceptions = $state(0);
  /** The payment that somebody closed here last. */
  closedByHand = '';
  /** Card payments that are not settled, as they were when they were last counted. */
  cards = $state.raw<PaymentsView | null>(null);

  readonly online = $derived(this.status?.phase === 'online');
  /** For how many whole seconds the store has been saving what was asked for here. */
  readonly saving = $derived(
    // The clock that is shown may be older than what was just asked for.
    this.online && this.status?.saving ? Math.max(0, Math.floor((this.now - this.status.saving) / SAVING_MS)) : 0,
  );
  readonly order = $derived(this.view?.order ?? null);
  readonly operator = $derived(this.view?.operator ?? null);
  readonly paying = $derived(this.order?.phase === 'tendering');
  /** Whether an order of this register can be paid by a card that is none of a tab's. */
  readonly takesCards = $derived(!!this.view?.terminal && !this.view.training && !this.order?.training && !this.order?.tab);
  readonly tillReady = $derived(!!this.view?.till.is_open && !this.view.till.counted);
  readonly payment = $derived<PaymentView | null>(this.view?.payment ?? null);
  /** The question the customer is asked now: until they answer, the screen is theirs. */
  readonly asksTip = $derived(this.order?.tip && !this.order.tip.is_answered ? this.order.tip : null);
  /** The customer has answered, and nobody has taken the screen back with a PIN yet. */
  turned = $state(false);
  /** Whether the store is being asked if it has this register at all. */
  private gone = false;
  readonly isTheirs = $derived(!!this.asksTip || (this.turned && !!this.operator));
  readonly doneOrder = $derived<OrderView | null>(
    this.done && this.view?.last_order?.order_id === this.done ? this.view.last_order : null,
  );

  /** The card payment this page waits for: once it is approved, the sale goes on here. */
  private awaited = '';
  private ended = '';
  private closing = false;
  private refunded = { order: '', tender: 0 };
  private serial = 0;
  private flashing: ReturnType<typeof setTimeout> | undefined;
  private fading: ReturnType<typeof setTimeout> | undefined;
  private renewing: ReturnType<typeof setTimeout> | undefined;
  private renewedAt = -RENEW_EVERY_MS;
  private batch = false;
  private readonly notesAsked = new Set<string>();
  private allowed: Approval | null = null;
  private taps: Promise<unknown> = Promise.resolve();
  private readonly watchers = new Set<() => void>();
  private readonly takers: Taker[] = [];

  constructor(register: string) {
    this.register = register;
    this.turned = isTurned(register);
    hearTurned(register, (turned) => (this.turned = turned));
    this.away = new PutAway('card', register);
    this.split = new Split(register);
    this.links = new Links(this);
    this.link = new Connection({
      register,
      client: 'register-page',
      onStatus: (status) => {
        this.status = status;
        if (status.fault === 'register_absent') this.knowGone();
        // The clock ticks once a second; whoever waits is told after one, not after two.
        if (status.saving) setTimeout(() => (this.now = Date.now()), SAVING_MS);
      },
      onUpdate: (update) => {
        if (update.topic === 'register') this.follow(update.data as RegisterView);
        if (update.topic === 'notice') void this.heard(update.data as NoticeView, update.position);
        if (update.topic === 'scans') void this.scan((update.data as ScanView).code);
      },
      onWelcome: () => void this.refreshStore(),
    });
    this.link.subscribe('register');
    this.link.subscribe('notice');
    setInterval(() => (this.now = Date.now()), 1000);
    setInterval(() => void this.lookAgain(), COUNT_EVERY_MS);
  }

  /** News that found its door too busy is gone until there is other news. */
  private async lookAgain(): Promise<void> {
    if (!this.online) return;
    const state = await this.link.query('register.state', {});
    if (state.data) this.follow(state.data);
    // Nor is a new colleague, who looks for their face.
    if (!this.operator) await this.refreshStore();
    await this.countExceptions();
  }

  private async countExceptions(): Promise<void> {
    if (!this.online || !this.operator || !(this.view?.terminal || this.view?.provider)) return;
    const cards = await this.link.query('payments.open', {});
    const links = await this.link.query('paylinks.open', {});
    if (cards.data) {
      this.tellSettled(this.cards?.exceptions ?? [], cards.data.exceptions);
      this.cards = cards.data;
    }
    if (cards.data && links.data) this.exceptions = cards.data.exceptions.length + links.data.exceptions.length;
  }

  /** What a person was to look at and need not any more is said, but to whoever closed it themselves, or
   *  hears of it as the payment of their order. */
  private tellSettled(before: PaymentView[], now: PaymentView[]): void {
    const left = new Set(now.map((payment) => payment.payment_id));
    const gone = before.filter(
      ({ payment_id: id, order_id }) => !left.has(id) && id !== this.closedByHand && order_id !== this.payment?.order_id,
    );
    const isHeld = this.notice?.kind === 'danger' && this.notice.until === undefined;
    if (!gone[0] || this.isTheirs || isHeld) return;
    this.say('positive', t('exceptions.settled', { n: gone.length, amount: this.money(gone[0].amount_minor + gone[0].tip_minor) }));
  }

  /** Look again at what is offered: at once, and while an import changes it many times, now and then. */
  private renew(): void {
    const wait = Math.max(0, this.renewedAt + RENEW_EVERY_MS - performance.now());
    this.renewing ??= setTimeout(() => {
      this.renewing = undefined;
      this.renewedAt = performance.now();
      void this.refreshStore();
    }, wait);
  }

  /** Ask anew who works here and what is offered: it may have changed since this page was loaded. */
  async refreshStore(): Promise<void> {
    const answer = await this.link.query('store.state', {});
    if (!answer.ok || !answer.data) return;
    this.store = answer.data;
    this.grids += 1;
    if (answer.data.rules) await adoptLanguage(answer.data.rules.language);
  }

  private follow(next: RegisterView): void {
    const before = this.view;
    if (before && next.epoch === before.epoch && next.position < before.position) return;
    this.view = next;
    this.viewAt = Date.now();
    const counted = before?.exceptions !== next.exceptions;
    if (counted) this.exceptions = next.exceptions;
    this.mark(before, next);
    this.checkUndo(next);
    this.turn(before, next);
    const heard = before?.payment?.standing !== next.payment?.standing;
    if (heard || counted || before?.operator?.operator !== next.operator?.operator) void this.countExceptions();
    // Who works here may have changed since this page was loaded: the next person is to find their face.
    const left = before?.operator && !next.operator;
    // A tile must not tell another price than the line it makes.
    if (left || (before && before.offer_version !== next.offer_version)) this.renew();
    this.clearPassed(before, next);
    this.hearCard(next);
    this.split.hear(next.order);
    this.links.hear(before, next);
    this.knowNotes(next);
    for (const look of [...this.watchers]) look();
  }

  /** Whose the screen is: the customer's from the question on, and not again by their answer. */
  private turn(before: RegisterView | null, next: RegisterView): void {
    const tip = next.order?.tip;
    const asks = !!tip && !tip.is_answered;
    const was = before?.order?.tip;
    const left = was && !was.is_answered && !tip && before?.order?.order_id === next.order?.order_id;
    // A tab that slept when another one was turned knows of it only now.
    this.turned ||= isTurned(this.register);
    if (asks && !this.turned) {
      this.turned = true;
      turnToCustomer(this.register);
    } else if (this.turned && ((left && !isTouched(this.register)) || !next.operator)) this.takeScreen();
  }

  takeScreen(): void {
    this.turned = false;
    turnBack(this.register);
  }

  /** Turned at a register that the store has not: there nobody could give a PIN, so the screen is let go.
   *  One that is only not there yet is on the store's list. */
  private knowGone(): void {
    if (!this.turned || this.gone) return;
    const link = new Connection({
      register: '',
      client: 'register-page',
      onStatus: () => undefined,
      onUpdate: () => undefined,
      onWelcome: () =>
        void link.query('store.state', {}).then(({ data }) => {
          link.close();
          this.gone = false;
          if (data && !data.registers.some((one) => one.id === this.register)) this.takeScreen();
        }),
    });
    this.gone = true;
  }

  /** Notes of a currency that was not taken when this page was loaded are taken now. */
  private knowNotes(next: RegisterView): void {
    const due = next.order?.foreign_due ?? [];
    const known = new Set(this.store?.foreign.map((one) => one.currency));
    const fresh = due.filter((one) => !known.has(one.currency) && !this.notesAsked.has(one.currency));
    if (!this.store || !fresh.length) return;
    for (const one of fresh) this.notesAsked.add(one.currency);
    void this.refreshStore();
  }

  /** Flash what is new, and put away what belonged to an order that is no longer here. */
  private mark(before: RegisterView | null, next: RegisterView): void {
    const was = before?.order;
    const is = next.order;
    const last = is?.lines.at(-1);
    const grew = last && is && was?.order_id === is.order_id && last.line > (was.lines.at(-1)?.line ?? 0);
    if (last && before && (grew || (is && !was && is.lines.length === 1))) this.flash(last.line);
    if (is && this.done && is.order_id !== this.done) this.done = '';
    if (was?.order_id !== is?.order_id) this.editing = 0;
    if (this.editing && !is?.lines.some((line) => line.line === this.editing)) this.editing = 0;
    if (next.operator?.operator !== before?.operator?.operator && before) {
      this.panel = 'items';
      this.editing = 0;
    }
  }

  /** Go on once the card payment that was awaited here is approved. */
  private hearCard(view: RegisterView): void {
    const payment = view.payment;
    if (!payment) return;
    if (isOpen(payment)) this.awaited = payment.payment_id;
    // Given back sooner than this page could hear that it was taken: said as well.
    const isBack = !!this.awaited && payment.kind === 'reversal';
    if ((payment.payment_id !== this.awaited && !isBack) || isOpen(payment)) return;
    this.awaited = '';
    this.ended = payment.payment_id;
    const doubted = payment.payment_id === this.putAway;
    const amount = this.money(payment.amount_minor + payment.tip_minor);
    if (!isThrough(payment)) {
      playRefused();
      const told = doubted ? endText(payment, amount) : noBankText(payment, this);
      if (told) this.sayOfOrder(told, payment.order_id);
      return;
    }
    playAccepted();
    const order = view.order;
    if (payment.kind === 'reversal') {
      this.say('positive', t('card.taken_back', { amount: this.money(payment.amount_minor) }));
    } else if (payment.kind === 'reservation') {
      this.say('positive', t('tabs.opened', { amount: this.money(payment.amount_minor) }));
    } else if (order?.phase === 'tendering' && order.due_minor === 0 && view.operator) {
      void this.complete(true);
    } else if (doubted) {
      this.sayOfOrder(endText(payment, amount), payment.order_id);
    } else if (payment.standing === 'partially_approved') {
      this.sayOfOrder(t('card.in_part', { amount: this.money(payment.amount_minor) }), payment.order_id, true);
    }
  }

  /** A scanner on a cable of the store's read something for this register. */
  private async heard(notice: NoticeView, position: number): Promise<void> {
    if (notice.signed_on) {
      // Of two screens of this register, the one nobody touched is not in the customer's hands.
      if (this.turned && !this.asksTip && !isTouched(this.register)) this.takeScreen();
    } else if (notice.ok) {
      this.notice = null;
      this.answered = position;
      await this.shown(position);
      if (this.couponTaken(notice.code)) return;
      const last = this.order?.lines.at(-1);
      if (last) this.added({ ...last, order_id: this.order?.order_id ?? '' });
    } else if (notice.refusal) {
      if (this.takers.length && notice.refusal.code === 'scan_asked_for_elsewhere') return;
      playRefused();
      this.say('danger', this.explain(notice.refusal));
      this.askPrice(notice.refusal);
    }
  }

  private flash(line: number): void {
    this.flashed = line;
    clearTimeout(this.flashing);
    this.flashing = setTimeout(() => (this.flashed = 0), FLASH_MS);
  }

  /** Resolves once the view is as new as `position`; the view may come after its answer. */
  private shown(position: number): Promise<void> {
    if ((this.view?.position ?? 0) >= position) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        this.watchers.delete(look);
        resolve();
      };
      const look = () => {
        if ((this.view?.position ?? 0) >= position) finish();
      };
      const timer = setTimeout(finish, VIEW_WAIT_MS);
      this.watchers.add(look);
    });
  }

  // ------------------------------------------------------------------------------- what is said

  say(kind: Notice['kind'], text: string): void {
    this.serial += 1;
    this.notice = { kind, text, serial: this.serial };
    clearTimeout(this.fading);
    if (kind === 'positive') this.fading = setTimeout(() => (this.notice = null), PRAISE_MS);
  }

  /** Say why not; what only a terminal at work keeps from being done is said no longer than that. */
  private sayRefusal(refusal: Refusal): void {
    this.say('danger', this.explain(refusal));
    if (!this.notice || !PASSING.has(refusal.code)) return;
    const until = this.payment && isOpen(this.payment) ? this.payment.payment_id : '';
    this.notice = { ...this.notice, until };
    if (!until) this.fading = setTimeout(() => (this.notice = null), PASSING_MS);
  }

  /** Say what is of this order: no longer than until the next one, and of its rest until it is paid. */
  private sayOfOrder(text: string, order: string, isRest = false): void {
    this.say('caution', text);
    if (this.notice) this.notice = { ...this.notice, order, isRest };
  }

  private clearPassed(before: RegisterView | null, { payment, exceptions, order: now }: RegisterView): void {
    const { until, order, isRest } = this.notice ?? {};
    if (order !== undefined && (now ? now.order_id !== order : isRest)) this.notice = null;
    if (until === undefined) return;
    const isOver = until ? payment?.payment_id !== until || !isOpen(payment) : exceptions < (before?.exceptions ?? 0);
    if (isOver) this.notice = null;
  }

  nameOf = (operator: string): string =>
    this.store?.operators.find((person) => person.operator === operator)?.name ?? operator;

  listName(list: string): string {
    return this.store?.price_lists.find((one) => one.price_list === list)?.name ?? list;
  }

  money = (minor: number): string => formatMoney(minor, this.currency, this.language);
  /** The time of day of a moment in milliseconds. */
  time = (at: number): string => timeText(at, this.language, this.zone);
  /** The same, with its day where that is not today. */
  moment = (at: number): string => momentText(at, this.now, this.language, this.zone);

  explain(refusal: Refusal): string {
    return refusalText(refusal.code, refusal.fields, this.currency, this.nameOf);
  }

  allows(right: string): boolean {
    return this.operator?.rights.includes(right) ?? false;
  }

  // ------------------------------------------------------------------------------- what is done

  /**
   * Ask for a command. A missing right asks for a second person; any other refusal is said aloud
   * unless `quiet`. Nothing is kept for later: without a server there is no sale.
   */
  async act<N extends Name>(name: N, data: Wish<N>, quiet = false): Promise<Outcome<N>> {
    if (!this.online) {
      playRefused();
      const refusal = { code: 'server_lost', fields: {} };
      if (!quiet) this.say('danger', this.explain(refusal));
      return refused(refusal);
    }
    this.busy += 1;
    try {
      let answer = await this.link.command(name, data, this.allowed);
      if (answer.refusal?.code === 'right_must_be_granted' && this.operator) {
        const allowed = await this.askManager(name, data, answer.refusal);
        if (!allowed) return refused({ code: 'cancelled', fields: {} });
        answer = allowed;
      }
      return await this.concluded(answer, quiet);
    } finally {
      this.busy -= 1;
    }
  }

  /** Several of the same wish; a second person asked for the first allows them all. */
  async actAll<N extends Name>(name: N, wishes: Wish<N>[]): Promise<boolean> {
    this.allowed = null;
    this.batch = true;
    try {
      for (const wish of wishes) {
        const outcome = await this.act(name, wish);
        if (!outcome.ok) return false;
      }
      return true;
    } finally {
      this.batch = false;
      this.allowed = null;
    }
  }

  private async concluded<N extends Name>(answer: Given<N>, quiet: boolean): Promise<Outcome<N>> {
    if (answer.ok) {
      this.notice = null;
      this.answered = answer.position;
      await this.shown(answer.position);
      return { ok: true, data: answer.data as Commands[N]['answer'], refusal: null };
    }
    const refusal = answer.refusal ?? { code: 'unknown', fields: {} };
    if (!quiet) {
      playRefused();
      this.sayRefusal(refusal);
    }
    return refused(refusal);
  }

  /** The same wish as a new command with a second person's PIN; null when it was given up. */
  private askManager<N extends Name>(
    name: N,
    data: Wish<N>,
    refusal: Refusal,
  ): Promise<Given<N> | null> {
    playRefused();
    return new Promise((resolve) => {
      const end = (answer: Given<N> | null) => {
        this.override = null;
        resolve(answer);
      };
      this.override = {
        right: String(refusal.fields['right'] ?? ''),
        cancel: () => end(null),
        attempt: async (operator, pin) => {
          const answer = await this.link.command(name, data, { operator, pin });
          const about = ['pin_must_be_correct', 'operator_must_not_be_locked', 'approver_must_exist'];
          const code = answer.refusal?.code ?? '';
          if (answer.refusal && (about.includes(code) || code === 'right_must_be_granted')) {
            if (code === 'right_must_be_granted') return t('override.not_enough');
            return this.explain(answer.refusal);
          }
          if (this.batch) this.allowed = { operator, pin };
          end(answer);
          return null;
        },
      };
    });
  }

  // -------------------------------------------------------------------------------- ringing up

  /** Do with a code what it is for, or say why not; false where it might have been another one. */
  async scan(code: string): Promise<boolean> {
    if (code === '' || this.isTheirs) return true;
    if (!this.operator) {
      playRefused();
      this.say('caution', t('scan.sign_on_first'));
      return false;
    }
    if (!this.dialog && !this.override && this.takers.some((take) => take(code))) return true;
    const outcome = await this.act('order.add_line', { code });
    if (!outcome.ok) return this.askPrice(outcome.refusal);
    if (outcome.data.line) this.added(outcome.data);
    else this.couponTaken(code);
    return true;
  }

  /** Have codes that are scanned told to a panel before they are rung up, the newest panel first, until
   *  the answer is called. Meanwhile the store rings up none that a scanner on its own cable reads. */
  takeScans(taker: Taker): () => void {
    this.takers.unshift(taker);
    this.link.subscribe('scans');
    return () => {
      const at = this.takers.indexOf(taker);
      if (at >= 0) this.takers.splice(at, 1);
      if (!this.takers.length) this.link.unsubscribe('scans');
    };
  }

  /** Add a tile's item, or one more of it where it is the last line and nothing was bent on it. */
  tap(item: ItemView): void {
    if (item.open_price) {
      this.priced = item;
      this.panel = 'open-item';
      return;
    }
    if (item.unit !== 'piece') {
      this.weighed = item;
      this.panel = 'weigh';
      return;
    }
    this.taps = this.taps.then(() => this.addItem(item));
  }

  private async addItem(item: ItemView): Promise<void> {
    const last = this.order?.lines.filter((line) => !line.linked_to).at(-1);
    const again =
      last?.item_id === item.item_id &&
      !last.discount &&
      !last.overridden &&
      !last.comp &&
      !last.return_of &&
      !last.without_receipt &&
      last.quantity_milli % 1000 === 0;
    if (again && last) {
      await this.changeQuantity(last, last.quantity_milli + 1000);
      this.flash(last.line);
      return;
    }
    const outcome = await this.act('order.add_line', { item_id: item.item_id });
    if (outcome.ok) this.added(outcome.data);
    else this.askPrice(outcome.refusal);
  }

  /** Whether goods were refused only because somebody must say their price; then that is asked. */
  private askPrice(refusal: Refusal | null): boolean {
    if (refusal?.code !== 'price_must_be_given') return false;
    const tax = this.store?.tax_classes[0]?.id ?? '';
    this.priced = { name: String(refusal.fields['name'] ?? ''), tax_class: tax, department: '' };
    this.panel = 'open-item';
    return true;
  }

  /** Whether a code is a coupon on the order; then it is what undo takes back. */
  couponTaken(code: string): boolean {
    const written = code.trim().toUpperCase();
    const coupon = this.order?.coupons.find((one) => one.code === written);
    if (!coupon) return false;
    playAccepted();
    this.letUndo(t('undo.coupon', { name: coupon.name }), () => this.act('order.withdraw_coupon', { code: coupon.code }));
    return true;
  }

  added({ line, name, order_id: order }: Added): void {
    playAccepted();
    const rung = this.order?.lines.find((entry) => entry.line === line);
    // A weighed item scanned by its plain code stands at one kilogram until somebody says.
    if (rung && rung.unit !== 'piece' && rung.quantity_milli === 1000) this.editing = line;
    const takeOut = () => this.act('order.void_line', { line, reason: t('undo.reason') });
    this.letUndo(t('undo.add', { name }), takeOut, order);
  }

  async changeQuantity(
    line: LineView,
    quantityMilli: number,
  ): Promise<Outcome<'order.change_quantity'>> {
    const before = line.quantity_milli;
    const outcome = await this.act('order.change_quantity', {
      line: line.line,
      quantity_milli: quantityMilli,
    });
    if (outcome.ok) {
      playAccepted();
      const change = { line: line.line, quantity_milli: before };
      this.letUndo(t('undo.quantity', { name: line.name }), () => this.act('order.change_quantity', change));
    }
    return outcome;
  }

  /** What was just done may be undone: `run` takes back what `text` says. */
  letUndo(text: string, run: () => Promise<Outcome>, order = this.order?.order_id ?? ''): void {
    this.undo = { text, run, order, position: this.answered, version: 0 };
    if (this.view) this.checkUndo(this.view);
  }

  /** Once anything else was done to the order, here or elsewhere, undo would no longer take back the
   * last of it, and is gone. */
  private checkUndo({ order, position }: RegisterView): void {
    const undo = this.undo;
    if (!undo || position < undo.position) return;
    if (order?.order_id !== undo.order || (undo.version && undo.version !== order.version)) this.undo = null;
    else if (!undo.version) this.undo = { ...undo, version: order.version };
  }

  async runUndo(): Promise<void> {
    const undo = this.undo;
    if (!undo) return;
    this.undo = null;
    await undo.run();
  }

  // ------------------------------------------------------------------------------------ paying

  async pay(): Promise<void> {
    if (!this.order?.lines.length || this.paying) return;
    this.editing = 0;
    const outcome = await this.act('order.start_tendering', {});
    if (outcome.ok) this.panel = 'items';
  }

  /** All of it by card, at once; but while nobody knows whether a card was charged, what to do is chosen at payment. */
  async payByCard(): Promise<void> {
    if (!this.takesCards || this.busy || (this.order?.total_minor ?? 0) <= 0) return;
    await this.pay();
    const doubt = this.payment?.standing === 'unknown' && !this.payment.is_set_aside;
    if (!this.paying || (this.order?.due_minor ?? 0) <= 0 || doubt) return;
    await this.card();
  }

  /** Take cash; once nothing is due the sale is closed. */
  async tender(amountMinor: number): Promise<void> {
    const outcome = await this.act('order.tender_cash', { amount_minor: amountMinor });
    if (outcome.ok && outcome.data.due_minor === 0) await this.complete();
  }

  /** Take notes of another currency, in its own minor units. */
  async tenderForeign(currency: string, amountMinor: number): Promise<void> {
    const outcome = await this.act('order.tender_foreign', { currency, amount_minor: amountMinor });
    if (outcome.ok && outcome.data.due_minor === 0) await this.complete();
  }

  /** Have the terminal take `amountMinor`, or all that is due; of a refund, give it back to a card.
   *  `asked`: who pays has answered what they tip. Whoever else pays is asked anew. */
  async card(amountMinor = 0, order = '', tender = 0, entry: CardEntry = '', asked = false): Promise<void> {
    this.refunded = { order, tender };
    const due = this.order?.due_minor ?? 0;
    const answered = asked && this.answeredTip(amountMinor || due) !== null;
    if (this.view?.asks_tips && due > 0 && !answered && !entry) {
      await this.act('payment.ask_tip', { amount_minor: amountMinor });
      return;
    }
    await this.terminal('payment.request', {
      amount_minor: amountMinor,
      source_order: order,
      source_tender: tender,
      entry,
    });
  }

  /** What the customer gives; then their card is asked for. */
  async answerTip(tipMinor: number): Promise<void> {
    const asked = this.asksTip?.amount_minor ?? 0;
    const outcome = await this.act('payment.answer_tip', { tip_minor: tipMinor });
    if (outcome.ok) await this.card(asked, '', 0, '', true);
  }

  /** What was answered to the question about a tip on this amount; null where nothing was. */
  private answeredTip(amountMinor: number): number | null {
    const tip = this.order?.tip;
    return tip?.is_answered && tip.amount_minor === amountMinor ? tip.tip_minor : null;
  }

  /** All that a sale would charge when it is asked for once more, its tip with it. */
  againMinor(payment: PaymentView): number {
    const amount = Math.min(payment.amount_minor, this.order?.due_minor ?? 0);
    const asks = this.view?.asks_tips && !payment.entry;
    return amount + (asks ? (this.answeredTip(amount) ?? 0) : 0);
  }

  /** Ask once more for what came to nothing; a refund goes to the card that was chosen, or to none. */
  async cardAgain(payment: PaymentView): Promise<void> {
    const { order, tender } = this.refunded;
    if (payment.kind === 'capture') return this.captureTab();
    if (payment.kind === 'release') return this.releaseTab();
    if (payment.kind === 'reservation') return this.putCardAway();
    if (payment.kind === 'refund' && !order) return this.putCardAway();
    const due = Math.abs(this.order?.due_minor ?? 0);
    const entry = payment.entry as CardEntry;
    await this.card(payment.amount_minor < due ? payment.amount_minor : 0, order, tender, entry, true);
  }

  /** Have the terminal take back a card tender. */
  async takeBack(tender: number): Promise<void> {
    await this.terminal('payment.reverse_tender', { tender });
  }

  /** Have it try once more to take back what was never a tender, or went back only in part. */
  async takeBackAgain(payment: PaymentView): Promise<void> {
    await this.terminal('payment.reverse_again', { payment_id: payment.payment_id });
  }

  /** Reserve an amount on a card; there may be no order yet. */
  async openTab(amountMinor: number): Promise<Outcome> {
    if (!this.order) {
      const opened = await this.act('order.open', {});
      if (!opened.ok) return opened;
    }
    return this.act('payment.open_tab', { amount_minor: amountMinor });
  }

  /** Charge the tab with what is due and its tip; approved, the sale is closed. */
  async captureTab(): Promise<void> {
    await this.terminal('payment.capture_tab', {});
  }

  async releaseTab(): Promise<void> {
    await this.terminal('payment.release_tab', {});
  }

  private async terminal<
    N extends
      | 'payment.request'
      | 'payment.reverse_tender'
      | 'payment.reverse_again'
      | 'payment.capture_tab'
      | 'payment.release_tab',
  >(name: N, data: Wish<N>): Promise<void> {
    const outcome = await this.act(name, data);
    if (!outcome.ok) return;
    const asked = (outcome.data as { payment_id: string }).payment_id;
    if (asked === this.ended) return;
    this.awaited = asked;
    if (this.view) this.hearCard(this.view);
  }

  get putAway(): string {
    return this.away.current;
  }

  /** The end of a card payment was read, or cash is taken while nobody knows it. */
  putCardAway(): void {
    this.away.put(this.payment?.payment_id ?? '');
  }

  showCard(): void {
    this.away.show();
  }

  async complete(quiet = false): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    try {
      await this.closeSale(quiet);
    } finally {
      this.closing = false;
    }
  }

  private async closeSale(quiet: boolean): Promise<void> {
    const id = this.order?.order_id ?? '';
    const outcome = await this.act('order.complete', {}, quiet);
    // Another page of this register may have closed it, at the same approval.
    const closed = outcome.refusal?.code === 'order_must_be_open' && quiet;
    if (!outcome.ok && !closed) {
      if (quiet && outcome.refusal) this.say('danger', this.explain(outcome.refusal));
      return;
    }
    playAccepted();
    this.closed(id);
  }

  /** Show that a sale is done, whoever closed it. */
  closed(order: string): void {
    this.done = order;
    this.split.stop();
    this.side = 'items';
    this.panel = 'items';
  }

  newOrder(): void {
    this.done = '';
    this.panel = 'items';
    this.side = 'items';
    this.notice = null;
  }

  // ------------------------------------------------------------------------------------- people

  async signOn(operator: string, pin: string): Promise<Outcome<'staff.sign_on'>> {
    return this.act('staff.sign_on', { operator, pin }, true);
  }

  people(): OperatorView[] {
    return this.store?.operators ?? [];
  }

  /** Back to the items, unless a hand was quicker and is somewhere else by now. */
  leave(panel: Panel): void {
    if (this.panel === panel) this.panel = 'items';
  }

  /** Close a dialog, unless another one was opened meanwhile. */
  shut(dialog: Dialog): void {
    if (this.dialog === dialog) this.dialog = null;
  }

  /** Open the panel where `choice` is made. */
  choose(choice: Choice): void {
    this.choice = choice;
    this.go('choices');
  }

  /** Say how the order is handed over; it may be said before the first line. */
  async dine(dining: Dining): Promise<void> {
    if (!this.order && !(await this.act('order.open', {})).ok) return;
    await this.act('order.choose_dining', { dining });
  }

  explainLine(line: number): void {
    this.why = line;
    this.go('why');
  }

  go(panel: Panel): void {
    // A dialog gives the focus back to what opened it, from where no key reaches what was chosen in it.
    if (this.dialog) void tick().then(startAtPanel);
    this.dialog = null;
    this.editing = 0;
    this.done = '';
    this.panel = panel;
    this.side = 'items';
  }

  get language(): string {
    return words.language;
  }
}
