/** Python's order of strings: by code point, where JavaScript's `<` goes by UTF-16 unit. For Array.sort. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const ours = a.charCodeAt(index);
    const theirs = b.charCodeAt(index);
    if (ours === theirs) continue;
    // Surrogates stand for code points beyond every other unit.
    const oursHigh = ours >= 0xd800 && ours <= 0xdfff;
    const theirsHigh = theirs >= 0xd800 && theirs <= 0xdfff;
    if (oursHigh !== theirsHigh) return oursHigh ? 1 : -1;
    return ours - theirs;
  }
  return a.length - b.length;
}
