import { describe, expect, test } from "vitest";
import { printFinding } from "../../src/finding/index.ts";
import { PyDict } from "../../src/python/index.ts";
import {
  MemoryFileRoots,
  minionOf,
  parseMinionConfig,
  SaltCompiler,
  type AppliedStates,
  type MinionCompiler,
} from "../../src/salt/index.ts";
import { encodeFiles } from "../../src/salt/filestate/index.ts";

const A = "/etc/kubernetes/addons";

function compiler(states: Readonly<Record<string, string>>, pillar = ""): MinionCompiler {
  const config = parseMinionConfig("{id: m1, grains: {az: sjc1}}", "minion");
  const pillarFiles = pillar === "" ? {} : { "top.sls": "base: {'*': [data]}\n", "data.sls": pillar };
  return new SaltCompiler().forMinion(
    minionOf(config, new MemoryFileRoots({ base: states }), new MemoryFileRoots({ base: pillarFiles }, "pillar")),
  );
}

function apply(sls: string, files: Readonly<Record<string, string>> = {}, pillar = ""): AppliedStates {
  const { value, messages } = compiler({ "a.sls": sls, ...files }, pillar).files({ sls: ["a"] });
  if (value === undefined) throw new Error(messages.join("\n"));
  return value;
}

describe("show files", () => {
  test("is a mapping of path to content, mode and provenance, sorted, with errors beside it", () => {
    const { files } = apply(
      `${A}/b.yaml:\n  file.managed:\n    - source: salt://f.yaml\n    - mode: 0600\n${A}/a.yaml:\n  file.managed:\n    - contents: a\n${A}/c.yaml:\n  file.managed:\n    - source: salt://none\n${A}/d.bin:\n  file.managed:\n    - contents: !!binary gIH/\n`,
      { "f.yaml": "f: 1\n" },
    );
    expect(encodeFiles(files)).toEqual({
      [`${A}/a.yaml`]: { content: "a\n", mode: null, id: `${A}/a.yaml`, sls: "a", source: null },
      [`${A}/b.yaml`]: { content: "f: 1\n", mode: "0600", id: `${A}/b.yaml`, sls: "a", source: "salt://f.yaml" },
      [`${A}/c.yaml`]: { error: "Source file salt://none not found in saltenv 'base'", id: `${A}/c.yaml`, sls: "a" },
      [`${A}/d.bin`]: { content: "gIH/", encoding: "base64", mode: null, id: `${A}/d.bin`, sls: "a", source: null },
    });
    expect(Object.keys(encodeFiles(files))).toEqual(["a.yaml", "b.yaml", "c.yaml", "d.bin"].map((name) => `${A}/${name}`));
  });

  test("a failing template fails its file alone and says where", () => {
    const { files } = apply(
      `${A}/x:\n  file.managed:\n    - source: salt://t.j\n    - template: jinja\n${A}/y:\n  file.managed:\n    - contents: y\n`,
      { "t.j": "one\ntwo {{ nope.x }}\n" },
    );
    expect(files.map(({ path, kind }) => [path, kind])).toEqual([
      [`${A}/x`, "error"],
      [`${A}/y`, "file"],
    ]);
    const [error] = files;
    const finding = error?.kind === "error" ? error.findings[0] : undefined;
    expect(finding?.at).toMatchObject({ file: "states/t.j", line: 2 });
    expect(finding?.message).toContain("'nope' is undefined");
  });

  test("a file that a recurse can't render fails alone", () => {
    const { files } = apply(`${A}/r:\n  file.recurse:\n    - source: salt://d\n    - template: jinja\n`, {
      "d/a": "a",
      "d/b": "{{ x }}",
      "d/c": "c",
    });
    expect(files.map(({ path, kind }) => `${kind} ${path}`)).toEqual([`file ${A}/r/a`, `error ${A}/r/b`, `file ${A}/r/c`]);
  });
});

describe("what is left to the node", () => {
  test.each<readonly [string, string, string]>([
    ["states of other modules", "curl:\n  pkg.installed: []\n", "pkg.installed curl: the state acts on the node"],
    ["module.run", "reload:\n  module.run:\n    - name: test.ping\n", "module.run test.ping: the state acts on the node"],
    [
      "editing a file of the node",
      "/etc/hosts:\n  file.append:\n    - text: x\n",
      "file.append /etc/hosts: /etc/hosts is the node's own: no state of the tree makes it",
    ],
    [
      "removing a file of the node",
      "/etc/motd:\n  file.absent: []\n",
      "file.absent /etc/motd: whether /etc/motd is there to be removed only the node knows",
    ],
    [
      "onlyif with a command",
      "/etc/x:\n  file.managed:\n    - contents: a\n    - onlyif: test -e /dev/sda\n",
      "file.managed /etc/x: onlyif runs a command of the node: test -e /dev/sda",
    ],
    [
      "check_cmd",
      "/etc/x:\n  file.managed:\n    - contents: a\n    - check_cmd: visudo -c -f\n",
      "file.managed /etc/x: check_cmd runs a command of the node on the new file",
    ],
    [
      "a source on the network",
      "/etc/x:\n  file.managed:\n    - source: https://example.com/x\n    - skip_verify: True\n",
      "file.managed /etc/x: the source https://example.com/x is on the network; put the file into the tree and name it salt://…",
    ],
    [
      "a source of the node",
      "/etc/x:\n  file.managed:\n    - source: /etc/hosts\n",
      "file.managed /etc/x: /etc/hosts is the node's own: no state of the tree makes it",
    ],
    ["file.tidied", "/var/log:\n  file.tidied: []\n", "file.tidied /var/log: it goes by the ages of the node's files"],
    [
      "a slot",
      "/etc/x:\n  file.managed:\n    - contents: __slot__:salt:test.echo(x)\n",
      "file.managed /etc/x: __slot__ is called on the node",
    ],
    [
      "a path in somebody's home",
      "~/x:\n  file.managed:\n    - contents: a\n",
      "file.managed ~/x: the path ~/x begins with ~, a home directory of the node",
    ],
  ])("%s", (_title, sls, expected) => {
    const { files, left, findings } = apply(sls);
    expect(left.map(({ state, fun, name, reason }) => `${state}.${fun} ${name}: ${reason ?? ""}`)).toEqual([expected]);
    expect(files).toEqual([]);
    expect(findings).toEqual([]);
  });

  test.each([
    [
      "onlyif",
      `${A}/x:\n  file.managed:\n    - contents: a\n    - onlyif: test -e /dev/sda\n`,
      "onlyif runs a command of the node: test -e /dev/sda",
    ],
    [
      "check_cmd",
      `${A}/x:\n  file.managed:\n    - contents: a\n    - check_cmd: kubectl apply -f\n`,
      "check_cmd runs a command of the node on the new file",
    ],
    ["network", `${A}/x:\n  file.managed:\n    - source: http://example.com/x\n`, "the source http://example.com/x is on the network"],
    [
      "onchanges of a command",
      `${A}/x:\n  file.managed:\n    - contents: a\n    - onchanges: [{cmd: c}]\nc:\n  cmd.run:\n    - name: "true"\n`,
      "its onchanges or prereq names a state that acts on the node",
    ],
  ])("an addon's file that hangs on the node is an error: %s", (_title, sls, expected) => {
    const [file] = apply(sls).files;
    expect(file?.kind).toBe("error");
    expect(file?.kind === "error" ? file.findings[0]?.code : "").toBe("file-state-needs-node");
    expect(file?.kind === "error" ? file.findings[0]?.message : "").toContain(expected);
  });

  test("states that require what is left go on", () => {
    const { files, left } = apply(`p:\n  pkg.installed: []\n${A}/x:\n  file.managed:\n    - contents: a\n    - require: [{pkg: p}]\n`);
    expect(files.map(({ path, kind }) => [path, kind])).toEqual([[`${A}/x`, "file"]]);
    expect(left).toHaveLength(1);
  });
});

describe("what is wrong with a state is said once, with its place", () => {
  test.each([
    [
      "unknown function",
      `${A}/x:\n  file.manged:\n    - contents: a\n`,
      "error: State 'file.manged' was not found in SLS 'a' [state-unknown]\n  Did you mean file.managed?",
    ],
    [
      "unknown module",
      "x:\n  pgk.installed: []\n",
      "error: State 'pgk.installed' was not found in SLS 'a' [state-unknown]\n  Did you mean pkg.installed?",
    ],
    [
      "unknown function of another module",
      "x:\n  pkg.instaled: []\n",
      "error: State 'pkg.instaled' was not found in SLS 'a' [state-unknown]\n  Did you mean pkg.installed?",
    ],
    [
      "unknown option",
      `${A}/x:\n  file.touch:\n    - nonsense: 1\n`,
      "error: 'nonsense' is an invalid keyword argument for 'file.touch' [file-state]",
    ],
  ])("%s", (_title, sls, expected) => {
    const applied = apply(sls);
    const findings = [...applied.findings, ...applied.files.flatMap((file) => (file.kind === "error" ? file.findings : []))];
    expect(findings.map((finding) => printFinding(finding).replace(/^\S+:\d+:\d+: /, ""))).toEqual([expected]);
    expect(findings[0]?.at).toMatchObject({ file: "states/a.sls" });
  });

  test("a module of the tree's own _states is known", () => {
    const { left, findings } = apply("x:\n  mine.done: []\n", { "_states/mine.py": "" });
    expect(left.map(({ state, fun }) => `${state}.${fun}`)).toEqual(["mine.done"]);
    expect(findings).toEqual([]);
  });

  test("what failhard keeps from running is not written", () => {
    const { files } = apply(
      `${A}/x:\n  file.managed:\n    - source: salt://none\n    - failhard: True\n${A}/y:\n  file.managed:\n    - contents: y\n`,
    );
    expect(files.map(({ path, kind }) => [path, kind])).toEqual([
      [`${A}/x`, "error"],
      [`${A}/y`, "error"],
    ]);
  });
});

const steps = (applied: AppliedStates, path: string, line: number): string[] =>
  (applied.traceFile(path)?.at(line) ?? []).map(({ file, line: at, how }) => `${how} ${file}:${at ?? ""}`);

describe("where a line came from", () => {
  test("a template's line, through a macro, then its state", () => {
    const applied = apply(`# comment\n${A}/x:\n  file.managed:\n    - source: salt://t.j\n    - template: jinja\n`, {
      "t.j": "{% import 'm.j' as m %}first: 1\n{% for i in [1, 2] %}n{{ i }}: x\n{% endfor %}{{ m.line() }}\n",
      "m.j": "\n{% macro line() %}from: macro{% endmacro %}",
    });
    expect(new TextDecoder().decode(applied.files[0]?.kind === "file" ? applied.files[0].content : undefined)).toBe(
      "first: 1\nn1: x\nn2: x\nfrom: macro\n",
    );
    expect(steps(applied, `${A}/x`, 1)[0]).toBe("printed by states/t.j:1");
    expect(steps(applied, `${A}/x`, 3)[0]).toBe("printed by states/t.j:2");
    expect(steps(applied, `${A}/x`, 4).slice(0, 2)).toEqual(["printed by states/m.j:2", "called from states/t.j:3"]);
    expect(steps(applied, `${A}/x`, 1).at(-1)).toMatch(/^written by .* in SLS a states\/a.sls:2$/);
  });
  test("a copied file's own line", () => {
    const applied = apply(`${A}/x:\n  file.managed:\n    - source: salt://f\n`, { f: "1\n2\n" });
    expect(steps(applied, `${A}/x`, 2)[0]).toBe("copied from states/f:2");
  });
  test("the dataset line of a serialized file", () => {
    const applied = apply(`${A}/x:\n  file.serialize:\n    - formatter: json\n    - dataset:\n        a: 1\n`);
    expect(steps(applied, `${A}/x`, 2)[0]).toMatch(/^from dataset of .* states\/a.sls:4$/);
  });
  test("a template that changes its context is rendered alike for its lines", () => {
    const applied = apply(`${A}/x:\n  file.managed:\n    - source: salt://t.j\n    - template: jinja\n    - context: {l: []}\n`, {
      "t.j": "{% do l.append(1) %}{% for i in l %}x\n{% endfor %}last\n",
    });
    expect(steps(applied, `${A}/x`, 2)[0]).toBe("printed by states/t.j:2");
  });
  test("nothing for a path that is not written", () => {
    expect(apply(`${A}/x:\n  file.absent: []\n`).traceFile(`${A}/x`)).toBeUndefined();
  });
});

test("the same input gives the same bytes, and nothing of the input is changed", () => {
  const context = "- source: salt://t.j\n    - template: jinja\n    - context: {l: [1]}\n";
  const sls = `many:\n  file.managed:\n    - names: [${A}/a, ${A}/b]\n    ${context}`;
  const once = compiler({ "a.sls": sls, "t.j": "{% do l.append(2) %}{{ l }}\n" });
  const low = once.low({ sls: ["a"] }).value?.chunks ?? [];
  const before = low.map((chunk) => chunk.repr());
  const contents = (once.files({ sls: ["a"] }).value?.files ?? []).map((file) =>
    file.kind === "file" ? new TextDecoder().decode(file.content) : "",
  );
  expect(contents).toEqual(["[1, 2]\n", "[1, 2]\n"]);
  expect(low.map((chunk) => chunk.repr())).toEqual(before);
  expect(low.every((chunk) => chunk instanceof PyDict)).toBe(true);
});
