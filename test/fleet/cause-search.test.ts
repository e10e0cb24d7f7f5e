import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { searchCauses, type Digests } from "../../src/fleet/cause-search.ts";

type Rule = (on: ReadonlySet<number>) => string;

/** What is found where each object is what its rule says of the parts that are as in head. */
function found(
  parts: number,
  rules: Readonly<Record<string, Rule>>,
): { readonly tries: number; readonly by: Record<string, [number[], number[]]> } {
  const all = Array.from({ length: parts }, (_, index) => index);
  let tries = 0;
  const digests = (on: readonly number[]): Digests => {
    tries += 1;
    return new Map(Object.entries(rules).map(([name, rule]) => [name, rule(new Set(on))]));
  };
  const causes = searchCauses({ parts, base: digests, head: (off) => digests(all.filter((part) => !off.includes(part))) });
  const by = Object.fromEntries(
    Object.keys(rules).map((name): [string, [number[], number[]]] => [
      name,
      [all.filter((part) => causes[part]?.alone.has(name)), all.filter((part) => causes[part]?.together.has(name))],
    ]),
  );
  return { tries, by };
}

const when =
  (...needed: number[]): Rule =>
  (on) =>
    String(needed.every((part) => on.has(part)));

describe("which parts made an object another one", () => {
  test("one by itself; another that needs nothing else is not looked for, nor more tried than that", () => {
    const { by, tries } = found(5, { a: when(1), b: when(3), same: () => "x" });
    expect(by).toEqual({ a: [[1], []], b: [[3], []], same: [[], []] });
    // Base, head, each part alone, and what is found of the two objects.
    expect(tries).toBeLessThanOrEqual(5 + 2 + 2);
  });

  test("two, or more, that only together bring it", () => {
    expect(found(4, { a: when(0, 2), b: when(0, 1, 2, 3) }).by).toEqual({ a: [[], [0, 2]], b: [[], [0, 1, 2, 3]] });
  });

  test("one brings a part of it by itself, and another what hangs on both", () => {
    // A flag chooses a value, and the value is another too.
    const text: Rule = (on) => (on.has(0) ? (on.has(1) ? "new" : "old") : "none");
    expect(found(3, { text }).by).toEqual({ text: [[0], [1]] });
  });

  test("each explains some fields of one object", () => {
    expect(found(3, { a: (on) => `${on.has(0)} ${on.has(2)}` }).by).toEqual({ a: [[0, 2], []] });
  });

  test("either of two is enough", () => {
    expect(found(3, { a: (on) => String(on.has(0) || on.has(1)) }).by).toEqual({ a: [[0, 1], []] });
  });

  test("either of two pairs is enough: no part alone does anything, nor is any missed alone", () => {
    expect(found(6, { a: (on) => String((on.has(0) && on.has(1)) || (on.has(3) && on.has(4))) }).by["a"]?.[0]).toEqual([]);
    const [, together] = found(6, { a: (on) => String((on.has(0) && on.has(1)) || (on.has(3) && on.has(4))) }).by["a"] ?? [];
    expect(together).toEqual([0, 1]);
  });

  test("whatever is found brings base to head, where a value, two, or two values beside one do (property)", () => {
    const parts = 7;
    const term = fc.uniqueArray(fc.nat(parts - 1), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(term, { minLength: 1, maxLength: 3 }), (terms) => {
        const rule: Rule = (on) => terms.map((each) => each.every((part) => on.has(part))).join();
        const [alone, together] = found(parts, { o: rule }).by["o"] ?? [[], []];
        const needed = new Set(terms.flat());
        // Nothing is missed, and nothing else blamed.
        expect(new Set([...alone, ...together])).toEqual(needed);
        for (const part of alone) expect(terms.some((each) => each.length === 1 && each[0] === part)).toBe(true);
      }),
    );
  });

  test("so much and no more is tried, however many parts there are", () => {
    const hidden: Rule = (on) => String((on.has(50) && on.has(51)) || (on.has(60) && on.has(61)));
    expect(found(70, { a: hidden }).tries).toBeLessThan(2 * 70 + 2 + 24 + 64 + 2);
  });
});
