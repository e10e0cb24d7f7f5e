/** The trailers of a commit's message, git-interpret-trailers(1): names to values. */
export type Trailers = ReadonlyMap<string, string>;

/** Reads the last paragraph of a message, if it is one of trailers. */
export function parseTrailers(message: string): Trailers {
  const trailers = new Map<string, string>();
  for (const line of message
    .trimEnd()
    .split(/\n\s*\n/)
    .at(-1)
    ?.split("\n") ?? []) {
    const [, name, value = ""] = /^([A-Za-z][A-Za-z0-9-]*): ?(.*)$/.exec(line) ?? [];
    if (name === undefined) return new Map();
    trailers.set(name, value.trim());
  }
  return trailers;
}
