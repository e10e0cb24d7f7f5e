import { describe, expect, it } from "vitest";
import { FindingError, printFinding } from "../../src/finding/index.ts";
import { PyDict, str, type Value } from "../../src/python/index.ts";
import { FileContent, MemoryFileRoots, RecordingFileRoots } from "../../src/salt/fileroots/index.ts";
import { SlsRenderer } from "../../src/salt/render/index.ts";
import { pgpDigest } from "../../src/sealed/index.ts";
import { encodeValue } from "../oracle/encode.ts";
import { dict, minionOfWorld, py, type World } from "./render-world.ts";

const renderer = new SlsRenderer();

function render(text: string, world: World = {}, sls = "case"): ReturnType<SlsRenderer["renderSls"]> {
  const minion = minionOfWorld(world);
  const file = new FileContent(`${sls}.sls`, `states/${sls}.sls`, new TextEncoder().encode(text));
  return renderer.renderSls({ minion, pillar: dict(world.pillar), saltenv: "base", sls, file, role: "state" });
}

function plain(value: Value): unknown {
  if (value instanceof PyDict) return Object.fromEntries([...value.entries()].map(([key, item]) => [str(key), plain(item)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

function failure(text: string, world: World = {}, sls = "case"): string {
  try {
    render(text, world, sls);
  } catch (error) {
    if (error instanceof FindingError) return error.findings.map(printFinding).join("\n");
    throw error;
  }
  throw new Error("it renders");
}

describe("renderers that are not there", () => {
  it.each([
    ["py", 'The renderer "py" is not supported: it runs Python'],
    ["pyobjects", 'The renderer "pyobjects" is not supported: it runs Python'],
    ["mako|yaml", 'The renderer "mako" is not supported: its templates run Python'],
    ["jinja|yamlex", 'The renderer "yamlex" is not supported: its !aggregate and !reset marks'],
    ["yaml|nacl", 'The renderer "nacl" is not supported: it decrypts, and a render has no private key'],
    ["jinja|yaml|stateconf", 'The renderer "stateconf" is not supported'],
    ["jinja|yml", 'The renderer "yml" is not available'],
    ["", 'The renderer "" is not available'],
    ["yaml|jinja", "The renderer jinja reads text, but the renderer before it in the pipe gives data"],
  ])("#!%s", (pipe, message) => {
    expect(failure(`#!${pipe}\nx: 1\n`)).toContain(message);
  });

  it("are skipped where the options shut them out, as in Salt", () => {
    const world = { opts: { renderer_blacklist: ["jinja"] } };
    expect(plain(render("#!jinja|yaml\nx: '{{ 1 }}'\n", world).data)).toEqual({ x: "{{ 1 }}" });
  });
});

describe("gpg", () => {
  const BLOCK = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\nabc=\n=x\n-----END PGP MESSAGE-----";
  const reference = `?{pgp:${pgpDigest(BLOCK)}}`;
  const indented = BLOCK.replaceAll("\n", "\n    ");

  it("puts a reference in place of each block, in values at any depth", () => {
    const text = `#!yaml|gpg\na: |\n    ${indented}\nb:\n  - k: |\n        ${BLOCK.replaceAll("\n", "\n        ")}\n  - plain\nn: 1\n`;
    expect(plain(render(text).data)).toEqual({ a: reference, b: [{ k: reference }, "plain"], n: 1 });
  });
  it("has one reference for a block however it is indented or its line ends are written", () => {
    expect(pgpDigest(indented)).toBe(pgpDigest(BLOCK));
    expect(pgpDigest(BLOCK.replaceAll("\n", "\\n"))).toBe(pgpDigest(BLOCK));
    expect(pgpDigest(BLOCK.replaceAll("\n", "\r\n"))).toBe(pgpDigest(BLOCK));
    expect(pgpDigest(BLOCK.replace("abc", "abd"))).not.toBe(pgpDigest(BLOCK));
  });
  it("keeps the text round a block and drops line ends behind it, as Salt does", () => {
    expect(plain(render(`#!yaml|gpg\na: |\n    pre ${indented} post\n\n`).data)).toEqual({ a: `pre ${reference} post` });
  });
  it("works on text before YAML too", () => {
    expect(plain(render(`#!jinja|gpg|yaml\na: |\n    ${indented}\nb: 1\n`).data)).toEqual({ a: `${reference}\n`, b: 1 });
  });
  it("leaves keys and plain texts alone", () => {
    expect(plain(render("#!yaml|gpg\nBEGIN PGP MESSAGE: x\n").data)).toEqual({ "BEGIN PGP MESSAGE": "x" });
  });
});

describe("what is handed out", () => {
  it("belongs to the caller: equal texts are parsed once, yet share nothing", () => {
    const first = render("a: {b: [1]}\n");
    dict(first.data).set("c", 1);
    dict(dict(first.data).get("a")).set("b", "changed");
    expect(plain(render("a: {b: [1]}\n").data)).toEqual({ a: { b: [1] } });
  });
  it("shares containers as the aliases of the text say", () => {
    const { data } = render("a: &x {k: 1}\nb: *x\n");
    expect(dict(data).get("a")).toBe(dict(data).get("b"));
  });
  it("imports are parsed once, yet share nothing between renders or imports", () => {
    const world = { files: { "d.yaml": "l: [1]\n" } };
    const text = "{% import_yaml 'd.yaml' as d %}{% do d.l.append(2) %}x: {{ d.l }}\n";
    expect(plain(render(text, world).data)).toEqual({ x: [1, 2] });
    expect(plain(render(text, world).data)).toEqual({ x: [1, 2] });
  });
});

describe("positions", () => {
  const text = "{% set x = 1 %}\n\na:\n{%- for i in [1, 2] %}\n  - k{{ i }}: {{ x }}\n{%- endfor %}\nb:\n  c: 1\n";
  it("are lines of the template that printed the entry", () => {
    const { data, positions } = render(text);
    const root = dict(data);
    const list = root.get("a") as Value[];
    expect([positions.at(root, "a")?.line, positions.at(root, "b")?.line, positions.at(dict(root.get("b")), "c")?.line]).toEqual([3, 7, 8]);
    expect([positions.at(dict(list[0]), "k1")?.line, positions.at(dict(list[1]), "k2")?.line]).toEqual([5, 5]);
  });
  it("are unknown for data of the caller's own", () => {
    expect(render(text).positions.at(new PyDict(), "a")).toBeUndefined();
  });
});

describe("warnings and refusals", () => {
  it("mine.get is empty, with a warning that names the caller", () => {
    const { data, warnings } = render("\nx: {{ salt['mine.get']('*', 'f') }}\n");
    expect(plain(data)).toEqual({ x: {} });
    expect(warnings).toMatchObject([{ code: "salt-mine-empty", at: { file: "states/case.sls", line: 2 } }]);
  });
  it.each([
    ["cmd.run", "acts on the minion"],
    ["network.ip_addrs", "reaches the network"],
    ["status.uptime", "reads the clock"],
    ["random.get_str", "is random"],
    ["vault.read_secret", "opens a store of secrets"],
    ["environ.get", "asks or changes the node"],
    ["file.grep", "asks or changes the node"],
    ["test.sleep", "reads the clock"],
    ["grains.setval", "would change the minion's grains"],
  ])("salt['%s'] is refused: it %s", (name, why) => {
    expect(failure(`\nx: {{ salt['${name}']('a', 1) }}\n`)).toContain(why);
  });
  it("a function that reads paths of the node is refused", () => {
    expect(failure("x: {{ salt['file.file_exists']('/etc/passwd') }}\n")).toContain("/etc/passwd is a path of the node");
    expect(failure("x: {{ salt['cp.get_file_str']('https://x/y') }}\n")).toContain("reads only the tree");
  });
  it("a module of the tree in Python is named", () => {
    expect(failure("x: {{ salt['mine2.get']() }}\n", { files: { "_modules/mine2.py": "" } })).toContain(
      "a custom module in Python (_modules/mine2.py)",
    );
  });
  it("renders that render themselves end", () => {
    const world = { files: { "loop.sls": "x: {{ salt['slsutil.renderer']('salt://loop.sls') }}\n" } };
    expect(failure("x: {{ salt['slsutil.renderer']('salt://loop.sls') }}\n", world)).toContain("renders nest more than");
  });
  it("pillar.items in pillar is refused", () => {
    const minion = minionOfWorld({});
    const file = new FileContent("p.sls", "pillar/p.sls", new TextEncoder().encode("x: {{ salt['pillar.items']() }}\n"));
    expect(() => renderer.renderSls({ minion, pillar: new PyDict(), saltenv: "base", sls: "p", file, role: "pillar" })).toThrow(
      /never ends/,
    );
  });
});

describe("messages", () => {
  const WORLD: World = {
    files: { "a/m.jinja": "{% macro m() %}\n  {{ pillar.nope }}\n{% endmacro %}\n" },
    pillar: py({ a: 1 }),
  };
  it.each([
    ["undefined", "a: 1\nb: {{ nope }}\nc: 2\n"],
    ["undefined-in-macro", "{% from 'a/m.jinja' import m with context %}\n\nx: {{ m() }}\n"],
    ["syntax", "a: 1\n{% if %}\n"],
    ["yaml-of-template", "{% for i in [1, 2] %}\nk{{ i }}: a: {{ i }}\n{% endfor %}\n"],
    ["duplicate-key", "a: 1\nb: 2\na: 3\n"],
    ["refused", "x: {{ salt['cmd.run']('ls') }}\n"],
    ["unknown-function", "x: {{ salt['nope.nope']('ls') }}\n"],
    ["function-error", "x: {{ salt['slsutil.findup']('', 'nope') }}\n"],
    ["missing-template", "{% from 'a/nope.jinja' import m %}\n"],
    ["renderer", "#!py\ndef run(): pass\n"],
    ["json", '#!json\n{"a": nope}\n'],
  ])("%s", async (name, text) => {
    await expect(`${failure(text, WORLD)}\n`).toMatchFileSnapshot(`golden/render/${name}.txt`);
  });
});

describe("file roots", () => {
  it("escaping paths are not found", () => {
    const roots = new MemoryFileRoots({ base: { "a.sls": "x" } });
    for (const path of ["../a.sls", "/a.sls", "b/../a.sls", ".."]) expect(roots.find("base", path)).toBeUndefined();
    expect(roots.find("base", "./a.sls")?.text).toBe("x");
  });
  it("directories are those that hold files", () => {
    const roots = new MemoryFileRoots({ base: { "a/b/c.sls": "", "a/d.sls": "", "e.sls": "" } });
    expect(roots.listDirectories("base")).toEqual(["a", "a/b"]);
  });
  it("a file that is no UTF-8 says where", () => {
    const roots = new MemoryFileRoots({ base: { "a.sls": new Uint8Array([0x78, 0x0a, 0xff]) } });
    expect(() => roots.find("base", "a.sls")?.text).toThrow("states/a.sls is not UTF-8 text: the byte 0xff at offset 2 (line 2)");
  });
  it("a recorder is told of every question and its answer", () => {
    const told: string[] = [];
    const roots = new RecordingFileRoots(new MemoryFileRoots({ base: { "a.sls": "x" } }), {
      found: (saltenv, path, file) => void told.push(`${saltenv} ${path} ${file?.digest.slice(0, 4) ?? "none"}`),
      listed: (saltenv, what, paths) => void told.push(`${saltenv} ${what} ${paths.join()}`),
      environments: (names) => void told.push(names.join()),
    });
    roots.find("base", "a.sls");
    roots.find("base", "b.sls");
    roots.list("base");
    roots.environments();
    expect(told).toEqual(["base a.sls 2d71", "base b.sls none", "base files a.sls", "base"]);
  });
});

it("values pass through JSON, YAML and Jinja unchanged", () => {
  const pillar = py({ big: 12345678901234567890n, list: [null, true, { a: [] }], small: 1, text: "it's: [x]" });
  expect(encodeValue(render("x: {{ pillar | json }}\n", { pillar }).data)).toEqual({ dict: [["x", encodeValue(pillar)]] });
});
