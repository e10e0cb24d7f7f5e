/** In so many parts work can be cut. */
export const MOST_SHARDS = 9999;

/** A whole number of an option, within bounds. */
export function numberIn(text: string, least: number, most: number): number | undefined {
  const number = /^(?:0|[1-9]\d{0,8})$/.test(text) ? Number(text) : -1;
  return number >= least && number <= most ? number : undefined;
}
