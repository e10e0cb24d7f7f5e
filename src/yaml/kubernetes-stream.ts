/** A part of a stream: what stands between two separators. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

/**
 * Splits a stream as kubectl's reader does (YAMLReader of k8s.io/apimachinery, pkg/util/yaml/decoder.go): a line that begins with `---` and has
 * nothing or a comment after it ends a part; such a line is in no part. `--- text` stays within its part, where the parser meets it.
 */
export function splitStream(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  const separator = /^---[^\n]*(?:\n|$)/gm;
  for (let match = separator.exec(text); match !== null; match = separator.exec(text)) {
    // JavaScript's ^ also stands behind CR, LS and PS, where Go's reader of lines does not end one.
    const before = match.index === 0 ? "\n" : text.charAt(match.index - 1);
    const rest = match[0].slice(3).trim();
    if (before !== "\n" || (rest !== "" && !rest.startsWith("#"))) continue;
    if (match.index > from) parts.push({ from, to: match.index });
    from = match.index + match[0].length;
    if (match[0] === "") break;
  }
  if (from < text.length) parts.push({ from, to: text.length });
  return parts;
}
