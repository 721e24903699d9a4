// How the money of one order is divided among those who pay it. What has been paid is in the store;
// only the plan, which share is how much, is kept by this page, so that a reload finds it again. A
// plan that is lost costs nothing: what is still due is the store's to say.
import type { OrderView } from '../shared/shapes';
import { evenly } from './shares';

export type SplitKind = 'even' | 'amount' | 'item';
/** Some pieces of a line; what is weighed is one. */
export interface Pick {
  line: number;
  units: number;
}
interface Plan {
  order: string;
  kind: SplitKind;
  /** Paid already when the plan was made, minor units. */
  before: number;
  shares: number[];
  /** What of the lines was chosen for shares so far. */
  picks: Pick[];
  /** How many of them, the last ones, are of the last share. */
  latest?: number;
}
export interface Share {
  /** From 1; `of` is how many there are, 0 where that is open. */
  number: number;
  of: number;
  minor: number;
  last: boolean;
}

function tendered(order: OrderView): number {
  return order.tenders.reduce((sum, tender) => sum + tender.amount_minor, 0);
}

export class Split {
  private plan = $state.raw<Plan | null>(null);
  private readonly kept: string;

  constructor(register: string) {
    this.kept = `countertop.split.${register}`;
    try {
      const plan = JSON.parse(localStorage.getItem(this.kept) ?? 'null') as Plan | null;
      this.plan = plan?.picks ? plan : null;
    } catch {
      this.plan = null;
    }
  }

  private of(order: OrderView | null): Plan | null {
    return order && this.plan?.order === order.order_id ? this.plan : null;
  }

  kind(order: OrderView | null): SplitKind | null {
    return this.of(order)?.kind ?? null;
  }

  /** How many pieces of a line were chosen for shares so far. */
  taken(order: OrderView | null, line: number): number {
    const picks = this.of(order)?.picks ?? [];
    return picks.filter((pick) => pick.line === line).reduce((all, pick) => all + pick.units, 0);
  }

  /** The share to be paid now, or null: none is planned, or the next one is not chosen yet. */
  share(order: OrderView | null): Share | null {
    const plan = this.of(order);
    if (!plan || !order || order.due_minor <= 0) return null;
    const paid = tendered(order) - plan.before;
    const even = plan.kind === 'even';
    let sum = 0;
    for (const [at, minor] of plan.shares.entries()) {
      sum += minor;
      const last = even && at === plan.shares.length - 1;
      if (paid >= sum && !last) continue;
      const left = last ? order.due_minor : Math.min(sum - paid, order.due_minor);
      return { number: at + 1, of: even ? plan.shares.length : 0, minor: left, last: left >= order.due_minor };
    }
    return null;
  }

  private keep(plan: Plan | null): void {
    this.plan = plan;
    if (plan) localStorage.setItem(this.kept, JSON.stringify(plan));
    else localStorage.removeItem(this.kept);
  }

  even(order: OrderView, count: number, step: number): void {
    const shares = evenly(order.due_minor, count, step);
    this.keep({ order: order.order_id, kind: 'even', before: tendered(order), shares, picks: [] });
  }

  /** Forget the share that was chosen and that nobody has paid, with its picks; of one that was paid in
   * part, what is left. */
  drop(order: OrderView): void {
    const plan = this.of(order);
    if (!plan || plan.kind === 'even' || !this.share(order)) return;
    const shares = plan.shares.slice(0, -1);
    const paid = tendered(order) - plan.before - shares.reduce((sum, one) => sum + one, 0);
    if (paid > 0) this.keep({ ...plan, shares: [...shares, paid], latest: 0 });
    else if (!shares.length) this.keep(null);
    else this.keep({ ...plan, shares, picks: plan.picks.slice(0, plan.picks.length - (plan.latest ?? 0)), latest: 0 });
  }

  /** One share more, of an amount or of some lines. */
  add(order: OrderView, kind: SplitKind, minor: number, picks: Pick[] = []): void {
    const plan = this.of(order);
    const open = plan && plan.kind !== 'even' && !this.share(order) ? plan : null;
    const before = open ? open.before : tendered(order);
    // What was paid beyond the shares chosen so far belongs to none of them.
    const paid = tendered(order) - before;
    const shares = open ? [...open.shares] : [];
    const over = paid - shares.reduce((sum, one) => sum + one, 0);
    if (over > 0 && shares.length) shares[shares.length - 1] = (shares.at(-1) ?? 0) + over;
    this.keep({
      order: order.order_id,
      kind,
      before: open || !over ? before : tendered(order),
      shares: [...shares, minor],
      picks: [...(open?.picks ?? []), ...picks],
      latest: picks.length,
    });
  }

  stop(): void {
    this.keep(null);
  }

  /** An order that is rung up again is not divided any more: what it costs may be another sum. */
  hear(order: OrderView | null): void {
    if (order?.phase === 'open' && this.of(order)) this.stop();
  }
}
