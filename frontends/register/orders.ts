// The orders payments are of: how a person finds a payment again that must be settled.
import type { OrderView } from '../shared/shapes';
import { t } from '../shared/words.svelte';
import type { App } from './app.svelte';

const ENDED = new Set(['completed', 'voided']);

export type Orders = Record<string, OrderView>;

/** `known` and the rest of `ids` besides; what has not ended is asked for anew. */
export async function ordersOf(app: App, ids: string[], known: Orders): Promise<Orders> {
  const orders = { ...known };
  for (const order_id of new Set(ids)) {
    if (!order_id || ENDED.has(orders[order_id]?.phase ?? '')) continue;
    const answer = await app.link.query('order.get', { order_id });
    if (answer.data) orders[order_id] = answer.data;
  }
  return orders;
}

/** What its receipt is numbered, else how people call an order that has none yet. */
export function orderText(order: OrderView | undefined): string {
  if (order?.receipt_number) return t('exceptions.receipt', { number: order.receipt_number });
  const name = order?.label || order?.lines[0]?.name;
  return name ? t('exceptions.order', { name }) : '';
}
