import { parseAllDocuments, isNode, isScalar, isSeq, LineCounter, visit, type Scalar } from "yaml";

/** A line of a pillar file that holds values, and the file's text with one of them changed. */
export interface PillarLine {
  readonly file: string;
  readonly line: number;
  readonly changes: readonly PillarChange[];
}

export interface PillarChange {
  readonly text: string;
  /** What stands there instead is empty. */
  readonly emptied: boolean;
}

/** Every line of a pillar file on which a value stands, with other texts of the file in which only that line is other. */
export function leafLines(file: string, text: string): readonly PillarLine[] {
  const lines = new Map<number, PillarChange[]>();
  const counter = new LineCounter();
  const add = (from: number, to: number, other: string): void => {
    const { line } = counter.linePos(from);
    const change = { text: text.slice(0, from) + other + text.slice(to), emptied: other === '""' || other === "[]" };
    lines.set(line, [...(lines.get(line) ?? []), change]);
  };
  for (const document of parseAllDocuments(text, { version: "1.1", lineCounter: counter })) {
    visit(document, {
      Scalar: (key, node) => {
        if (key === "key" || node.range === undefined || node.range === null) return;
        const [from, to] = node.range;
        for (const other of otherScalars(node, text.slice(from, to))) add(from, to, other);
      },
      Seq: (_key, node) => {
        if (node.range === undefined || node.range === null || node.flow !== true) return;
        const [from, to] = node.range;
        add(from, to, node.items.length === 0 ? "[another]" : "[]");
      },
    });
  }
  return [...lines].map(([line, changes]) => ({ file, line, changes }));
}

/** The file's text with the entry, or the items of the list, that a line begins taken away, or with its key renamed. */
export function keyChanges(text: string, line: number): readonly string[] {
  const changes: string[] = [];
  const counter = new LineCounter();
  for (const document of parseAllDocuments(text, { version: "1.1", lineCounter: counter })) {
    visit(document, {
      Pair: (_key, { key, value }) => {
        if (!isScalar(key) || key.range === undefined || key.range === null || counter.linePos(key.range[0]).line !== line) return;
        changes.push(`${text.slice(0, key.range[1])}x${text.slice(key.range[1])}`);
        const start = text.lastIndexOf("\n", key.range[0]) + 1;
        const end = isNode(value) ? value.range?.[2] : undefined;
        if (end !== undefined && text.slice(start, key.range[0]).trim() === "") changes.push(text.slice(0, start) + text.slice(end));
        if (isSeq(value) && value.range !== undefined && value.range !== null)
          changes.push(`${text.slice(0, key.range[1])}: []\n${text.slice(value.range[1])}`);
      },
    });
  }
  return changes;
}

const OPPOSITES: Readonly<Record<string, string>> = {
  Reconcile: "EnsureExists",
  EnsureExists: "Reconcile",
  Delete: "Retain",
  Retain: "Delete",
  "1": "2",
};

function otherScalars({ value, type }: Scalar, source: string): readonly string[] {
  if (typeof value === "boolean") return [String(!value)];
  if (typeof value === "number") return [String(value + 1), "0"];
  if (typeof value !== "string") return ["another"];
  const opposite = OPPOSITES[value];
  const quote = type === "PLAIN" ? "" : source.slice(0, 1);
  const inner = quote === "" ? source : source.slice(1, -1);
  const digits = /\d+$/.exec(inner)?.[0];
  const next = digits === undefined ? `${inner}x` : `${inner.slice(0, -digits.length)}${Number(digits) + 1}`;
  return [`${quote}${opposite ?? next}${quote}`, ...(value === "" ? [] : ['""'])];
}
