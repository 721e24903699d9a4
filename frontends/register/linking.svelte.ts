// Payments by QR code or link at this page: asking for one, what was put away, and the sale that the
// provider's word closes while nobody touches anything.
import type { RegisterView, PaylinkView } from '../shared/shapes';
import { playAccepted, playRefused } from '../shared/sound';
import { t } from '../shared/words.svelte';
import type { App } from './app.svelte';
import { PutAway } from './away.svelte';
import { linkWaits } from './links';

export class Links {
  /** Whose code was read, or is waited for while something else is taken. */
  private readonly away: PutAway;
  private awaited = { link: '', order: '' };
  private readonly app: App;

  constructor(app: App) {
    this.app = app;
    this.away = new PutAway('link', app.register);
  }

  get current(): PaylinkView | null {
    return this.app.view?.paylink ?? null;
  }

  /** What fills the panel: one that waits, or whose end nobody has read yet. */
  get shown(): PaylinkView | null {
    const link = this.current;
    if (!link || link.paylink_id === this.away.current || link.is_cancel_asked) return null;
    const settled = link.standing === 'confirmed' && !link.problem;
    return settled || link.standing === 'cancelled' ? null : link;
  }

  /** One that still waits while another way is taken. */
  get waiting(): PaylinkView | null {
    const link = this.current;
    return link && linkWaits(link) && link.paylink_id === this.away.current ? link : null;
  }

  /** Whether this register may ask for one now. */
  get possible(): boolean {
    const link = this.current;
    return !!this.app.view?.provider && !this.app.order?.training && !(link && linkWaits(link));
  }

  putAway(): void {
    this.away.put(this.current?.paylink_id ?? '');
  }

  show(): void {
    this.away.show();
  }

  /** A code for `amountMinor`, or for all that is due. */
  async ask(amountMinor = 0): Promise<void> {
    const outcome = await this.app.act('paylink.request', { amount_minor: amountMinor });
    if (outcome.ok) this.show();
  }

  /** Back the way it came; where that settles the return, it is done. */
  async giveBack(order: string, tender: number): Promise<void> {
    const id = this.app.order?.order_id ?? '';
    const outcome = await this.app.act('paylink.request', { source_order: order, source_tender: tender });
    if (!outcome.ok) return;
    this.app.say('positive', t('paylink.sent_back', { amount: this.app.money(outcome.data.amount_minor) }));
    if (outcome.data.receipt_number) this.app.closed(id);
  }

  /** Take a tender by link off the order; its money goes back. */
  async takeBack(tender: number): Promise<void> {
    const outcome = await this.app.act('paylink.reverse_tender', { tender });
    if (!outcome.ok) return;
    this.app.say('positive', t('paylink.sent_back', { amount: this.app.money(outcome.data.amount_minor) }));
  }

  /** Follow the view: the end of a sale comes by itself, at whatever hour the customer pays. */
  hear(before: RegisterView | null, next: RegisterView): void {
    const link = next.paylink;
    if (link && linkWaits(link)) {
      this.awaited = { link: link.paylink_id, order: link.order_id };
      return;
    }
    if (!this.awaited.link) return;
    const done = before?.order?.order_id === this.awaited.order && !next.order;
    if (done && next.last_order?.order_id === this.awaited.order) {
      const paid = next.last_order.tenders.some((tender) => tender.kind === 'link');
      this.awaited = { link: '', order: '' };
      if (!paid || !next.last_order.receipt_number) return;
      playAccepted();
      this.app.closed(next.last_order.order_id);
      return;
    }
    if (link?.paylink_id !== this.awaited.link || link.is_cancel_asked) return;
    this.awaited = { link: '', order: '' };
    if (link.standing !== 'confirmed' || link.problem) {
      if (link.standing !== 'cancelled') playRefused();
      return;
    }
    playAccepted();
    if (next.order?.phase === 'tendering' && next.order.due_minor === 0 && next.operator) void this.app.complete(true);
    else this.app.say('positive', t('paylink.in_part', { amount: this.app.money(link.amount_minor) }));
  }
}
