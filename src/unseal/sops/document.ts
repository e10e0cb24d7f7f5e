import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  LineCounter,
  Parser,
  Scalar,
  YAMLMap,
  YAMLSeq,
  type CST,
  type Document,
  type YAMLParseError,
} from "yaml";
import { FindingError, type Position } from "../../finding/index.ts";
import { commentsOf, placeComments, type FoundComment, type PlacedComment } from "./comments.ts";
import { resolvePlain, sopsValue, type SopsValue } from "./value.ts";

/** How a file is written: which decides how a changed text is put into it. */
export type SopsFormat = "yaml" | "json" | "binary";

/** A value of a file and the place in the text that it fills. */
export interface Leaf {
  readonly kind: "leaf";
  /** The keys and list indexes down to it. */
  readonly pointer: readonly string[];
  /** The keys alone: what SOPS authenticates. */
  readonly path: readonly string[];
  /** What it says as it stands; null for YAML's null, which SOPS leaves alone. */
  readonly value: SopsValue | null;
  readonly start: number;
  readonly end: number;
  /** It stands between braces or brackets, where a text needs quotes. */
  readonly flow: boolean;
  /** Columns that a literal block in its place is indented by. */
  readonly indent: number;
}

/** A comment and its place. `start` is behind the `#`. */
export interface Comment {
  readonly kind: "comment";
  readonly path: readonly string[];
  /** Other keys that it may have been encrypted under: readers differ in what a comment belongs to. */
  readonly otherPaths: readonly (readonly string[])[];
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A mapping of the file, where an entry may be added. */
export interface Branch {
  readonly pointer: readonly string[];
  /** The keys alone. */
  readonly path: readonly string[];
  readonly flow: boolean;
  readonly empty: boolean;
  /** Where its entries begin in their lines. */
  readonly column: number;
  /** Behind its last entry, or for a flow mapping before its closing brace. */
  readonly end: number;
}

/** One step of the walk through a file in SOPS' order. */
export type Step =
  | { readonly kind: "enter" }
  | { readonly kind: "leave" }
  /** An entry begins: the comments before it are in force for all of it. */
  | { readonly kind: "entry" }
  | { readonly kind: "entry-end" }
  | Leaf
  | Comment;

/** A file as SOPS sees it, with every place in its text. */
export interface SopsDocument {
  readonly text: string;
  readonly format: SopsFormat;
  readonly file: string;
  /** The values and comments in the order in which SOPS hashes and encrypts them, the `sops` section left out. */
  readonly steps: readonly Step[];
  readonly branches: readonly Branch[];
  /** The `sops` section: its data, and where its entry is. Undefined for a plain file. */
  readonly metadata: { readonly node: YAMLMap; readonly start: number; readonly end: number; readonly leaves: readonly Leaf[] } | undefined;
  /** Places for messages. */
  at(offset: number): Position;
}

/**
 * Reads a YAML or JSON file as SOPS does. What SOPS would read in another way than it is meant, or could not write back, is refused by name:
 * several documents, anchors, merge keys, tags of one's own, keys that are no strings.
 *
 * @throws FindingError `sealed-sops-syntax`, `sealed-sops-unsupported`
 */
export function readSopsDocument(text: string, format: SopsFormat, file: string): SopsDocument {
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const document = compose(tokens, text, format, file, at);
  const reader = new TreeReader(text, format, file, at);
  return reader.read(document, commentsOf(tokens));
}

function compose(tokens: CST.Token[], text: string, format: SopsFormat, file: string, at: (offset: number) => Position): Document.Parsed {
  if (format !== "yaml") checkJson(text, file);
  const documents = [...new Composer({ schema: "failsafe", uniqueKeys: false, prettyErrors: false }).compose(tokens, true, text.length)];
  const [document, second] = documents;
  const error = documents.flatMap((each) => each.errors).at(0);
  if (error !== undefined)
    throw new FindingError({
      code: "sealed-sops-syntax",
      severity: "error",
      message: `${file} is no YAML that can be read: ${problemOf(error)}`,
      at: at(error.pos[0]),
    });
  if (second !== undefined)
    throw unsupported(
      "a SOPS file of several documents",
      at(second.range[0]),
      "keep each document in a file of its own; references name one file",
    );
  if (document === undefined) throw unsupported("an empty file", { file }, "begin with one key and its value");
  return document;
}

/** What is wrong, in words of our own: the parser's quote the text, which may be secret. */
function problemOf({ code, message }: YAMLParseError): string {
  if (code === "TAB_AS_INDENT") return "a tab stands where an indentation should";
  if (code === "MISSING_CHAR" || code === "BAD_INDENT") return "a quote, bracket or brace is not closed, or an indentation is off";
  if (code === "MULTILINE_IMPLICIT_KEY" || /compact mapping|Nested mappings/.test(message))
    return "a second colon stands in the line: quote the value";
  return code.toLowerCase().replaceAll("_", " ");
}

function checkJson(text: string, file: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    // Node's message quotes the text.
    const place = /at position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
    const before = place === undefined ? undefined : text.slice(0, Number(place)).split("\n");
    throw new FindingError({
      code: "sealed-sops-syntax",
      severity: "error",
      message: `${file} is no JSON`,
      at: { file, ...(before === undefined ? {} : { line: before.length, column: (before.at(-1) ?? "").length + 1 }) },
    });
  }
}

export function unsupported(what: string, at: Position, advice: string): FindingError {
  return new FindingError({ code: "sealed-sops-unsupported", severity: "error", message: `${what} is not supported`, at, advice });
}

const PROPERTIES_ADVICE = "SOPS writes anchors, aliases and merge keys out, and tags away: write the values out in the file";

interface Open {
  readonly pointer: readonly string[];
  readonly path: readonly string[];
  readonly flow: boolean;
  readonly indent: number;
}

/** An entry of a mapping or list before its comments are put in. */
export interface Entry {
  readonly start: number;
  readonly end: number;
  /** The keys of the container that it is in. */
  readonly path: readonly string[];
  readonly column: number;
  /** Which container that is, by number: 0 the file's own. */
  readonly container: number;
}

/** Walks the nodes of a document into steps. */
class TreeReader {
  readonly #text: string;
  readonly #format: SopsFormat;
  readonly #file: string;
  readonly #at: (offset: number) => Position;
  readonly #branches: Branch[] = [];
  #entries: Entry[] = [];
  #containers = 0;

  constructor(text: string, format: SopsFormat, file: string, at: (offset: number) => Position) {
    this.#text = text;
    this.#format = format;
    this.#file = file;
    this.#at = at;
  }

  read(document: Document.Parsed, comments: readonly FoundComment[]): SopsDocument {
    const root = document.contents;
    const top: Open = { pointer: [], path: [], flow: false, indent: 0 };
    if (!isMap(root)) {
      const kind = root === null || (isScalar(root) && root.source === "") ? "an empty file" : "a SOPS file that is no mapping at its top";
      throw unsupported(kind, { file: this.#file, line: 1 }, "begin with one key and its value");
    }
    const pair = root.items.find((item) => keyText(item.key) === "sops");
    const metadata = pair === undefined ? undefined : this.#metadata(pair.key, pair.value);
    const kept = new YAMLMap();
    kept.items = root.items.filter((item) => item !== pair);
    kept.flow = root.flow ?? false;
    kept.range = root.range;
    this.#entries = [];
    this.#containers = 0;
    const marks = this.#map(kept, top);
    // A section in between is an entry too, where comments look for what they stand before.
    if (metadata !== undefined) this.#entries.push({ start: metadata.start, end: metadata.end, path: [], column: 0, container: 0 });
    this.#entries.sort((a, b) => a.start - b.start);
    const placed = placeComments(
      this.#text,
      comments.filter(({ start }) => metadata === undefined || start < metadata.start || start >= metadata.end),
      this.#entries,
    );
    const steps = withComments(marks, placed, this.#text);
    return { text: this.#text, format: this.#format, file: this.#file, steps, branches: this.#branches, metadata, at: this.#at };
  }

  #metadata(key: unknown, value: unknown): NonNullable<SopsDocument["metadata"]> {
    const start = isScalar(key) ? (key.range?.[0] ?? 0) : 0;
    if (!isMap(value))
      throw new FindingError({
        code: "sealed-sops-metadata",
        severity: "error",
        message: "the entry sops is no section that SOPS wrote",
        at: this.#at(start),
        advice: "`sops` is a name that SOPS keeps for itself: call the key something else",
      });
    const leaves: Leaf[] = [];
    for (const mark of this.#map(value, { pointer: [], path: [], flow: false, indent: 4 })) if (mark.kind === "leaf") leaves.push(mark);
    this.#branches.length = 0;
    const node = new YAMLMap();
    node.items = value.items;
    return { node, start, end: value.range?.[2] ?? this.#text.length, leaves };
  }

  #map(node: YAMLMap, open: Open): Mark[] {
    const container = this.#containers++;
    const marks: Mark[] = [{ kind: "enter" }];
    const flow = open.flow || node.flow === true;
    const seen = new Set<string>();
    let column = -1;
    for (const { key, value } of node.items) {
      const start = isScalar(key) ? (key.range?.[0] ?? 0) : (node.range?.[0] ?? 0);
      const name = keyText(key);
      if (isScalar(key) && key.type === Scalar.PLAIN && key.source === "<<")
        throw unsupported("a merge key", this.#at(start), PROPERTIES_ADVICE);
      if (name === undefined)
        throw unsupported("a key that is no string", this.#at(start), "SOPS takes strings as keys only: quote the key");
      if (seen.has(name))
        throw new FindingError({
          code: "sealed-sops-syntax",
          severity: "error",
          message: `the key ${JSON.stringify(name)} is there twice`,
          at: this.#at(start),
        });
      seen.add(name);
      if (column < 0) column = this.#column(start);
      const inner: Open = { pointer: [...open.pointer, name], path: [...open.path, name], flow, indent: column };
      const marked = this.#node(value, inner, start + 1);
      const end = Math.max(endOf(value), start + 1);
      this.#entries.push({ start, end, path: open.path, column: this.#column(start), container });
      marks.push({ kind: "entry", container, start }, ...marked, { kind: "entry-end" });
    }
    const end = flow
      ? closing(this.#text, node.range?.[1] ?? 0)
      : Math.max(...node.items.map(({ value }) => endOf(value)), node.range?.[0] ?? 0);
    this.#branches.push({
      pointer: open.pointer,
      path: open.path,
      flow,
      empty: node.items.length === 0,
      column: column < 0 ? open.indent + 4 : column,
      end,
    });
    marks.push({ kind: "leave", container });
    return marks;
  }

  #list(node: YAMLSeq, open: Open): Mark[] {
    const container = this.#containers++;
    const marks: Mark[] = [{ kind: "enter" }];
    const flow = open.flow || node.flow === true;
    let index = 0;
    for (const item of node.items) {
      const start = startOf(item, node.range?.[0] ?? 0);
      // SOPS writes comments of lists as items; references count values only.
      const isComment = item instanceof Scalar && /^ENC\[AES256_GCM,.*,type:comment\]$/.test(item.source ?? "");
      const inner: Open = {
        pointer: isComment ? [...open.pointer, "#"] : [...open.pointer, String(index++)],
        path: open.path,
        flow,
        indent: this.#column(start) - 2,
      };
      const marked = this.#node(item, inner, start);
      const end = endOf(item);
      this.#entries.push({ start, end, path: open.path, column: this.#column(start) - 2, container });
      marks.push({ kind: "entry", container, start }, ...marked, { kind: "entry-end" });
    }
    marks.push({ kind: "leave", container });
    return marks;
  }

  #node(node: unknown, open: Open, near: number): Mark[] {
    this.#refuseProperties(node, near);
    if (node instanceof YAMLMap) return this.#map(node, open);
    if (node instanceof YAMLSeq) return this.#list(node, open);
    if (!(node instanceof Scalar)) return [];
    const [start, end] = node.range ?? [near, near];
    this.#refuseHeaderComment(node, start);
    const { value, from } = this.#value(node, start);
    return [{ kind: "leaf", pointer: open.pointer, path: open.path, value, start: from, end, flow: open.flow, indent: open.indent }];
  }

  #refuseProperties(node: unknown, near: number): void {
    const advice = PROPERTIES_ADVICE;
    if (isAlias(node)) throw unsupported("an alias", this.#at(node.range?.[0] ?? near), advice);
    if (!(node instanceof Scalar || node instanceof YAMLMap || node instanceof YAMLSeq)) return;
    const start = node.range?.[0] ?? near;
    if (node.anchor !== undefined) throw unsupported("an anchor", this.#at(start), advice);
    if (!(node instanceof Scalar) && node.tag !== undefined && !/^tag:yaml\.org,2002:(?:map|seq)$/.test(node.tag))
      throw unsupported(`the tag ${node.tag}`, this.#at(start), advice);
  }

  /** `key: | # comment`: it is no part of the value, and would go or be left in the clear with the block that it stands in. */
  #refuseHeaderComment(node: Scalar, start: number): void {
    if (node.type !== Scalar.BLOCK_LITERAL && node.type !== Scalar.BLOCK_FOLDED) return;
    const comment = /^[|>][-+0-9]*[ \t]+#/.exec(this.#text.slice(start, start + 256))?.[0];
    if (comment !== undefined)
      throw unsupported(
        "a comment behind the | or > of a block",
        this.#at(start + comment.length - 1),
        "write the comment on a line of its own, above the key",
      );
  }

  /** A scalar's value, and where it begins with its tag. */
  #value(node: Scalar, start: number): { value: SopsValue | null; from: number } {
    const text = node.type === Scalar.PLAIN ? (node.source ?? "") : String(node.value);
    const tag = /(?:!<tag:yaml\.org,2002:|!!)(str|int|float|bool|null|binary|timestamp)>?[ \t]+$/.exec(
      this.#text.slice(Math.max(0, start - 60), start),
    );
    if (node.tag !== undefined && tag === null && node.tag !== "tag:yaml.org,2002:str")
      throw unsupported(`the tag ${node.tag}`, this.#at(start), "write the value without a tag");
    const from = tag === null ? start : start - tag[0].length;
    const name = tag?.[1];
    if (name === "binary") return { value: { type: "str", bytes: Buffer.from(text.replace(/\s/g, ""), "base64") }, from };
    if (name === "str" || (name === undefined && node.type !== Scalar.PLAIN)) return { value: sopsValue("str", text), from };
    return { value: this.#resolved(text, name, start), from };
  }

  #resolved(text: string, tag: string | undefined, start: number): SopsValue | null {
    try {
      const value = resolvePlain(text);
      const type = value === null ? "null" : value.type === "time" ? "timestamp" : value.type;
      if (tag === undefined || tag === type) return this.#format === "yaml" || value?.type !== "time" ? value : sopsValue("str", text);
      if (tag === "float" && value?.type === "int") return { ...value, type: "float" };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw unsupported("an integer beyond 64 bits with a sign", this.#at(start), "SOPS can't encrypt it: quote it");
    }
    throw unsupported(`a value that is not of its tag !!${tag}`, this.#at(start), "write the value without a tag");
  }

  #column(offset: number): number {
    return offset - (this.#text.lastIndexOf("\n", offset - 1) + 1);
  }
}

/** Steps without comments, with what comments are put in by. */
type Mark =
  | { readonly kind: "enter" | "entry-end" }
  | { readonly kind: "entry"; readonly container: number; readonly start: number }
  | { readonly kind: "leave"; readonly container: number }
  | Leaf;

function keyText(key: unknown): string | undefined {
  if (!isScalar(key) || key.anchor !== undefined) return undefined;
  const { type, source, value } = key;
  if (type !== Scalar.PLAIN) return String(value);
  const text = source ?? "";
  if (text === "<<") return undefined;
  try {
    return resolvePlain(text)?.type === "str" ? text : undefined;
  } catch {
    return undefined;
  }
}

function startOf(node: unknown, near: number): number {
  if (node instanceof YAMLMap && node.flow !== true) {
    const [first] = node.items;
    if (first !== undefined && isScalar(first.key)) return first.key.range?.[0] ?? near;
  }
  return node instanceof Scalar || node instanceof YAMLMap || node instanceof YAMLSeq ? (node.range?.[0] ?? near) : near;
}

/** Where a node's text ends, without what stands behind it. */
function endOf(node: unknown): number {
  if (node instanceof YAMLMap && node.flow !== true)
    return Math.max(0, ...node.items.map(({ key, value }) => Math.max(endOf(value), endOf(key))));
  if (node instanceof YAMLSeq && node.flow !== true) return Math.max(0, ...node.items.map(endOf));
  return node instanceof Scalar || node instanceof YAMLMap || node instanceof YAMLSeq ? (node.range?.[1] ?? 0) : 0;
}

/** Where the brace that closes a flow mapping stands. */
function closing(text: string, end: number): number {
  return text.lastIndexOf("}", end);
}

/** Puts each comment before the entry that it is for; inline ones go before theirs, as SOPS has it. */
function withComments(marks: readonly Mark[], comments: readonly PlacedComment[], text: string): Step[] {
  const left = new Map<number, PlacedComment[]>();
  for (const comment of comments.toSorted((a, b) => a.before - b.before || a.start - b.start))
    left.set(comment.container, [...(left.get(comment.container) ?? []), comment]);
  const steps: Step[] = [];
  for (const mark of marks) {
    if (mark.kind === "entry" || mark.kind === "leave") {
      const here = left.get(mark.container) ?? [];
      const count = mark.kind === "leave" ? here.length : here.filter(({ before }) => before <= mark.start).length;
      for (const comment of here.splice(0, count)) steps.push(commentStep(comment, text));
    }
    steps.push(mark.kind === "entry" || mark.kind === "leave" ? { kind: mark.kind } : mark);
  }
  return steps;
}

function commentStep({ start, end, path, otherPaths }: PlacedComment, text: string): Comment {
  return { kind: "comment", path, otherPaths, text: text.slice(start, end), start, end };
}
