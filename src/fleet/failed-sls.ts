/**
 * Which addons an SLS that does not render would have written, read off its text.
 *
 * It can be told only where every mention of the addons folder is followed by a literal name, and where the SLS brings in
 * no other: what an include would have added is unknown, and an addon that is silently absent would be pruned.
 *
 * @returns sorted names, or `undefined` where it can't be told
 */
export function addonsOfFailedSls(text: string): readonly string[] | undefined {
  if (/^\s*["']?(?:include|extend|exclude)["']?\s*:/m.test(text)) return undefined;
  const names = new Set<string>();
  for (const mention of text.matchAll(/\/etc\/kubernetes\/addons(?:\/([A-Za-z0-9._-]*))?(.?)/g)) {
    const [, name = "", next = ""] = mention;
    if (!(name === "" ? false : next === "/" || next === "" || /[\s"',\]}]/.test(next))) return undefined;
    // A manifest directly in the folder belongs to the addon of that folder.
    names.add(/\.(?:yaml|yml|json)$/.test(name) && next !== "/" ? "_root" : name);
  }
  return names.size === 0 ? undefined : [...names].sort();
}
