import { describe, expect, it } from "vitest";
import { PyDict, PyFloat, PyTuple } from "../../src/python/index.ts";
import { parseMinionConfig, printPlain, SaltCompiler, showLow, showTop, toPlain, type MinionSettings } from "../../src/salt/index.ts";
import { minionOfTree } from "./state-world.ts";

function compile(
  files: Readonly<Record<string, string>>,
  settings: MinionSettings = {},
  config = "",
): ReturnType<SaltCompiler["forMinion"]> {
  return new SaltCompiler().forMinion(minionOfTree({ title: "", files, config }), settings);
}

describe("pillar provenance", () => {
  const files = {
    "pillar/top.sls": "base:\n  '*': [p, q]\n",
    "pillar/p.sls": "include: [i]\na: 1\nd:\n  x: 1\n  l: [1, 2]\n",
    "pillar/i.sls": "a: 0\nonly: i\n",
    "pillar/q.sls": "\nd:\n  x: 2\n  y: 3\n",
  };
  const { value } = compile(files, { trace: true }).pillar();
  it.each([
    [
      "a value that an includer put over its include's",
      ["a"],
      { winner: { file: "pillar/p.sls", line: 2 }, overridden: [{ file: "pillar/i.sls", line: 1 }] },
    ],
    ["a value of one file", ["only"], { winner: { file: "pillar/i.sls", line: 2 }, overridden: [] }],
    [
      "a value that a later SLS replaced",
      ["d", "x"],
      { winner: { file: "pillar/q.sls", line: 3 }, overridden: [{ file: "pillar/p.sls", line: 4 }] },
    ],
    ["a value that a later SLS added", ["d", "y"], { winner: { file: "pillar/q.sls", line: 4 }, overridden: [] }],
    ["an item of a list", ["d", "l", 1], { winner: { file: "pillar/p.sls", line: 5 }, overridden: [] }],
  ])("%s", (_title, path, expected) => {
    expect(value.provenance?.at(path)).toMatchObject(expected);
  });
  it("costs nothing where it is not asked for", () => {
    expect(compile(files).pillar().value.provenance).toBeUndefined();
  });
  it("names the command line", () => {
    const traced = compile(files, { trace: true, pillarOverride: PyDict.of([["new", 1]]) }).pillar();
    expect(traced.value.provenance?.at(["new"])?.winner.file).toBe("--pillar");
  });
});

describe("leaving failing SLS out", () => {
  const TOP = { "states/top.sls": "base:\n  '*': [good, bad, needy]\n" };
  it("compiles the rest, and fails what needs the failed", () => {
    const files = {
      ...TOP,
      "states/good.sls": "g:\n  test.nop: []\n",
      "states/bad.sls": "b:\n  test.nop:\n    - v: {{ nope }}\n",
      "states/needy.sls": "n:\n  test.nop:\n    - require:\n      - test: b\n",
    };
    const { value, messages } = compile(files, { lenient: true }).low();
    expect(messages).toEqual([]);
    expect(value?.chunks.map((chunk) => chunk.get("__id__"))).toEqual(["g"]);
    expect(value?.failed.map(({ sls, texts }) => [sls, texts])).toEqual([
      ["bad", [files["states/bad.sls"]]],
      ["needy", [files["states/needy.sls"]]],
    ]);
    expect(value?.failed[0]?.findings[0]?.message).toMatch(/^Rendering SLS 'base:bad' failed: Jinja variable 'nope' is undefined/);
  });
  it("fails both SLS of a conflict", () => {
    const files = {
      ...TOP,
      "states/good.sls": "g:\n  test.nop: []\n",
      "states/bad.sls": "x:\n  test.nop: []\n",
      "states/needy.sls": "x:\n  test.nop: []\n",
    };
    const { value } = compile(files, { lenient: true }).low();
    expect(value?.failed.map(({ sls }) => sls)).toEqual(["bad", "needy"]);
  });
  it("is not the default", () => {
    const { value, messages } = compile({ ...TOP, "states/good.sls": "g: word\n", "states/bad.sls": "", "states/needy.sls": "" }).low();
    expect(value).toBeUndefined();
    expect(messages).toEqual(["ID g in SLS good is not a dictionary"]);
  });
});

describe("findings", () => {
  it.each([
    [
      "a conflict, at both places",
      { "states/a.sls": "x:\n  test.nop: []\n", "states/b.sls": "\nx:\n  test.nop: []\n" },
      { at: { file: "states/a.sls", line: 1 }, trail: [{ file: "states/b.sls", line: 2 }] },
    ],
    [
      "a short declaration, at its ID",
      { "states/a.sls": "y: test.nop\nx:\n  file.managed:\n", "states/b.sls": "" },
      { at: { file: "states/a.sls", line: 2 } },
    ],
    [
      "a missing requisite, at its ID",
      { "states/a.sls": "\nx:\n  test.nop:\n    - require: [{test: no}]\n", "states/b.sls": "" },
      { code: "requisite-missing", at: { file: "states/a.sls", line: 2 } },
    ],
  ])("%s", (_title, files, expected) => {
    const stage = compile({ "states/top.sls": "base: {'*': [a, b]}\n", ...files }).low();
    expect(stage.findings[0]).toMatchObject(expected);
  });
  it("know the line of a chunk and of its options", () => {
    const { value } = compile({
      "states/top.sls": "base: {'*': [a]}\n",
      "states/a.sls": "x:\n  file.serialize:\n    - name: /x\n    - dataset: {a: 1}\n",
    }).low();
    const [chunk] = value?.chunks ?? [];
    expect(chunk && value?.positionOf(chunk)).toMatchObject({ file: "states/a.sls", line: 1 });
    expect(chunk && value?.positionOf(chunk, "dataset")).toMatchObject({ file: "states/a.sls", line: 4 });
  });
});

const include = (pattern: string): { file: string; text: string }[] =>
  pattern === "more.conf" ? [{ file: "more.conf", text: "grains: {b: 2}\nx: 1\n" }] : [];

describe("a minion config", () => {
  it.each([
    ["ext_pillar: [{cmd_json: x}]\nid: m\n", "the option ext_pillar is refused"],
    ["fileserver_backend: [git]\nid: m\n", "the file server backend git is refused"],
    ["api: sdb://x/y\nid: m\n", "the option api is refused"],
    ["include: other.conf\nid: m\n", "`include` can't be followed here"],
    ["file_roots: {base: [/x]}\n", "the config has no id"],
    ["- a\n", "Error parsing configuration file: minion"],
    ["id: m\ngrains: [a]\n", "grains must be a mapping"],
  ])("%j is refused: %s", (text, message) => {
    expect(() => parseMinionConfig(text, "minion")).toThrow(message);
  });
  it("follows includes where it is given them", () => {
    const config = parseMinionConfig("id: 5\ninclude: more.conf\ngrains: {a: 1}\n", "minion", { include });
    expect([config.id, config.opts.get("x"), config.grains.get("b"), config.grains.get("a")]).toEqual(["5", 1, 2, undefined]);
  });
  it("has the grains given, and id", () => {
    expect([...parseMinionConfig("id: m\ngrains: {az: a}\n", "minion").grains.keys()]).toEqual(["id", "az"]);
  });
});

describe("what is shown", () => {
  it("tags keys that are no strings", () => {
    const dict = PyDict.of([
      ["a", 1],
      [8, true],
      [true, null],
      [null, new PyFloat(1)],
      [new PyFloat(1.5), new PyTuple([1])],
    ]);
    expect(printPlain(toPlain(dict))).toBe(
      '{\n  "a": 1,\n  "!int 8": true,\n  "!bool true": null,\n  "!null": 1.0,\n  "!float 1.5": [\n    1\n  ]\n}',
    );
  });
  it("has Salt's shapes", () => {
    const minion = compile({ "states/top.sls": "base: {'*': [a]}\n", "states/a.sls": "x: test.nop\n" });
    expect(printPlain(showTop(minion.top().value ?? new Map()))).toBe('{\n  "base": [\n    "a"\n  ]\n}');
    expect(printPlain(showLow(minion.low().value?.chunks ?? []))).toContain('"__id__": "x"');
  });
});
