import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dumpPyYaml, emit, loadKubernetes, loadSalt } from "../../src/yaml/index.ts";
import { documents } from "./documents.ts";
import { mutated, soup } from "./soup.ts";
import { verdict } from "./verdict.ts";

/** What both loaders say of a text: `read`, or the findings' codes. */
function verdicts(text: string): { salt: string; kubernetes: string } {
  return {
    salt: verdict(() => loadSalt(text, { file: "x", positions: true })),
    kubernetes: verdict(() => loadKubernetes(text, { file: "x" })),
  };
}

const chain = (levels: number, line: (index: number) => string): string =>
  Array.from({ length: levels }, (_, index) => line(index)).join("");

describe("bombs are bounded", () => {
  it.each([
    ["nested flow sequences", "[".repeat(10_000), "yaml-limit", "yaml-limit"],
    ["nested flow mappings", "{a: ".repeat(2_500), "yaml-limit", "yaml-limit"],
    ["nested block sequences", "- ".repeat(5_000), "yaml-limit", "yaml-limit"],
    ["nested explicit keys", "? ".repeat(5_000), "yaml-limit", "yaml-limit"],
    [
      "doubling aliases of lists",
      `a: &a0 [x]\n${chain(40, (index) => `b${index}: &a${index + 1} [*a${index}, *a${index}]\n`)}`,
      "yaml-limit",
      "yaml-limit",
    ],
    [
      "doubling aliases of mappings",
      `a: &a0 {x: 1}\n${chain(40, (index) => `b${index}: &a${index + 1} {l: *a${index}, r: *a${index}}\n`)}`,
      "yaml-limit",
      "yaml-limit",
    ],
    [
      "doubling merges",
      `a: &a0 {x: 1}\n${chain(40, (index) => `b${index}: &a${index + 1} {<<: [*a${index}, *a${index}]}\n`)}`,
      "yaml-duplicate-key",
      "yaml-limit",
    ],
    [
      "doubling merges met from the top",
      `<<: ${Array.from({ length: 40 }).reduce<string>((inner, _, index) => `&a${index + 1} {<<: [${inner}, *a${index}]}`, "&a0 {x: 1}")}\n`,
      "yaml-limit",
      "yaml-limit",
    ],
    [
      "a long chain of aliases",
      `a: &a0 [x]\n${chain(20_000, (index) => `b${index}: &a${index + 1} [*a${index}]\n`)}`,
      "yaml-limit",
      "yaml-limit",
    ],
    [
      "a long chain of merges",
      `a:\n  b:\n  - &a0 {x: 1}\n${chain(2_000, (index) => `  - &a${index + 1} {<<: *a${index}}\n`)}c:\n  <<: *a2000\n`,
      "yaml-limit",
      "yaml-limit",
    ],
    ["an integer of 5,000 digits", "1".repeat(5_000), "yaml-value", "read"],
    ["a collection that is its own key", "&a {*a : 1}", "yaml-value", "yaml-alias"],
    ["a list within itself", "&a [*a]", "read", "yaml-alias"],
    ["a key of 1,100 characters", `${"k".repeat(1_100)}: v`, "yaml-syntax", "yaml-trailing-text"],
  ])("%s", (_, text, salt, kubernetes) => {
    expect(verdicts(text)).toEqual({ salt, kubernetes });
  });

  it("honest files pass: one anchor used 2,000 times, 20,000 keys, 50,000 items, nesting of 100", () => {
    const honest = [
      `a: &a {x: 1, y: [2, 3]}\nb:\n${chain(2_000, () => "- *a\n")}`,
      chain(20_000, (index) => `key${index}: ${index}\n`),
      chain(50_000, (index) => `- ${index}\n`),
      chain(100, (index) => `${" ".repeat(index)}k:\n`),
    ];
    for (const text of honest) expect(verdicts(text)).toEqual({ salt: "read", kubernetes: "read" });
  });

  it("duplicates are found in linear time", () => {
    const cpu = (keys: number): number => {
      const text = `${chain(keys, (index) => `key${index}: 1\n`)}key${keys - 1}: 2\n`;
      const start = process.cpuUsage();
      expect(verdicts(text)).toEqual({ salt: "yaml-duplicate-key", kubernetes: "yaml-duplicate-key" });
      return process.cpuUsage(start).user;
    };
    cpu(2_000);
    // Ten times the keys: ten times the work where it is linear, a hundred times where each key is held against all others.
    expect(cpu(20_000) / cpu(2_000)).toBeLessThan(40);
  });

  it("10 KB of random pieces take neither a second nor 256 MiB, and end in a value or a finding", () => {
    const large = fc.oneof(
      fc.array(soup, { minLength: 100, maxLength: 400 }).map((pieces) => pieces.join("").slice(0, 10_000)),
      fc.tuple(soup, fc.nat({ max: 3_000 })).map(([piece, times]) => piece.repeat(times + 1).slice(0, 10_000)),
      fc.array(mutated(documents), { minLength: 20, maxLength: 100 }).map((pieces) => pieces.join("\n").slice(0, 10_000)),
    );
    fc.assert(
      fc.property(large, (text) => {
        const start = process.cpuUsage();
        verdicts(text);
        const used = process.cpuUsage(start);
        expect((used.user + used.system) / 1e6).toBeLessThan(1);
      }),
      { numRuns: 300 },
    );
    expect(process.memoryUsage().rss).toBeLessThan(1024 * 2 ** 20);
  });
});

describe("data without end is refused or named", () => {
  const recursive = loadSalt("&a [x, *a]", { file: "x" }).value;

  it("the emitter refuses it", () => {
    expect(() => emit([recursive])).toThrow(/contains itself/);
  });
  it("PyYAML's dumper names it", () => {
    expect(dumpPyYaml(recursive, { defaultFlowStyle: true })).toBe("&id001 [x, *id001]\n");
  });
  it("half a surrogate pair is refused", () => {
    expect(() => emit(["a\ud800b"])).toThrow(/surrogate/);
  });
});
