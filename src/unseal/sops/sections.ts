import { FindingError } from "../../finding/index.ts";
import type { Branch, SopsDocument } from "./document.ts";
import type { Splice } from "./plain-text.ts";

/** The file with a section in place of the one it has, or at its end. */
export function withSection(document: SopsDocument, section: string): string {
  const { text, metadata } = document;
  if (metadata !== undefined) {
    const old = text.slice(metadata.start, metadata.end);
    return text.slice(0, metadata.start) + (old.endsWith("\n") ? section : section.replace(/\n$/, "")) + text.slice(metadata.end);
  }
  const top = document.branches.find((branch) => branch.pointer.length === 0);
  if (top?.flow === true) {
    const before = text.slice(0, top.end).trimEnd();
    const indent = /^\{\r?\n([ \t]+)/.exec(text)?.[1] ?? "\t";
    return `${before}${top.empty || before.endsWith(",") ? "" : ","}\n${indent}${section.trimEnd()}\n${text.slice(top.end)}`;
  }
  const body = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  // A comment at the end would be taken for one of the section.
  const last = body.trimEnd().split("\n").at(-1) ?? "";
  return `${body}${last.trimStart().startsWith("#") ? "\n" : ""}${section.endsWith("\n") ? section : `${section}\n`}`;
}

/** Takes the section out. */
export function removeSection({ text, metadata, branches }: SopsDocument): Splice {
  if (metadata === undefined) return { start: 0, end: 0, text: "" };
  const { start, end } = metadata;
  if (branches.find((branch) => branch.pointer.length === 0)?.flow !== true) {
    const spaced = /(?:^|\n)[ \t]*#[^\n]*\n\n$/.test(text.slice(0, start));
    return { start: spaced ? start - 1 : start, end, text: "" };
  }
  // With the comma before it, or where it comes first the one behind it.
  const comma = /,\s*$/.exec(text.slice(0, start));
  if (comma !== null) return { start: comma.index, end, text: "" };
  return { start, end: end + (/^\s*,\s*/.exec(text.slice(end))?.[0].length ?? 0), text: "" };
}

/**
 * Adds an entry for a path that is not there, at the end of the deepest mapping on the way. `encrypt` is told the keys down to it.
 *
 * @throws FindingError `sealed-sops-path` where something is in the way
 */
export function addEntry(document: SopsDocument, path: readonly string[], encrypt: (keys: readonly string[]) => string): Splice {
  const branch = document.branches
    .filter((each) => each.pointer.length < path.length && each.pointer.every((key, index) => key === path[index]))
    .reduce<Branch | undefined>(
      (deepest, each) => (deepest === undefined || each.pointer.length > deepest.pointer.length ? each : deepest),
      undefined,
    );
  const blocked = document.steps.find((step) => step.kind === "leaf" && isWithin(step.pointer, path));
  const taken =
    document.steps.some((step) => step.kind === "leaf" && isWithin(path, step.pointer)) ||
    document.branches.some((each) => JSON.stringify(each.pointer) === JSON.stringify(path));
  const rest = path.slice(branch?.pointer.length ?? 0);
  if (
    branch === undefined ||
    taken ||
    (blocked !== undefined && blocked.kind === "leaf" && blocked.pointer.length > (branch.pointer.length ?? 0))
  ) {
    throw new FindingError({
      code: "sealed-sops-path",
      severity: "error",
      message: `no value can be put at ${path.join("/")} of ${document.file}: ${taken ? "there are values below it" : "what is on the way is no mapping"}`,
      at: blocked?.kind === "leaf" ? document.at(blocked.start) : { file: document.file },
      advice: "choose another path, or use `halite secret edit`",
    });
  }
  const encrypted = encrypt([...branch.path, ...rest]);
  if (branch.flow) return flowEntry(document, branch, rest, encrypted);
  const line = document.text.indexOf("\n", branch.end);
  // Behind the last entry's line; a block scalar ends with its own line.
  const at = document.text[branch.end - 1] === "\n" ? branch.end : line < 0 ? document.text.length : line + 1;
  const lead = at === 0 || document.text[at - 1] === "\n" ? "" : "\n";
  const lines = rest.map(
    (key, depth) =>
      `${" ".repeat(branch.column + 4 * depth)}${yamlKey(key)}:${depth === rest.length - 1 ? ` ${encrypted === "" ? '""' : encrypted}` : ""}\n`,
  );
  return { start: at, end: at, text: lead + lines.join("") };
}

function flowEntry({ text }: SopsDocument, branch: Branch, rest: readonly string[], encrypted: string): Splice {
  let entry = JSON.stringify(encrypted);
  for (const key of rest.toReversed().slice(0, -1)) entry = `{${JSON.stringify(key)}: ${entry}}`;
  entry = `${JSON.stringify(rest[0] ?? "")}: ${entry}`;
  const before = text.slice(0, branch.end);
  const start = before.trimEnd().length;
  const [, indent] = /\n([ \t]*)$/.exec(before) ?? [];
  const comma = branch.empty || before.trimEnd().endsWith(",") ? "" : ",";
  const gap = indent === undefined ? (branch.empty ? "" : " ") : `\n${indent}${indent.includes("\t") || indent === "" ? "\t" : "  "}`;
  return { start, end: start, text: `${comma}${gap}${entry}` };
}

function isWithin(outer: readonly string[], inner: readonly string[]): boolean {
  return outer.length < inner.length && outer.every((key, index) => key === inner[index]);
}

function yamlKey(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(key) && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(key) ? key : JSON.stringify(key);
}
