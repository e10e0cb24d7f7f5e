/** Text in which the optional syntax is written so that a parser without it reads it, and where it stood. */
export interface PlainSyntax {
  /** Of the same length: every place stays what it was. */
  readonly text: string;
  /** Offsets of the `?` of `.?name`, `[?index]`, `[?item]`, `{?key: …}`. */
  readonly optional: ReadonlySet<number>;
}

/**
 * Takes the optional syntax (`object.?spec`, `list[?0]`, `[?x]`, `{?"k": x}`) out of an expression: `.?` becomes `._`, the others a blank.
 * Strings and comments are left alone.
 */
export function withoutOptionals(text: string): PlainSyntax {
  const optional = new Set<number>();
  let out = "";
  let at = 0;
  let last = "";
  while (at < text.length) {
    const token =
      /^(?:\/\/[^\n]*|[rRbB]{0,2}(?:"""[^]*?"""|'''[^]*?''')|[rRbB]{0,2}(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|\s+|[A-Za-z_]\w*|[^])/.exec(
        text.slice(at),
      )?.[0];
    if (token === undefined) break;
    if (token === "?" && [".", "[", "{", ","].includes(last)) {
      optional.add(at);
      out += last === "." ? "_" : " ";
    } else out += token;
    if (!/^(?:\s|\/\/)/.test(token)) last = token;
    at += token.length;
  }
  return { text: out, optional };
}
