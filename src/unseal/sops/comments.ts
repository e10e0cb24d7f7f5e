import type { CST } from "yaml";
import type { Entry } from "./document.ts";

/** A comment of a text. `start` is behind its `#`. */
export interface FoundComment {
  readonly start: number;
  readonly end: number;
}

/** A comment with what it belongs to. */
export interface PlacedComment extends FoundComment {
  /** The mapping or list that it is in, by number. */
  readonly container: number;
  /** It comes before that container's entry that begins here or later, or else at its end. */
  readonly before: number;
  readonly path: readonly string[];
  readonly otherPaths: readonly (readonly string[])[];
}

/** Every comment among a parser's tokens, in the text's order. */
export function commentsOf(tokens: readonly CST.Token[]): FoundComment[] {
  const found: FoundComment[] = [];
  const visit = (part: unknown): void => {
    if (Array.isArray(part)) for (const each of part) visit(each);
    else if (typeof part === "object" && part !== null) {
      if ("type" in part && part.type === "comment" && "offset" in part && typeof part.offset === "number" && "source" in part)
        found.push({ start: part.offset + 1, end: part.offset + String(part.source).trimEnd().length });
      else for (const each of Object.values(part)) visit(each);
    }
  };
  visit(tokens);
  return found.sort((a, b) => a.start - b.start);
}

/**
 * Says for each comment what it belongs to, as go-yaml v3 does: what stands behind a value is that entry's, what is on lines of its own
 * belongs to the entry that follows at once, and with an empty line or less indentation behind it to what came before.
 *
 * @param entries all entries, sorted by where they begin
 */
export function placeComments(text: string, comments: readonly FoundComment[], entries: readonly Entry[]): PlacedComment[] {
  return comments.map((comment): PlacedComment => {
    const line = text.lastIndexOf("\n", comment.start - 1) + 1;
    const own = text.slice(line, comment.start - 1).trim() === "";
    const next = entries.find((entry) => entry.start > comment.start);
    const previous = entries.findLast((entry) => entry.start < comment.start);
    const otherPaths = candidates(previous, next);
    // Behind a value, and behind the `key:` of a container too, it is the entry's.
    if (!own && previous !== undefined)
      return { ...comment, before: previous.start, container: previous.container, path: previous.path, otherPaths };
    const column = comment.start - 1 - line;
    const follows = next !== undefined && column <= next.column && touches(text, comment.end, next.start);
    if (next !== undefined && (previous === undefined || follows)) {
      return { ...comment, before: comment.start, container: next.container, path: next.path, otherPaths };
    }
    const container = entries.findLast((entry) => entry.start < comment.start && entry.column <= column) ?? previous;
    return { ...comment, before: comment.start, container: container?.container ?? 0, path: container?.path ?? [], otherPaths };
  });
}

/** Whether only comments and no empty line stand between. */
function touches(text: string, from: number, to: number): boolean {
  const between = text.slice(from, to).split("\n").slice(1, -1);
  return between.every((line) => line.trim().startsWith("#"));
}

function candidates(...near: readonly (Entry | undefined)[]): string[][] {
  const paths = near.flatMap((entry) =>
    entry === undefined ? [] : Array.from({ length: entry.path.length + 1 }, (_, length) => entry.path.slice(0, length)),
  );
  const seen = new Set<string>();
  return paths.filter((path) => !seen.has(JSON.stringify(path)) && seen.add(JSON.stringify(path)));
}
