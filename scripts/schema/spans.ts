/** A value that holds from one Kubernetes version to another, both included. */
export interface Spanned<T> {
  readonly from: string;
  readonly to: string;
  readonly value: T;
}

/** Joins neighbouring versions with equal values. The map's order is that of the versions; a gap ends a span. */
export function span<T>(byVersion: ReadonlyMap<string, T>): Spanned<T>[] {
  const spans: { from: string; to: string; value: T }[] = [];
  for (const [version, value] of byVersion) {
    const last = spans.at(-1);
    if (last !== undefined && minor(last.to) + 1 === minor(version) && JSON.stringify(last.value) === JSON.stringify(value))
      last.to = version;
    else spans.push({ from: version, to: version, value });
  }
  return spans;
}

export function minor(version: string): number {
  return Number(version.replace(/^1\./, ""));
}

/** JSON with one line for each entry of each top-level object: small, and a change shows as changed lines. */
export function joined(document: object): string {
  const sections = Object.entries(document).map(([name, section]: [string, unknown]) => {
    if (typeof section !== "object" || section === null || Array.isArray(section))
      return `${JSON.stringify(name)}: ${JSON.stringify(section)}`;
    const lines = Object.entries(section).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
    return `${JSON.stringify(name)}: {\n${lines.join(",\n")}\n}`;
  });
  return `{\n${sections.join(",\n")}\n}\n`;
}
