import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Answers, NEVER, questionOf } from "../../src/memo/answers.ts";
import { canonical, NotPlain } from "../../src/memo/canonical.ts";
import { Ask, DataPaths, PyCallable, PyDict, PyOrderedDict, PySet, PyTuple, type Value } from "../../src/python/index.ts";
import { anyData, cloned, shown } from "./data.ts";

const text = (value: Value): string => JSON.stringify(shown(value));

class Function extends PyCallable {
  readonly typeName = "function";
  readonly name = "f";
  override call(): Value {
    return null;
  }
  repr(): string {
    return "<function f>";
  }
}

describe("the canonical text", () => {
  test("is equal for the same data, and for no other", () => {
    fc.assert(
      fc.property(anyData, anyData, (a, b) => {
        expect(canonical(cloned(a))).toBe(canonical(a));
        expect(canonical(a) === canonical(b)).toBe(text(a) === text(b));
      }),
      { numRuns: 1000 },
    );
  });

  test.each<readonly [string, Value]>([
    ["a function", new Function()],
    ["a list with one", [1, new Function()]],
    ["a mapping with one", PyDict.from({ a: new Function() })],
  ])("there is none of %s", (_what, value) => {
    expect(() => canonical(value)).toThrow(NotPlain);
  });
});

/** What an answer may tell, told apart without the code under test. */
function told(what: Ask, value: Value | undefined): string {
  const mapping = value instanceof PyDict ? value.typeName : undefined;
  switch (what) {
    case Ask.value:
      return value === undefined ? "absent" : (mapping ?? text(value));
    case Ask.kind:
      if (value === undefined || Array.isArray(value)) return value === undefined ? "absent" : "list";
      return mapping ?? (value instanceof PyTuple || value instanceof PySet ? "container" : "scalar");
    case Ask.keys:
      return value instanceof PyDict ? `${value.typeName} ${text([...value.keys()])}` : "no mapping";
    default:
      return value instanceof PyDict ? `${value.typeName} ${value.size}` : "no mapping";
  }
}

const values = fc.option(anyData, { nil: undefined });

describe("answers", () => {
  test.each(Object.entries(Ask))("of %s have equal numbers for what tells the same, and for nothing else", (_name, what) => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const answers = new Answers();
        const [one, two] = [answers.answer(what, a), answers.answer(what, b)];
        expect(one === two).toBe(told(what, a) === told(what, b));
        expect(answers.answer(what, a === undefined ? undefined : cloned(a))).toBe(one);
      }),
      { numRuns: 1000 },
    );
  });

  test("have texts that give the same number in another run, and are short", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(Ask)), values, (what, value) => {
        const [here, there] = [new Answers(), new Answers()];
        there.answer(Ask.value, "something before");
        const kept = here.text(here.answer(what, value));
        expect(kept.length).toBeLessThanOrEqual(48);
        // As it goes through a pack of records.
        const packed = JSON.parse(JSON.stringify(kept)) as string;
        expect(there.number(packed)).toBe(there.answer(what, value));
      }),
      { numRuns: 1000 },
    );
  });

  test("of what is no plain data equal nothing", () => {
    const answers = new Answers();
    const list = [new Function()];
    expect([answers.answer(Ask.value, list), answers.answer(Ask.value, list)]).toEqual([NEVER, NEVER]);
  });

  test("of an ordered mapping and of a plain one differ where the value is asked for", () => {
    const answers = new Answers();
    expect(answers.answer(Ask.value, new PyOrderedDict())).not.toBe(answers.answer(Ask.value, new PyDict()));
  });

  test("questions about one place and about another have different numbers", () => {
    const paths = new DataPaths();
    const root = paths.root("pillar");
    const places = [root, root.child("a"), root.child("b"), root.child("a").child("b"), paths.root("grains")];
    const questions = places.flatMap((path) => Object.values(Ask).map((what) => questionOf(path, what)));
    expect(new Set(questions).size).toBe(questions.length);
    expect(questions.map((question) => paths.at(question >> 2)?.id)).toEqual(places.flatMap((path) => Array<number>(4).fill(path.id)));
  });
});
