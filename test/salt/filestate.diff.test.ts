import { array, assert, asyncProperty, boolean, constantFrom, nat, record, shuffledSubarray, tuple } from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FindingError } from "../../src/finding/index.ts";
import { PyDict, str, type Value } from "../../src/python/index.ts";
import { MemoryFileRoots } from "../../src/salt/fileroots/index.ts";
import { applyFileStates, type AppliedStates, type FileStateDeps } from "../../src/salt/filestate/index.ts";
import { FILE_SIGNATURES, stateSignature } from "../../src/salt/filestate/signatures.ts";
import { STATE_FUNCTIONS } from "../../src/salt/filestate/state-functions.ts";
import type { LowChunk, Minion } from "../../src/salt/types.ts";
import { Oracle, oracleIsThere } from "../oracle/oracle.ts";
import { FILE_STATE_EXCEPTIONS } from "./exceptions-filestate.ts";
import { FILE_STATE_TREES } from "./filestate-trees.ts";
import { applyReally, decodeValue, GRAINS, writeTree, type Applied, type Tree } from "./filestate-world.ts";
import { isolatedOracle, isolation } from "./isolated-oracle.ts";
import { renderer } from "./filestate-renderer.ts";

const isolated = oracleIsThere() ? isolation() : { missing: "no Python environment" };
if (oracleIsThere() && "missing" in isolated) {
  if (process.env["CI"] === "true") throw new Error(isolated.missing);
  console.warn(isolated.missing);
}

/** What both sides are compared in. */
interface Comparable {
  readonly files: Readonly<Record<string, string>>;
  readonly states: readonly string[];
}

describe.skipIf("missing" in isolated)("file states leave what state.apply of Salt 3007.1 leaves", () => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = isolatedOracle();
  });
  afterAll(async () => {
    await oracle.close();
  });

  test.each(FILE_STATE_TREES.map((tree) => [tree.title, tree] as const))("%s", async (title, tree) => {
    const written = writeTree(tree);
    try {
      const real = await applyReally(oracle, written);
      const exception = FILE_STATE_EXCEPTIONS.find(({ tree: name }) => name === title);
      if (real.errors !== undefined) throw new Error(`${title}: ${real.errors.join("\n")}`);
      const ours = comparable(applyFileStates(chunksOf(real), deps(tree, real)), real);
      const theirs = comparableReal(real);
      if (exception === undefined) expect(ours).toEqual(theirs);
      else {
        expect(firstDifference(theirs, ours)).toEqual(exception.real);
        expect(firstDifference(ours, theirs)).toEqual(exception.ours);
      }
    } finally {
      written.remove();
    }
  });
});

const ADDONS = "/etc/kubernetes/addons";
const KINDS = ["require", "require_any", "watch", "onchanges", "onchanges_any", "onfail", "onfail_any"] as const;

interface GeneratedState {
  readonly fails: boolean;
  /** Path among few, so that states meet on one file. */
  readonly file: number;
  /** Kind, and which of the states before it. */
  readonly requisites: readonly (readonly [kind: (typeof KINDS)[number], earlier: number])[];
}

/** States that need those before them, declared in any order. */
const generatedTree = array(
  record({
    fails: boolean(),
    file: nat(2),
    requisites: array(tuple(constantFrom(...KINDS), nat(5)), { maxLength: 3 }),
  }),
  { minLength: 2, maxLength: 7 },
).chain((states) => shuffledSubarray([...states.keys()], { minLength: states.length }).map((order) => slsOf(states, order)));

function slsOf(states: readonly GeneratedState[], order: readonly number[]): string {
  return order
    .map((index) => {
      const state = states[index];
      const lines = [`s${index}:`, "  file.managed:", `    - name: ${ADDONS}/f${state?.file ?? 0}`];
      lines.push(state?.fails === true ? "    - source: salt://none" : `    - contents: c${index % 2}`);
      for (const kind of KINDS) {
        const list = index === 0 ? [] : (state?.requisites ?? []).filter(([other]) => other === kind);
        if (list.length > 0) lines.push(`    - ${kind}:`, ...new Set(list.map(([, earlier]) => `      - file: s${earlier % index}`)));
      }
      return `${lines.join("\n")}\n`;
    })
    .join("");
}

describe.skipIf("missing" in isolated)("generated requisites run as in Salt", () => {
  test("file states with requisites among them", async () => {
    const oracle = isolatedOracle();
    try {
      await assert(
        asyncProperty(generatedTree, async (sls) => {
          const tree: Tree = { title: "generated", states: { "a.sls": sls } };
          const written = writeTree(tree);
          try {
            const real = await applyReally(oracle, written);
            expect(real.errors ?? []).toEqual([]);
            expect(comparable(applyFileStates(chunksOf(real), deps(tree, real)), real)).toEqual(comparableReal(real));
          } finally {
            written.remove();
          }
        }),
        { numRuns: 20 },
      );
    } finally {
      await oracle.close();
    }
  }, 300_000);
});

describe.skipIf(!oracleIsThere())("the tables of names are Salt's", () => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = new Oracle(["salt_apply"]);
  });
  afterAll(async () => {
    await oracle.close();
  });

  test("state modules and their functions", async () => {
    const answer = await oracle.ask("apply.functions");
    expect(
      Object.fromEntries(
        Object.entries(STATE_FUNCTIONS).map(([name, functions]) => [name, functions.split(" ").filter((word) => word !== "")]),
      ),
    ).toEqual("ok" in answer ? answer.ok : answer.error);
  });
  test("parameters of the file states", async () => {
    const answer = await oracle.ask("apply.signatures");
    const ours = Object.fromEntries(Object.entries(FILE_SIGNATURES).map(([name, text]) => [name, stateSignature(text)]));
    expect("ok" in answer ? answer.ok : answer.error).toMatchObject(ours);
  });
});

function chunksOf(real: Applied): LowChunk[] {
  const low = decodeValue(real.low);
  return (Array.isArray(low) ? low : []).filter((chunk) => chunk instanceof PyDict);
}

function deps(tree: Tree, real: Applied): FileStateDeps {
  const grains = decodeValue(encodePlain({ ...GRAINS, ...tree.grains, id: "m1" }));
  const pillar = decodeValue(real.pillar);
  const minion: Minion = {
    id: "m1",
    grains: grains instanceof PyDict ? grains : new PyDict(),
    opts: new PyDict(),
    fileRoots: new MemoryFileRoots({ base: tree.states, dev: tree.dev ?? {} }),
    pillarRoots: new MemoryFileRoots({ base: {} }),
  };
  const data = pillar instanceof PyDict ? pillar : new PyDict();
  return {
    minion,
    pillar: data,
    renderTemplate: renderer(minion, data),
    callFunction: (name, args) => {
      if (name === "pillar.get") return data.get(args[0] ?? null) ?? "";
      if (name === "match.glob") return str(args[0] ?? "") === "m1";
      throw new FindingError({ code: "test", severity: "error", message: `no function ${name} here` });
    },
    positionOf: () => undefined,
  };
}

function encodePlain(value: unknown): unknown {
  if (typeof value === "number") return { int: String(value) };
  if (Array.isArray(value)) return value.map(encodePlain);
  if (value !== null && typeof value === "object")
    return { dict: Object.entries(value).map(([key, item]) => [key, encodePlain(item)] as [string, Value]) };
  return value;
}

function comparableReal(real: Applied): Comparable {
  const files: Record<string, string> = {};
  if (real.raised !== null) return { files, states: [`the run ended with ${real.raised}`] };
  for (const [path, file] of Object.entries(real.files)) files[path] = "link" in file ? "link" : `${file.mode} ${fromBase64(file.content)}`;
  for (const [path, file] of Object.entries(real.files)) {
    if (!("link" in file)) continue;
    // Where a link leads is what reading it gives.
    const target = file.link.startsWith("/") ? file.link : `${path.slice(0, path.lastIndexOf("/"))}/${file.link}`;
    const text = files[target];
    if (text === undefined || text === "link") delete files[path];
    else files[path] = text;
  }
  const states = (real.states ?? []).map(
    ({ tag, result, comment, changed }) => `${tag}: ${result} ${changed ? "changed" : "unchanged"}: ${firstLine(comment)}`,
  );
  return { files, states: states.filter((state) => !state.startsWith("file_|-listener_")).sort() };
}

/** Salt prints a stack trace for an exception; what was raised stands in its last line. */
function firstLine(comment: string): string {
  if (comment.startsWith("An exception occurred in this state: ")) {
    const last =
      comment
        .trim()
        .split("\n")
        .findLast((line) => /^[\w.]+(: |$)/.test(line)) ?? "";
    return `An exception occurred in this state: ${last.replace(/^(?:[\w]+\.)+/, "")}`;
  }
  return (comment.trim().split("\n")[0] ?? "")
    .replace(/ at 0x[0-9a-f]+>/, ">")
    .replace(/(?<=^One or more requisite failed: ).*/, (names) => names.split(", ").sort().join(", "));
}

function comparable(applied: AppliedStates, real: Applied): Comparable {
  const files: Record<string, string> = {};
  for (const file of applied.files)
    if (file.kind === "file") files[file.path] = `${file.mode ?? "0644"} ${Buffer.from(file.content).toString("latin1")}`;
  // A file that a failed state leaves as it was is an error here, and there stays what it was.
  for (const file of applied.files)
    if (file.kind === "error" && real.files[file.path] !== undefined) files[file.path] = comparableReal(real).files[file.path] ?? "";
  const states = applied.outcomes
    .filter(({ result }) => result !== "left")
    .map(
      ({ state, id, name, fun, result, changed, comment }) =>
        `${state}_|-${id}_|-${name}_|-${fun}: ${result !== "failed"} ${changed === true ? "changed" : "unchanged"}: ${comment.trim().split("\n")[0] ?? ""}`,
    );
  return { files, states: states.sort() };
}

function fromBase64(content: string): string {
  return Buffer.from(content, "base64").toString("latin1");
}

/** The first line that one side says and the other does not. */
function firstDifference(a: Comparable, b: Comparable): string {
  const lines = (side: Comparable): string[] => [...side.states, ...Object.entries(side.files).map(([path, text]) => `${path}: ${text}`)];
  const other = new Set(lines(b));
  return lines(a).find((line) => !other.has(line)) ?? "nothing";
}
