/** Whether a text is what a pattern with `*` (anything, also nothing) says. */
export function globMatches(pattern: string, text: string): boolean {
  const parts = pattern.split("*");
  const [first = "", ...rest] = parts;
  if (rest.length === 0) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  const last = rest.pop() ?? "";
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - at >= last.length && text.endsWith(last);
}

export function anyMatches(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => globMatches(pattern, text));
}

/** Whether a path is one of the folders or below one. */
export function isBelow(folders: readonly string[], path: string): boolean {
  const clean = trimmed(path);
  return folders.map(trimmed).some((folder) => clean === folder || clean.startsWith(`${folder}/`) || folder === "");
}

function trimmed(path: string): string {
  return path.replace(/\/+/g, "/").replace(/\/$/, "");
}
