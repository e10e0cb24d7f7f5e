import * as fc from "fast-check";
import { decodeValue } from "../oracle/decode.ts";
import type { Encoded } from "../oracle/encode.ts";
import { PyCallable, PyDict, PyOrderedDict, type Value } from "../../src/python/index.ts";

/**
 * Data to dump, as JSON that both sides read: what encode.ts writes, and `odict` for an OrderedDict, `share` for one object in several
 * places, `object` for what is no data.
 */
export type Dumpable = Encoded;

class NoData extends PyCallable {
  readonly typeName = "object";
  readonly name = "object";
  call(): Value {
    return null;
  }
  repr(): string {
    return "<object>";
  }
}

/** The value that a case stands for. */
export function dumpable(encoded: Dumpable): Value {
  const shared = new Map<string, Value>();
  const walk = (item: Encoded): Value => {
    if (Array.isArray(item)) return item.map(walk);
    if (item === null || typeof item !== "object") return item;
    const [[kind, body] = ["", null]] = Object.entries(item);
    const pairs = (): [Value, Value][] => (body as [Encoded, Encoded][]).map(([key, value]) => [walk(key), walk(value)]);
    if (kind === "odict") return fill(new PyOrderedDict(), pairs());
    if (kind === "dict") return fill(new PyDict(), pairs());
    if (kind === "object") return new NoData();
    if (kind !== "share") return decodeValue(item);
    const [name, inner] = body as [string, Encoded];
    const known = shared.get(name) ?? walk(inner);
    shared.set(name, known);
    return known;
  };
  return walk(encoded);
}

function fill(dict: PyDict, pairs: readonly (readonly [Value, Value])[]): PyDict {
  for (const [key, value] of pairs) dict.set(key, value);
  return dict;
}

const dict = (...pairs: [Encoded, Encoded][]): Encoded => ({ dict: pairs });
const int = (value: number | bigint): Encoded => ({ int: String(value) });
const float = (text: string): Encoded => ({ float: text });

/** Data by hand: one of every kind. */
export const dumpCases: readonly Dumpable[] = [
  null,
  true,
  false,
  int(0),
  int(-5),
  int(12345678901234567890n),
  ...["0.1", "1.0", "1e+16", "1e-05", "1e+100", "-0.0", "inf", "-inf", "nan", "123456789.125", "1.5e-07"].map(float),
  [],
  dict(),
  { odict: [] },
  { tuple: [] },
  { tuple: [int(1), "a"] },
  { set: ["b", "a"] },
  { bytes: "68656c6c6f" },
  { bytes: "" },
  { bytes: "00ff".repeat(60) },
  dict(["b", int(1)], ["a", int(2)], ["c", [int(1), int(2)]]),
  {
    odict: [
      ["b", int(1)],
      [
        "a",
        {
          odict: [
            ["z", int(1)],
            ["y", int(2)],
          ],
        },
      ],
    ],
  },
  dict([int(2), "b"], [int(1), "a"], [float("1.5"), "c"]),
  dict(["a", int(1)], [int(1), "b"]),
  dict([null, int(1)], ["a", int(2)]),
  dict([true, int(1)], [int(0), int(2)]),
  dict([{ tuple: ["a", "b"] }, int(1)], [{ tuple: ["a", "a"] }, int(2)]),
  dict([{ tuple: [] }, int(1)]),
  dict(["😀", int(1)], ["\uffee", int(2)], ["a", int(3)]),
  dict(["a", [[int(1), [int(2)]], dict(["b", [dict(["c", int(1)])]])]], ["d", [[], dict(), [[]]]]),
  [[int(1), int(2)], [[int(3)], [[int(4)]]], dict(["a", int(1)]), dict(["a", dict(["b", int(1)])])],
  [{ share: ["x", [int(1)]] }, { share: ["x", [int(1)]] }],
  [{ share: ["x", []] }, { share: ["x", []] }, { share: ["y", dict()] }, { share: ["y", dict()] }],
  dict(
    ["a", { share: ["x", dict(["k", int(1)])] }],
    ["b", { share: ["x", dict(["k", int(1)])] }],
    ["c", [{ share: ["y", ["q"]] }, { share: ["y", ["q"]] }]],
  ),
  [{ share: ["x", { tuple: [int(1)] }] }, { share: ["x", { tuple: [int(1)] }] }],
  { object: 1 },
  [{ object: 1 }, "a"],
  dict(["k".repeat(127), int(1)], ["k".repeat(128), int(2)], ["k".repeat(129), int(3)], ["é".repeat(65), int(4)]),
  dict(["a\nb", int(1)], ["", int(2)], ["a: b", int(3)], ["true", int(4)]),
  dict(["word ".repeat(30).trim(), "word ".repeat(60).trim()]),
  dict(
    ["a", "x".repeat(100)],
    ["b", `${"x".repeat(78)} ${"y".repeat(20)}`],
    ["c", `'${"word ".repeat(30)}`],
    ["d", `\t${"word ".repeat(30)}`],
  ),
  ["word  ".repeat(30), "  lead", "trail  ", " ", "  ", "a  b"],
  [
    Array.from({ length: 60 }, (_, index) => int(index)),
    dict(...Array.from({ length: 40 }, (_, index): [Encoded, Encoded] => [`key${index}`, int(index)])),
  ],
  dict(
    ["a", "line\nline\n"],
    ["b", "line\nline"],
    ["c", "\nline\n\n"],
    ["d", " line\n"],
    ["e", "line \nx"],
    ["f", "a\n b"],
    ["g", "\n"],
    ["h", "a\n\n\nb"],
  ),
  dict(
    ["file", "salt://x/y.sls"],
    ["mode", "0644"],
    ["time", "12:30"],
    ["date", "2020-01-01"],
    ["on", "yes"],
    ["version", "1.0"],
    ["null", "null"],
    ["tilde", "~"],
    ["eq", "="],
    ["merge", "<<"],
  ),
];

/** Random options of `yaml.dump`, under Python's names. */
export const dumpOptions: fc.Arbitrary<Record<string, unknown>> = fc.record(
  {
    default_flow_style: fc.constantFrom(true, false, null),
    default_style: fc.constantFrom(null, null, null, "'", '"', "|", ">"),
    indent: fc.constantFrom(null, 1, 2, 4, 8, 10),
    width: fc.constantFrom(null, -1, 0, 5, 20, 80, 1000),
    allow_unicode: fc.boolean(),
    sort_keys: fc.boolean(),
    explicit_start: fc.boolean(),
    explicit_end: fc.boolean(),
  },
  { requiredKeys: [] },
);

const text = fc.oneof(
  fc.string({
    unit: fc.constantFrom(..."ab01 -:#,'\"\n\t[]{}&*!|>%@`?.=~<\\é\u0085\u2028\ufeff\x07".split(""), "😀", "word ", "null", "yes", "0x"),
    maxLength: 12,
  }),
  fc.string({ unit: "binary", maxLength: 8 }).map((value) => value.replace(/[\ud800-\udfff]/gu, "")),
  fc
    .array(fc.constantFrom("word", "a", "  ", "\n", "long-long-long", "it's", "x: y", "#"), { maxLength: 40 })
    .map((words) => words.join(" ")),
);
const scalar: fc.Arbitrary<Encoded> = fc.oneof(
  text,
  text,
  fc.constantFrom(null, true, false),
  fc.integer().map(int),
  fc.double({ noNaN: true }).map((value) => float(Object.is(value, -0) ? "-0.0" : String(value))),
);

/** Random data, with OrderedDicts and shared containers. */
export const dumpData: fc.Arbitrary<Encoded> = fc.letrec<{ node: Encoded }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    scalar,
    fc.array(tie("node"), { maxLength: 4 }),
    fc.uniqueArray(fc.tuple(text, tie("node")), { maxLength: 4, selector: ([key]) => key }).map((pairs) => ({ dict: pairs })),
    fc.uniqueArray(fc.tuple(text, tie("node")), { maxLength: 3, selector: ([key]) => key }).map((pairs) => ({ odict: pairs })),
    fc.constantFrom<Encoded>({ share: ["one", ["shared"]] }, { share: ["two", { dict: [["k", { share: ["one", ["shared"]] }]] }] }),
  ),
})).node;
