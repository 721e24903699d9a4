// How an amount is divided so that the parts add up to it again. All in minor units.

/** `due` in `count` shares that add up to it; what does not divide goes to the first ones, a `step` each. */
export function evenly(due: number, count: number, step: number): number[] {
  const units = Math.floor(due / step);
  const each = Math.floor(units / count);
  const shares = Array.from({ length: count }, (_, at) => (each + (at < units % count ? 1 : 0)) * step);
  shares[count - 1] = (shares[count - 1] ?? 0) + (due - units * step);
  return shares;
}

/** `minor` over `weights` as they stand to one another; what does not divide goes, a unit each, where
 *  most was cut off. What weighs nothing or less has no part; where all of it does, nobody has. */
export function inProportion(minor: number, weights: number[]): number[] {
  // An amount times an amount may be more than a number holds exactly.
  const heavy = weights.map((weight) => BigInt(Math.max(0, weight)));
  const all = heavy.reduce((sum, weight) => sum + weight, 0n);
  if (all === 0n) return weights.map(() => 0);
  const whole = BigInt(Math.abs(minor));
  const parts = heavy.map((weight) => Number((whole * weight) / all));
  const cut = heavy.map((weight) => (whole * weight) % all);
  const order = cut.map((_, at) => at).sort((a, b) => (cut[a]! === cut[b]! ? a - b : cut[a]! < cut[b]! ? 1 : -1));
  let left = Math.abs(minor) - parts.reduce((sum, part) => sum + part, 0);
  for (const at of order) {
    if (left <= 0) break;
    parts[at]! += 1;
    left -= 1;
  }
  return minor < 0 ? parts.map((part) => -part) : parts;
}

/** What each of `count` alike things costs of `minor`, so that together they cost all of it; what does
 *  not divide is with the first ones, a unit each. What comes back is less than nothing, and so is each. */
export function byUnit(minor: number, count: number): number[] {
  const shares = evenly(Math.abs(minor), count, 1);
  return minor < 0 ? shares.map((share) => 0 - share) : shares;
}
