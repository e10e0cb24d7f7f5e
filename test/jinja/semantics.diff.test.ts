import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Value } from "../../src/python/index.ts";
import { Oracle, oracleIsThere } from "../oracle/oracle.ts";
import { differences } from "./semantics_compare.ts";
import { answer, bytes, dict, encodeCase, float, int, missing, safe, set, tuple, type Case, type CaseAnswer } from "./semantics_cases.ts";

const NUMBERS: Value[] = [
  0,
  1,
  -1,
  7,
  -3,
  2 ** 53 - 1,
  int("9007199254740993"),
  int("-123456789012345678901234567890"),
  float(0),
  float(-0),
  float(1.5),
  float(-2.5),
  float(1e16),
  float(1e-5),
  float(Infinity),
  float(NaN),
  true,
  false,
];
const OTHERS: Value[] = [
  null,
  "",
  "ab",
  "é😀",
  safe("<b>"),
  [],
  [1, "a"],
  [2],
  tuple(),
  tuple(1),
  tuple(1, 2),
  dict(),
  dict(["a", 1]),
  set(1, 2),
  bytes("ab"),
  missing("x"),
];
const ALL = [...NUMBERS, ...OTHERS];

const BINARY = ["+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=", "==", "!=", "in"];

function operators(): Case[] {
  const cases: Case[] = [];
  for (const name of BINARY)
    for (const a of ALL)
      for (const b of ALL) {
        // CPython would work for hours on 7 ** 2**53.
        if (name === "**" && (typeof b === "bigint" || (typeof b === "number" && b > 1000))) continue;
        cases.push({ kind: "binary", name, args: [a, b] });
      }
  for (const name of ["+", "-"]) for (const a of ALL) cases.push({ kind: "unary", name, args: [a] });
  return cases;
}

function basics(): Case[] {
  const cases: Case[] = [];
  for (const kind of ["str", "repr", "bool", "len", "list"] as const) for (const a of ALL) cases.push({ kind, args: [a] });
  const printed: Value[] = [
    "it's",
    'say "x"',
    'it\'s "both"',
    "tab\tnew\nline\r\\",
    "\u0000\u001f\u007f\u0080\u00ad\u200b\u2028",
    "\ud83d\ude00",
    [[]],
    [dict(["k", [tuple(1)]])],
    float(123456789.125),
    float(1e22),
    float(1.7976931348623157e308),
    float(5e-324),
    float(0.1),
    float(100),
    float(1e15),
    float(123456789012345680),
    bytes("a'b\\\x00\xff\""),
    set(),
  ];
  for (const a of printed) cases.push({ kind: "repr", args: [a] }, { kind: "str", args: [a] });
  for (const text of ["abcdef", "aé😀b", "", safe("<a>"), [1, 2, 3, 4, 5], tuple(1, 2, 3), bytes("abc")] as Value[]) {
    for (const start of [null, 0, 1, -2, 10, -10])
      for (const stop of [null, 2, -1, 10])
        for (const step of [null, 1, 2, -1, -2]) cases.push({ kind: "slice", args: [text, start, stop, step] });
  }
  cases.push({ kind: "slice", args: ["abc", null, null, 0] }, { kind: "slice", args: ["abc", "x", null, null] });
  for (const list of [
    [3, 1, 2],
    ["b", "a", "B"],
    [1, "a"],
    ["a", 1, 2],
    [2, 1, null],
    [[2], [1, 5]],
    [tuple(1, "b"), tuple(1, "a")],
    [true, 0, float(0.5)],
    ["😀", "\uffff"],
    [float(NaN), 1],
  ] as Value[])
    cases.push({ kind: "sorted", args: [list] });
  cases.push(
    { kind: "hash", args: [1, float(1)] },
    { kind: "hash", args: [true, 1] },
    { kind: "hash", args: [tuple(1, "a"), tuple(float(1), "a")] },
    { kind: "hash", args: [int("36893488147419103232"), float(2 ** 65)] },
  );
  return cases;
}

function call(name: string, self: Value, ...args: Value[]): Case {
  return { kind: "method", name, args: [self, ...args] };
}

function named(name: string, self: Value, kwargs: Record<string, Value>, ...args: Value[]): Case {
  return { kind: "method", name, args: [self, ...args], kwargs };
}

function changes(name: string, self: Value, ...args: Value[]): Case {
  return { kind: "method", name, args: [self, ...args], mutates: true };
}

function stringMethods(): Case[] {
  const texts = [
    "",
    "a",
    "Hello World",
    "  padded\t\n",
    "ABC def",
    "ß straße",
    "ǆ ΑΣ ﬁ",
    "12",
    "½²",
    "it's o'neill",
    "a,b,,c",
    "line\r\nline\u2028x\x1cy\n",
    "x_1",
    "é😀z",
    "-42",
    "+7",
    "Ünïcödé",
    "ΣΑΣ",
    "ŉ İi ı",
  ];
  const none = [
    "capitalize",
    "casefold",
    "lower",
    "upper",
    "title",
    "swapcase",
    "strip",
    "lstrip",
    "rstrip",
    "split",
    "rsplit",
    "splitlines",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "expandtabs",
    "encode",
  ];
  const cases: Case[] = [];
  for (const name of none) for (const text of texts) cases.push(call(name, text), call(name, safe(text)));
  for (const name of none) cases.push(call(name, "a", 1, 2, 3), named(name, "a", { bogus: 1 }));
  for (const name of ["center", "ljust", "rjust", "zfill"]) {
    for (const text of texts) for (const width of [0, 5, 8, 9]) cases.push(call(name, text, width));
    cases.push(
      call(name, "ab"),
      call(name, "ab", 7, "*"),
      call(name, "ab", 8, "*", 1),
      call(name, "ab", "x"),
      call(name, "ab", 7, "**"),
      call(name, "ab", 7, 1),
      call(name, safe("a"), 5, "<"),
      call(name, "ab", float(5)),
      call(name, "ab", true),
      named(name, "ab", { width: 4 }),
    );
  }
  for (const name of ["find", "rfind", "index", "rindex", "count", "startswith", "endswith"]) {
    for (const args of [
      ["l"],
      ["o", 5],
      ["l", 0, 4],
      ["l", -3],
      ["", 3],
      ["", 99],
      ["", 2, 1],
      ["zz"],
      [1],
      [],
      ["l", "x"],
      ["l", null, null],
      ["l", 1, 2, 3],
      [tuple("H", "d")],
      [tuple("H", 1)],
      [tuple()],
      ["😀"],
      [["H"]],
    ] as Value[][])
      cases.push(call(name, "Hello World", ...args), call(name, "é😀zl", ...args));
  }
  for (const args of [
    ["l", "L"],
    ["l", "L", 1],
    ["", "-"],
    ["", "-", 2],
    ["l", "L", -1],
    ["l", "L", 0],
    ["x", "y"],
    [1, "a"],
    ["a", 1],
    ["a"],
    ["a", "b", "c"],
    ["a", "b", 1, 2],
    [safe("l"), safe("<")],
  ] as Value[][])
    cases.push(call("replace", "hello", ...args), call("replace", safe("hello"), ...args));
  for (const name of ["split", "rsplit"]) {
    for (const args of [[","], [",", 1], [null, 1], [",", -1], [""], [1], [",", "x"], [null], ["b,"]] as Value[][])
      cases.push(call(name, "a,b,,c d  e ", ...args));
    cases.push(
      named(name, "a b c", { maxsplit: 1 }),
      named(name, "a,b", { sep: "," }),
      named(name, "a b", { sep: "," }, ","),
      named(name, "a", { nope: 1 }),
      call(name, "  x  y  ", null, 0),
      call(name, "a b", null, 5),
      call(name, "   ", null, 1),
    );
  }
  for (const name of ["partition", "rpartition"])
    for (const args of [[","], ["x"], [""], [1], []] as Value[][])
      cases.push(call(name, "a,b,c", ...args), call(name, safe("a,b,c"), ...args));
  for (const name of ["strip", "lstrip", "rstrip"])
    for (const args of [["ab"], [null], [1], [""], ["é😀"]] as Value[][])
      cases.push(call(name, "abcab", ...args), call(name, "é😀x😀", ...args));
  for (const name of ["removeprefix", "removesuffix"])
    for (const args of [["he"], ["lo"], [""], [1], []] as Value[][]) cases.push(call(name, "hello", ...args));
  for (const items of [["a", "b"], [], ["a", 1], "xyz", tuple("a", "b"), dict(["k", 1]), 5, [safe("<"), "&"], ["&"]] as Value[])
    cases.push(call("join", "-", items), call("join", safe("<"), items));
  cases.push(
    call("join", "-"),
    call("join", "-", ["a"], ["b"]),
    call("splitlines", "a\nb\n", true),
    named("splitlines", "a\nb", { keepends: true }),
    call("expandtabs", "a\tb\tc", 4),
    named("expandtabs", "\t", { tabsize: 2 }),
    call("expandtabs", "a\nb\t", 0),
  );
  cases.push(
    call("translate", "abc", dict([97, "x"], [98, null], [99, 100])),
    call("translate", "abc", dict([97, float(1)])),
    call("maketrans", "", "ab", "xy"),
    call("maketrans", "", "ab", "xy", "c"),
    call("maketrans", "", "ab", "x"),
    call("maketrans", "", dict(["a", 1], [98, "z"])),
    call("maketrans", "", dict(["ab", 1])),
    call("maketrans", "", 1),
  );
  cases.push(
    call("encode", "é", "ascii"),
    call("encode", "é", "latin-1"),
    call("encode", "é", "ascii", "ignore"),
    call("encode", "é😀", "ascii", "xmlcharrefreplace"),
    call("encode", "é😀", "ascii", "backslashreplace"),
    call("encode", "é", "nope"),
    call("encode", "é", 1),
    named("encode", "é", { errors: "replace", encoding: "ascii" }),
    call("encode", "a", "utf-16"),
  );
  cases.push(call("unescape", safe("&lt;&amp;&#39;&#x41;&nbsp;&raquo;&ampx;")), call("striptags", safe("<b>a</b>  <!-- x --> &amp; c")));
  return cases;
}

function containerMethods(): Case[] {
  const list = (): Value[] => [3, 1, 2, 1];
  const table = (): Value => dict(["a", 1], ["b", null], [1, "x"]);
  return [
    changes("append", list(), 9),
    changes("append", list()),
    changes("append", list(), 1, 2),
    changes("extend", list(), [7, 8]),
    changes("extend", list(), "ab"),
    changes("extend", list(), 5),
    changes("extend", list(), dict(["k", 1])),
    changes("insert", list(), 0, "z"),
    changes("insert", list(), -1, "z"),
    changes("insert", list(), 99, "z"),
    changes("insert", list(), -99, "z"),
    changes("insert", list(), "x", 1),
    changes("insert", list(), 1),
    changes("pop", list()),
    changes("pop", list(), 0),
    changes("pop", list(), -2),
    changes("pop", list(), 9),
    changes("pop", []),
    changes("pop", list(), "x"),
    changes("remove", list(), 1),
    changes("remove", list(), 42),
    changes("reverse", list()),
    changes("clear", list()),
    changes("copy", list()),
    changes("sort", list()),
    { ...changes("sort", list()), kwargs: { reverse: true } },
    changes("sort", [1, "a"]),
    changes("sort", list(), 1),
    { ...changes("sort", list()), kwargs: { nope: 1 } },
    call("index", list(), 1),
    call("index", list(), 1, 2),
    call("index", list(), 9),
    call("index", list(), 1, 0, 1),
    call("count", list(), 1),
    call("count", list(), float(1)),
    call("count", list()),
    call("index", tuple(1, 2), 2),
    call("index", tuple(1, 2), 5),
    call("count", tuple(1, 1), 1),
    call("index", tuple(1)),
    call("get", table(), "a"),
    call("get", table(), "z"),
    call("get", table(), "z", 5),
    call("get", table(), []),
    call("get", table()),
    call("get", table(), 1, 2, 3),
    call("get", table(), true),
    call("get", table(), "b", 3),
    named("get", table(), { default: 1 }, "a"),
    call("keys", table()),
    call("values", table()),
    call("items", table()),
    call("keys", dict()),
    changes("update", table(), dict(["a", 2], ["c", 3])),
    changes("update", table(), [tuple("x", 1)]),
    changes("update", table(), ["ab"]),
    changes("update", table(), ["abc"]),
    changes("update", table(), [1]),
    changes("update", table(), 5),
    { ...changes("update", table()), kwargs: { q: 1 } },
    changes("update", table(), dict(), dict()),
    changes("pop", table(), "a"),
    changes("pop", table(), "z"),
    changes("pop", table(), "z", 1),
    changes("pop", table()),
    changes("pop", table(), []),
    changes("popitem", table()),
    changes("popitem", dict()),
    changes("setdefault", table(), "a", 5),
    changes("setdefault", table(), "n", 5),
    changes("setdefault", table(), "n"),
    changes("copy", table()),
    changes("clear", table()),
    call("fromkeys", dict(), ["a", "b"]),
    call("fromkeys", dict(), "ab", 1),
    call("fromkeys", dict(), 5),
    call("bit_length", 255),
    call("bit_length", int("123456789012345678901234567890")),
    call("bit_count", 255),
    call("bit_length", true),
    call("to_bytes", 258, 2, "big"),
    call("to_bytes", 258, 2, "little"),
    call("to_bytes", 258, 1, "big"),
    call("to_bytes", -1, 1, "big"),
    { ...call("to_bytes", -1, 1, "big"), kwargs: { signed: true } },
    call("is_integer", float(2)),
    call("is_integer", float(2.5)),
    call("as_integer_ratio", float(0.75)),
    call("as_integer_ratio", 5),
    call("hex", float(1.5)),
    call("hex", float(-0.1)),
    call("conjugate", 5),
    call("union", set(1), [2]),
    call("intersection", set(1, 2), [2]),
    call("difference", set(1, 2), [2]),
    call("symmetric_difference", set(1, 2), set(2, 3)),
    call("issubset", set(1), [1, 2]),
    call("issuperset", set(1), []),
    call("isdisjoint", set(1), [2]),
    changes("add", set(1), 2),
    changes("discard", set(1), 1),
    changes("remove", set(1), 2),
    changes("remove", set(1), 1),
    call("decode", bytes("abc")),
    call("decode", bytes("\xff")),
    call("decode", bytes("\xff"), "latin-1"),
    call("decode", bytes("a\xffb"), "utf-8", "replace"),
    call("decode", bytes("\xe2\x82"), "utf-8"),
    call("decode", bytes("\xe2\x28\xa1"), "utf-8"),
    call("decode", bytes("\xff"), "ascii"),
    named("decode", bytes("\xc3"), { errors: "ignore" }),
    call("hex", bytes("ab")),
    call("upper", bytes("ab")),
  ];
}

function percent(): Case[] {
  const cases: Case[] = [];
  const format = (template: Value, value: Value): void => void cases.push({ kind: "binary", name: "%", args: [template, value] });
  const numbers: Value[] = [
    0,
    5,
    -5,
    255,
    int("123456789012345678901234567890"),
    float(1.5),
    float(-0.000012345),
    float(1e20),
    float(123456.789),
    float(NaN),
    float(-Infinity),
    true,
    "x",
    null,
  ];
  for (const type of "diouxXeEfFgGcrsa%") {
    for (const flags of ["", "5", "-8", "08", "+", " ", "#", "+08.2", ".3", "#.0", "-#10.4", ".0"]) {
      for (const value of numbers) format(`[%${flags}${type}]`, tuple(value));
    }
  }
  for (const [template, value] of [
    ["%s", "a"],
    ["%s %s", tuple("a", 1)],
    ["%s", tuple()],
    ["%s %s", "a"],
    ["a", "b"],
    ["a", tuple()],
    ["a", dict()],
    ["a", []],
    ["%(x)s", dict(["x", 1])],
    ["%(x)s", 1],
    ["%(x)s %(y)5.1f", dict(["x", 1], ["y", float(2.25)])],
    ["%(z)s", dict(["x", 1])],
    ["%(a(b)c)s", dict(["a(b)c", 1])],
    ["%*d", tuple(5, 3)],
    ["%-*d|", tuple(5, 3)],
    ["%*d", tuple(-5, 3)],
    ["%.*f", tuple(2, float(2.71729))],
    ["%*d", tuple("x", 3)],
    ["%", 1],
    ["%5", 1],
    ["%y", 1],
    ["%(x", dict()],
    ["%%", tuple()],
    ["100%", tuple()],
    ["%ld", 3],
    ["%s", [1, 2]],
    ["%r", "é'"],
    ["%a", "é😀"],
    ["%c", 65],
    ["%c", "ab"],
    ["%c", 1114112],
    ["%c", "é"],
    ["%x", float(1.5)],
    ["%d", "5"],
    ["%d", float(1.9)],
    ["%i", float(-1.9)],
    ["%s", dict(["a", 1])],
    ["%s %s", dict(["a", 1])],
    [safe("<%s>"), "<"],
    [safe("%s%s"), tuple("&", safe("<"))],
    [safe("%(x)s"), dict(["x", "<"])],
    [safe("%r"), "<"],
    [safe("%d"), 5],
    ["%s", missing("u")],
    ["%d", missing("u")],
    ["%f", "x"],
    ["%e", int("1" + "0".repeat(400))],
    ["%.50f", float(0.1)],
    ["%.0f", float(0.5)],
    ["%.0f", float(1.5)],
    ["%.0f", float(2.5)],
    ["%.2f", float(2.675)],
    ["%.17g", float(0.1)],
    ["%g", float(100000)],
    ["%g", float(1000000)],
    ["%g", float(0.0001)],
    ["%g", float(0.00001)],
    ["%#g", 1],
  ] as [Value, Value][])
    format(template, value);
  return cases;
}

function formats(): Case[] {
  const cases: Case[] = [];
  const values: Value[] = [
    0,
    42,
    -7,
    int("123456789012345678901"),
    float(2.71729),
    float(-0.0),
    float(1e21),
    float(1234567.891),
    float(NaN),
    float(Infinity),
    "text",
    "é😀",
    true,
    null,
    [1],
  ];
  const specs = [
    "",
    "d",
    "5",
    "<8",
    ">8",
    "^9",
    "*^9",
    "=+8",
    "08",
    "+",
    " ",
    "-",
    "#x",
    "#o",
    "#b",
    "x",
    "X",
    "b",
    "o",
    "c",
    "n",
    "e",
    "E",
    "f",
    "F",
    "g",
    "G",
    "%",
    ".2",
    ".2f",
    "10.3f",
    "+.1e",
    ",",
    "_",
    ",.2f",
    "_x",
    ",x",
    "012,d",
    "012,.1f",
    "s",
    ".3s",
    "10s",
    "<010",
    "^010",
    "z.1f",
    "z",
    "#.3g",
    "#.0f",
    ".0f",
    ".0%",
    "é>8",
    "😀^8",
    "q",
    "5.",
    "1.2.3",
    "ss",
    "0<5",
    "=5",
    ",,",
    "_,",
    "#",
    "#s",
    "+s",
    "x<",
    ".0",
    ".1",
    ".10",
    ".20",
    "x=+#10x",
  ];
  for (const value of values) for (const spec of specs) cases.push({ kind: "format", args: [value, spec] });
  const use = (template: Value, ...args: Value[]): void => void cases.push(call("format", template, ...args));
  use("{} {}", 1, "a");
  use("{1} {0}", 1, 2);
  use("{0.real}", 5);
  use("{0[k]}", dict(["k", 1]));
  use("{0[1]}", [1, 2]);
  use("{[0]}", "xy");
  use("{!r}", "a");
  use("{!s:>5}", 1);
  use("{!a}", "é");
  use("{!x}", 1);
  use("{:{}}", 1, 5);
  use("{:{w}}", 1);
  use("{0:{1}.{2}f}", float(1.5), 8, 3);
  use("{{}}");
  use("{");
  use("}");
  use("{0");
  use("{} {0}", 1);
  use("{0} {}", 1);
  use("{}");
  use("{2}", 1);
  use("{x}");
  use("{0.foo}", 1);
  use("{0.__class__}", "a");
  use("{0._x}", "a");
  use("{0[a]}", dict());
  use("{0.}", 1);
  use("{0[]}", 1);
  use("{0[a}", 1);
  use("{0!}", 1);
  use("{0!rr}", 1);
  use("{:{:{}}}", 1, 2, 3);
  use("{a.b}", 1);
  use("{0[a]x}", dict(["a", 1]));
  use(safe("<{}>"), "<");
  use(safe("{}"), safe("<"));
  use(safe("{:>3}"), safe("<"));
  use("{:>5}{:<5}|", "a", "b");
  use("{0:d}", "x");
  use("{:,}", 1234567);
  use("a{0}b{0}", 1);
  use("{!r:>8}", "x");
  use("{:%Y}", 1);
  use("{!}", 1);
  use("{a{b}}", 1);
  cases.push(
    { kind: "method", name: "format", args: ["{x} {y[0]}"], kwargs: { x: 1, y: [2] } },
    call("format_map", "{a}", dict(["a", 1])),
    call("format_map", "{b}", dict(["a", 1])),
    call("format_map", "{a}"),
    named("format_map", "{a}", { a: 1 }),
  );
  return cases;
}

describe.skipIf(!oracleIsThere())("Python's operators, methods and formats", () => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = new Oracle(["semantics"]);
  });
  afterAll(() => oracle.close());

  const GROUPS: [string, () => Case[]][] = [
    ["operators", operators],
    ["printing, slices, sorting", basics],
    ["str methods", stringMethods],
    ["container and number methods", containerMethods],
    ["printf formats", percent],
    ["format specifications and str.format", formats],
  ];
  test.each(GROUPS)("%s", async (_name, make) => {
    const cases = make();
    const encoded = cases.map(encodeCase);
    const ours = cases.map((one) => answer(one));
    const reply = await oracle.ask("semantics.run", { cases: encoded });
    if (!("ok" in reply)) throw new Error(JSON.stringify(reply));
    const theirs = reply.ok as CaseAnswer[];
    expect(differences(cases, ours, theirs)).toBe("");
  });
});
