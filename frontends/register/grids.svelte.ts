// The grid's pages as last seen, kept while panels come and go, so that going back shows at once.
import { SvelteMap } from 'svelte/reactivity';
import type { Connection, Refusal } from '../shared/connection';
import type { GridView } from '../shared/shapes';

const ITEMS_MAX = 200;
export const gridCache = new SvelteMap<string, GridView>();
export const gridMemory = $state({ department: '' });

/** Fetch a department's page anew; answers the refusal, or null. */
export async function loadGrid(link: Connection, department: string): Promise<Refusal | null> {
  const answer = await link.query('catalog.grid', { department, limit: ITEMS_MAX });
  if (answer.ok && answer.data) {
    gridCache.set(department, answer.data);
    return null;
  }
  return answer.refusal;
}
