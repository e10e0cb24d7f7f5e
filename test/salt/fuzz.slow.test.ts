import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Compiled, Files } from "./fuzz-compile.ts";
import { HOSTILE } from "./hostile-trees.ts";

/** Bounds for 10 KB of input. CPU time is the compile's own; what other processes do does not count. */
const CPU_SECONDS = 1;
const HEAP_MIB = 256;

/** A process that compiles what it is sent. One whose heap outgrows the bound, or that never answers, is an error of the case it had. */
class Compiler {
  #child: ChildProcess | undefined;

  async compile(files: Files): Promise<Compiled> {
    const child = (this.#child ??= fork(fileURLToPath(new URL("fuzz-child.ts", import.meta.url)), {
      execArgv: ["--import", "tsx", `--max-old-space-size=${HEAP_MIB + 64}`],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    }));
    child.send(Object.fromEntries(Object.entries(files).map(([path, file]) => [path, sendable(file)])));
    const settled = new AbortController();
    const { signal } = settled;
    const events = ["message", "exit"].map((event) => once(child, event, { signal }));
    // The one that did not come is called off, which it tells by an error.
    for (const event of events) event.catch(() => undefined);
    const answered = await Promise.race(events);
    settled.abort();
    const [answer] = answered as readonly unknown[];
    // What fuzz-child.ts sends is a Compiled.
    if (typeof answer === "object" && answer !== null) return answer as Compiled;
    this.#child = undefined;
    throw new Error(`the compile ended its process (${answered.map(String).join(", ")})`);
  }

  async close(): Promise<void> {
    if (this.#child === undefined) return;
    const gone = once(this.#child, "exit");
    this.#child.disconnect();
    await gone;
  }
}

/** Half surrogates and bytes survive as base64. */
function sendable(file: string | Uint8Array): string | readonly [string] {
  return typeof file === "string" ? file : [Buffer.from(file).toString("base64")];
}

const compiler = new Compiler();
afterAll(() => compiler.close());

async function holds(files: Files): Promise<Compiled> {
  const compiled = await compiler.compile(files);
  expect(compiled.codes.filter((code) => code.startsWith("THROWN"))).toEqual([]);
  expect(compiled.heap).toBeLessThan(HEAP_MIB);
  return compiled;
}

describe("hostile trees end in findings", () => {
  const codes = new Map<string, string>();
  it.each(HOSTILE.map((tree) => [tree.title, tree] as const))("%s", async (title, { files }) => {
    const compiled = await holds(files);
    codes.set(title, compiled.codes.join(" "));
    expect(compiled.cpu).toBeLessThan(CPU_SECONDS);
  });
  it("which are these", async () => {
    const lines = [...codes].map(([title, found]) => `${title}: ${found === "" ? "compiles" : found}\n`);
    await expect(lines.join("")).toMatchFileSnapshot("golden/hostile-trees.txt");
  });
});

const TREE = fileURLToPath(new URL("../..", import.meta.url));

/** The shipped files that are small enough for a tree of 10 KB. */
const SHIPPED: readonly (readonly [string, string])[] = ["states", "pillar"].flatMap((root) =>
  readdirSync(join(TREE, root), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:sls|jinja|yaml)$/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
    .filter((text) => text.length < 4_000)
    .map((text) => [root, text] as const),
);

const PIECES = [
  "{% for i in range(99) %}",
  "{% endfor %}",
  "{% if x %}",
  "{% endif %}",
  "{{ pillar }}",
  "{{ grains['id'] }}",
  "{% set x = pillar.get('a', {}) %}",
  "{% include 'states/a.sls' %}",
  "{% import 'a.sls' as a with context %}",
  "{% macro m(a) %}",
  "{% endmacro %}",
  "{{ m(1) }}",
  "{{ 'a' * 9999 }}",
  "include: [a, b]\n",
  "extend:\n",
  "exclude: [a]\n",
  "x:\n",
  "  test.nop:\n",
  "  file.managed:\n",
  "    - name: /x\n",
  "    - source: salt://t\n",
  "    - template: jinja\n",
  "    - contents: |\n",
  "    - require: [{test: x}]\n",
  "    - require_in: ['*']\n",
  "    - use: [{file: x}]\n",
  "    - names: [a, b]\n",
  "    - order: last\n",
  "base:\n  '*': [a]\n",
  "&a ",
  "*a",
  "<<: *a\n",
  "!!binary ",
  "#!jinja|json\n",
  "#!toml\n",
  "\t",
  "\0",
  "\ufeff",
  "\r\n",
  "- ",
  ": ",
  "[",
  "]",
  "{",
  "}",
  "'",
  '"',
  "|",
  ">",
  "\n",
  "  ",
  "é",
  "🧂",
];

const text = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((pieces) => pieces.join("")),
  fc.string({ unit: "binary", maxLength: 200 }),
  // A shipped file with a part of it taken out, doubled or replaced.
  fc
    .tuple(
      fc.constantFrom(...SHIPPED.map(([, file]) => file)),
      fc.nat(),
      fc.nat(200),
      fc.constantFrom("", "take", "double"),
      fc.constantFrom("", ...PIECES),
    )
    .map(([file, from, length, what, piece]) => {
      const at = from % (file.length + 1);
      const part = file.slice(at, at + length);
      return (
        file.slice(0, at) + (what === "double" ? part + piece + part : what === "take" ? piece : part + piece) + file.slice(at + length)
      );
    }),
);

const bytes = fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) });

describe("generated trees end in a value or findings", () => {
  it("whatever their files hold", async () => {
    const tree = fc.record({
      "states/top.sls": fc.oneof({ weight: 9, arbitrary: fc.constant("base:\n  '*': [a]\n") }, { weight: 1, arbitrary: text }),
      "states/a.sls": bytes,
      "states/b.sls": text,
      "states/t": bytes,
      "pillar/top.sls": fc.oneof({ weight: 9, arbitrary: fc.constant("base:\n  '*': [p]\n") }, { weight: 1, arbitrary: text }),
      "pillar/p.sls": fc.oneof({ weight: 4, arbitrary: fc.constant("a: {b: [1, x]}\n") }, { weight: 1, arbitrary: bytes }),
    });
    await fc.assert(
      fc.asyncProperty(tree, async (files) => {
        const compiled = await holds(files);
        expect(compiled.cpu).toBeLessThan(CPU_SECONDS);
      }),
      { numRuns: 1200 },
    );
  });
});
