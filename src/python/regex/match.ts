import { PyError } from "../value.ts";
import type { Node, SetItem } from "./parse.ts";

/** How many steps one search may take beside one for each place of the text: more than any sensible pattern needs. */
const MAX_STEPS = 1_000_000;

/** What a running match knows. Positions count code points. */
export interface MatchState {
  readonly points: readonly string[];
  /** Start and end of each group, -1 where it took no part. */
  readonly starts: number[];
  readonly ends: number[];
  steps: number;
}

type Continue = (at: number) => boolean;
type Matcher = (state: MatchState, at: number, next: Continue) => boolean;

/** Counts work. @throws PyError RuntimeError where it is too much */
export function step(state: MatchState): void {
  // To begin at each place of a long text is no fault of the pattern.
  if (++state.steps > MAX_STEPS + state.points.length) {
    throw new PyError("RuntimeError", `the pattern takes more than ${MAX_STEPS} steps on this text; make it less ambiguous`);
  }
}

/** Makes a backtracking matcher of a pattern, as CPython's engine works (Modules/_sre): the first way that succeeds wins. */
export function compileNode(node: Node): Matcher {
  const single = singleTest(node);
  if (single !== undefined) {
    return (state, at, next) => {
      const point = state.points[at];
      return point !== undefined && single(point) && next(at + 1);
    };
  }
  switch (node.kind) {
    case "at":
      return compileAt(node);
    case "sequence":
      return compileSequence(node.items.map(compileNode));
    case "choice": {
      const options = node.options.map(compileNode);
      return (state, at, next) => {
        step(state);
        return options.some((option) => option(state, at, next));
      };
    }
    case "group":
      return compileGroup(node.index, compileNode(node.body));
    case "atomic":
      return compileAtomic(compileNode(node.body));
    case "look":
      return compileLook(node, compileNode(node.body));
    case "reference":
      return compileReference(node);
    case "conditional": {
      const yes = compileNode(node.yes);
      const no = compileNode(node.no);
      return (state, at, next) => ((state.ends[node.index] ?? -1) >= 0 ? yes(state, at, next) : no(state, at, next));
    }
    case "repeat":
      return node.mode === "possessive" ? compileAtomic(compileRepeat({ ...node, mode: "greedy" })) : compileRepeat(node);
    default:
      return () => false;
  }
}

function compileSequence(items: readonly Matcher[]): Matcher {
  const [only, second] = items;
  if (only === undefined) return (_state, at, next) => next(at);
  if (second === undefined) return only;
  const run = (state: MatchState, index: number, at: number, next: Continue): boolean => {
    const item = items[index];
    return item === undefined ? next(at) : item(state, at, (after) => run(state, index + 1, after, next));
  };
  return (state, at, next) => run(state, 0, at, next);
}

function compileGroup(index: number, body: Matcher): Matcher {
  return (state, at, next) => {
    const start = state.starts[index] ?? -1;
    const end = state.ends[index] ?? -1;
    const found = body(state, at, (after) => {
      const innerStart = state.starts[index] ?? -1;
      const innerEnd = state.ends[index] ?? -1;
      state.starts[index] = at;
      state.ends[index] = after;
      if (next(after)) return true;
      state.starts[index] = innerStart;
      state.ends[index] = innerEnd;
      return false;
    });
    if (!found) {
      state.starts[index] = start;
      state.ends[index] = end;
    }
    return found;
  };
}

function compileAtomic(body: Matcher): Matcher {
  return (state, at, next) => {
    let end = -1;
    const found = body(state, at, (after) => {
      end = after;
      return true;
    });
    return found && next(end);
  };
}

function compileLook(node: Node & { readonly kind: "look" }, body: Matcher): Matcher {
  return (state, at, next) => {
    const from = node.ahead ? at : at - node.width;
    const starts = [...state.starts];
    const ends = [...state.ends];
    const found = from >= 0 && body(state, from, (after) => node.ahead || after === at);
    if (found !== node.negated && next(at)) return true;
    starts.forEach((value, index) => (state.starts[index] = value));
    ends.forEach((value, index) => (state.ends[index] = value));
    return false;
  };
}

function compileReference(node: Node & { readonly kind: "reference" }): Matcher {
  return (state, at, next) => {
    const start = state.starts[node.index] ?? -1;
    const end = state.ends[node.index] ?? -1;
    if (start < 0 || end < 0) return false;
    for (let offset = 0; offset < end - start; offset++) {
      const wanted = state.points[start + offset] ?? "";
      const point = state.points[at + offset];
      if (point === undefined) return false;
      if (point !== wanted && !(node.ignoreCase && fold(point) === fold(wanted))) return false;
    }
    return next(at + end - start);
  };
}

function compileRepeat(node: Node & { readonly kind: "repeat" }): Matcher {
  const { least, most } = node;
  const lazy = node.mode === "lazy";
  const single = singleTest(node.body);
  if (single !== undefined) return lazy ? lazyRun(single, least, most) : greedyRun(single, least, most);
  const body = compileNode(node.body);
  const run = (state: MatchState, count: number, from: number, at: number, next: Continue): boolean => {
    step(state);
    // A turn that took nothing ends the repetition, or it would never end.
    const more = (): boolean =>
      count < most && (at !== from || count <= least || count === 0) && body(state, at, (after) => run(state, count + 1, at, after, next));
    if (count < least) return count > 0 && at === from ? next(at) : more();
    return lazy ? next(at) || more() : more() || next(at);
  };
  return (state, at, next) => run(state, 0, -1, at, next);
}

function greedyRun(test: (point: string) => boolean, least: number, most: number): Matcher {
  return (state, at, next) => {
    let end = at;
    const limit = Math.min(state.points.length, at + most);
    while (end < limit && test(state.points[end] ?? "")) {
      end++;
      step(state);
    }
    for (; end - at >= least; end--) {
      step(state);
      if (next(end)) return true;
    }
    return false;
  };
}

function lazyRun(test: (point: string) => boolean, least: number, most: number): Matcher {
  return (state, at, next) => {
    for (let end = at; ; end++) {
      step(state);
      if (end - at >= least && next(end)) return true;
      if (end - at >= most || end >= state.points.length || !test(state.points[end] ?? "")) return false;
    }
  };
}

function compileAt(node: Node & { readonly kind: "at" }): Matcher {
  const word = node.ascii ? /^[A-Za-z0-9_]$/ : /^[\p{L}\p{N}_]$/u;
  const isWord = (point: string | undefined): boolean => point !== undefined && word.test(point);
  return ({ points }, at, next) => {
    const holds = (): boolean => {
      switch (node.where) {
        case "start":
          return at === 0;
        case "line-start":
          return at === 0 || points[at - 1] === "\n";
        case "end":
          return at === points.length || (at === points.length - 1 && points[at] === "\n");
        case "line-end":
          return at === points.length || points[at] === "\n";
        case "absolute-end":
          return at === points.length;
        case "boundary":
          return isWord(points[at - 1]) !== isWord(points[at]);
        default:
          // On an empty text neither \b nor \B holds (CPython before 3.14).
          return points.length > 0 && isWord(points[at - 1]) === isWord(points[at]);
      }
    };
    return holds() && next(at);
  };
}

function fold(point: string): string {
  const low = point.toLowerCase();
  return low === "ſ" ? "s" : low === "\u212a" ? "k" : low;
}

/** The test of a node that matches exactly one character; `undefined` for all others. */
function singleTest(node: Node): ((point: string) => boolean) | undefined {
  switch (node.kind) {
    case "char": {
      const { char } = node;
      if (!node.ignoreCase) return (point) => point === char;
      const wanted = fold(char);
      return (point) => point === char || fold(point) === wanted;
    }
    case "any":
      return node.dotAll ? () => true : (point) => point !== "\n";
    case "set": {
      const tests = node.items.map((item) => itemTest(item, node.ascii));
      const plain = (point: string): boolean => tests.some((test) => test(point));
      const within = node.ignoreCase ? (point: string): boolean => plain(point) || plain(fold(point)) || plain(point.toUpperCase()) : plain;
      return node.negated ? (point) => !within(point) : within;
    }
    default:
      return undefined;
  }
}

function itemTest(item: SetItem, ascii: boolean): (point: string) => boolean {
  if (!("category" in item)) {
    const low = item.from.codePointAt(0) ?? 0;
    const high = item.to.codePointAt(0) ?? 0;
    return (point) => {
      const code = point.codePointAt(0) ?? 0;
      return point.length === (code > 0xffff ? 2 : 1) && code >= low && code <= high;
    };
  }
  const positive = categoryTest(item.category.toLowerCase(), ascii);
  return item.category === item.category.toLowerCase() ? positive : (point) => !positive(point);
}

function categoryTest(category: string, ascii: boolean): (point: string) => boolean {
  const pattern =
    category === "d"
      ? ascii
        ? /^[0-9]$/
        : /^\p{Nd}$/u
      : category === "w"
        ? ascii
          ? /^[A-Za-z0-9_]$/
          : /^[\p{L}\p{N}_]$/u
        : ascii
          ? /^[ \t\n\r\f\v]$/
          : /^[\t\n\v\f\r\x1c-\x1f \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/;
  return (point) => pattern.test(point);
}
