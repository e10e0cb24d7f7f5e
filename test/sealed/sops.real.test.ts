import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { FindingError } from "../../src/finding/index.ts";
import { SecretValue } from "../../src/sealed/index.ts";
import { createSopsFile, creationRule, SopsFile } from "../../src/unseal/index.ts";
import { haveSops, newBench, NOW, type SopsBench } from "./real-sops.ts";

const secret = (text: string | Uint8Array): SecretValue => SecretValue.of(Buffer.from(text));

describe.skipIf(!haveSops)("real sops 3.13.3", () => {
  let bench: SopsBench;
  beforeAll(async () => {
    bench = await newBench();
  });
  afterAll(() => bench.end());

  const settings = async (options: string, name: string) => {
    const rule = creationRule(`creation_rules:\n  - age: ${bench.recipient}\n${options}`, ".sops.yaml", name);
    if (rule === undefined) throw new Error("no rule");
    return { ...rule, gpg: undefined };
  };
  const create = async (plain: string | Uint8Array, name: string, options = ""): Promise<string> =>
    createSopsFile(Buffer.from(plain), name, await settings(options, name), NOW);

  describe("reads what Halite writes", () => {
    test.each<[name: string, plain: string, options?: string]>([
      ["types.yaml", TYPES],
      ["types.json", JSON_TYPES],
      ["layout.yaml", LAYOUT],
      ["regex.yaml", "a: 1\ndata:\n  x: w\n  m: 07\nmeta:\n  data: {b: true}\n", "    encrypted_regex: ^(data|stringData)$\n"],
      ["unregex.yaml", "a: 1\nkind: Secret\nb: {kind: c}\n", "    unencrypted_regex: ^kind$\n"],
      ["suffix.yaml", "a_enc: 1\nb: {c_enc: [x, 2.5], d: 2001-02-03}\n", "    encrypted_suffix: _enc\n"],
      ["unsuffix.yaml", "a: 1\nb_clear: {c: d}\n", "    unencrypted_suffix: _clear\n"],
      ["mac-only.yaml", "a: 1\ndata: {x: y}\n", "    encrypted_regex: ^data$\n    mac_only_encrypted: true\n"],
      [
        "comment-on.yaml",
        "a: 1\n# sops:enc\nb: 2\nc:\n  # sops:enc\n  d: 3\n  e: 4\nf: # sops:enc\n  g: [5]\nh:\n  i: 1\n  # sops:enc\nj: 2\nk: 3 # sops:enc\nl:\n  # sops:enc\n  - 1\n  - 2\n",
        "    encrypted_comment_regex: sops:enc\n",
      ],
      ["comment-off.yaml", "a: 1\n# clear\nb: 2\nc:\n  # clear\n  d: 3\n  e: 4\n", "    unencrypted_comment_regex: clear\n"],
    ])("%s", async (name, plain, options) => {
      const ours = await create(plain, name, options);
      await bench.write(name, ours);
      const { stdout, stderr } = await bench.trySops("-d", name);
      expect(stderr).toBe("");
      const format = name.endsWith(".json") ? JSON.parse : (text: string): unknown => parse(text, { version: "1.1" });
      // The oracle is sops' own round trip of the same text.
      await bench.write(`plain-${name}`, plain);
      await bench.write(".sops.yaml", `creation_rules:\n  - age: ${bench.recipient}\n${options ?? ""}`);
      const theirs = await bench.sops("-e", `plain-${name}`);
      await bench.write(`theirs-${name}`, theirs);
      const oracle = await bench.sops("-d", `theirs-${name}`);
      expect(format(stdout)).toEqual(format(oracle));
      // And the same leaves are sealed.
      const shape = (text: string): unknown =>
        JSON.parse(JSON.stringify({ ...format(text), sops: undefined }).replaceAll(/ENC\[[^\]]*,type:(\w+)\]/g, "sealed $1"));
      expect(shape(ours)).toEqual(shape(await bench.sops("-e", `plain-${name}`)));
    });

    test("every comment is encrypted so that sops decrypts it, however it is placed", async () => {
      for (const [index, layout] of COMMENT_LAYOUTS.entries()) {
        const ours = await create(layout, `c${index}.yaml`);
        await bench.write(`c${index}.yaml`, ours);
        const { stdout, stderr } = await bench.trySops("-d", `c${index}.yaml`);
        expect({ layout, stderr, left: stdout.includes("ENC[") }).toEqual({ layout, stderr: "", left: false });
        for (const word of layout.match(/c\d+/g) ?? []) {
          expect(ours).not.toMatch(new RegExp(`#\\s*${word}`));
          expect(stdout).toMatch(new RegExp(`#\\s*${word}`));
        }
      }
    });

    test("binary", async () => {
      const bytes = Uint8Array.from({ length: 300 }, (_, index) => index % 256);
      const ours = await create(bytes, "keyring.bin");
      await bench.write("keyring.bin", ours);
      const run = await bench.trySops("-d", "keyring.bin");
      expect(run.stderr).toBe("");
      await bench.write("out.bin", "");
      await bench.sops("-d", "--output", "out.bin", "keyring.bin");
      const { readFile } = await import("node:fs/promises");
      expect(Uint8Array.from(await readFile(`${bench.folder}/out.bin`))).toEqual(bytes);
    });
  });

  describe("Halite reads what sops writes, and a text that is as it was gives the same file", () => {
    test.each([
      ["types.yaml", TYPES],
      ["types.json", JSON_TYPES],
      ["layout.yaml", LAYOUT],
    ])("%s", async (name, plain) => {
      await bench.write(".sops.yaml", `creation_rules:\n  - age: ${bench.recipient}\n`);
      await bench.write(name, plain);
      const theirs = await bench.sops("-e", name);
      const open = await SopsFile.read(theirs, name).open(bench.ring);
      const format = name.endsWith(".json") ? JSON.parse : (text: string): unknown => parse(text, { version: "1.1" });
      await bench.write(`theirs-${name}`, theirs);
      const oracle = await bench.sops("-d", `theirs-${name}`);
      const ours = Buffer.from(open.plainText());
      expect(format(ours.toString("utf8"))).toEqual(format(oracle));
      // Unchanged values keep their texts: only time and code differ.
      const again = open.withPlainText(ours, NOW);
      const lines = (text: string): string[] =>
        text.split("\n").filter((line) => !/^\s*"?(?:lastmodified|mac)"?:/.test(line) && !line.includes("type:comment"));
      expect(lines(again)).toEqual(lines(theirs));
      await bench.write(`again-${name}`, again);
      expect(format(await bench.sops("-d", `again-${name}`))).toEqual(format(oracle));
    });

    test("the real tool's edit of a file of ours leaves what it did not change", async () => {
      await bench.write("edit.yaml", await create("a: one\nb: two\n# note\nc: three\n", "edit.yaml"));
      const before = await bench.sops("-d", "edit.yaml");
      await bench.sops("set", "edit.yaml", '["b"]', '"zwei"');
      const { readFile } = await import("node:fs/promises");
      const after = await readFile(`${bench.folder}/edit.yaml`, "utf8");
      expect(await bench.plain(after, "edit.yaml")).toBe(before.replace("two", "zwei"));
    });
  });

  describe("one value sealed into a file", () => {
    test("an existing one: one line, time and code change; sops reads it", async () => {
      for (const [name, plain] of [
        ["types.yaml", TYPES],
        ["types.json", JSON_TYPES],
      ] as const) {
        await bench.write(".sops.yaml", `creation_rules:\n  - age: ${bench.recipient}\n`);
        await bench.write(name, plain);
        const theirs = await bench.sops("-e", name);
        const open = await SopsFile.read(theirs, name).open(bench.ring);
        const changed = open.withValue(["nested", "list", "1"], secret("new\nvalue"), NOW);
        const differing = changed.split("\n").filter((line, index) => line !== theirs.split("\n")[index]);
        expect(differing).toHaveLength(3);
        await bench.write(name, changed);
        expect(await bench.sops("-d", "--extract", '["nested"]["list"][1]', name)).toBe("new\nvalue");
      }
    });

    test.each<[string, string, string[]]>([
      ["a new key at the top", "a: 1\n", ["b"]],
      ["a new key deep down", "a: 1\n", ["b", "c", "d"]],
      ["beside another", "a:\n    b: 1\nz: 2\n", ["a", "c"]],
      ["below another's mapping", "a:\n    b:\n        c: |\n            x\n            y\n", ["a", "b", "d"]],
      ["in braces", "a: {b: 1}\n", ["a", "c", "d"]],
      ["in empty braces", "a: {}\n", ["a", "c"]],
      ["a key that needs quotes", "a: 1\n", ["true", "x y"]],
      ["in a list's mapping", "a:\n    - b: 1\n    - c: 2\n", ["a", "0", "x"]],
      ["at the end without a line end", "a: 1\nb: 2", ["c"]],
    ])("%s", async (_name, plain, path) => {
      for (const form of ["yaml", "json"]) {
        const text = form === "yaml" ? plain : `${JSON.stringify(parse(plain), undefined, "\t")}\n`;
        const before = await create(text, `new.${form}`);
        const open = await SopsFile.read(before, `new.${form}`).open(bench.ring);
        await bench.write(`new.${form}`, open.withValue(path, secret("neu"), NOW));
        const extract = path.map((key) => (/^\d+$/.test(key) ? `[${key}]` : `[${JSON.stringify(key)}]`)).join("");
        expect(await bench.sops("-d", "--extract", extract, `new.${form}`)).toBe("neu");
        const all: unknown = JSON.parse(await bench.sops("-d", "--output-type", "json", `new.${form}`));
        expect(JSON.stringify(all)).toContain(JSON.stringify(Object.entries(parse(plain) as object)[0]?.[0]));
      }
    });

    test("the same value leaves the file byte for byte", async () => {
      const before = await create("a: one\n", "same.yaml");
      const open = await SopsFile.read(before, "same.yaml").open(bench.ring);
      expect(open.withValue(["a"], secret("one"), NOW)).toBe(before);
    });
  });

  test("recipients change without a value being touched; with a new data key everything does", async () => {
    const other = await newBench();
    const third = await newBench();
    try {
      const before = await create("a: one\nb: {c: two}\n", "r.yaml");
      const open = await SopsFile.read(before, "r.yaml").open(bench.ring);
      const options = { newDataKey: false, gpg: undefined, now: NOW };
      const both = await open.withRecipients([[bench, other].map(({ recipient }) => ({ kind: "age", recipient }))], 0, options);
      const removed = both.split("\n").filter((line) => !before.split("\n").includes(line));
      expect(removed.every((line) => /^ {8}- enc|^ {12}|^ {10}recipient/.test(line))).toBe(true);
      expect(before.split("\n").filter((line) => !both.split("\n").includes(line))).toEqual([]);
      await other.write("r.yaml", both);
      expect(await other.sops("-d", "r.yaml")).toBe("a: one\nb:\n    c: two\n");
      const fresh = await open.withRecipients([[{ kind: "age", recipient: third.recipient }]], 0, { ...options, newDataKey: true });
      expect(fresh.match(/^a: .*/m)?.[0]).not.toBe(before.match(/^a: .*/m)?.[0]);
      await third.write("r.yaml", fresh);
      expect(await third.sops("-d", "r.yaml")).toBe("a: one\nb:\n    c: two\n");
      await other.write("r2.yaml", fresh);
      expect((await other.trySops("-d", "r2.yaml")).status).not.toBe(0);
      await expect(SopsFile.read(fresh, "r.yaml").open(other.ring)).rejects.toThrow("none of the keys here opens r.yaml");
      // sops' own updatekeys finds nothing to do on a file that it could have written.
      await bench.write(".sops.yaml", `creation_rules:\n  - age: ${bench.recipient},${other.recipient}\n`);
      await bench.write("r.yaml", both);
      expect((await bench.trySops("updatekeys", "-y", "r.yaml")).stderr).toContain("already up to date");
    } finally {
      await other.end();
      await third.end();
    }
  });

  describe("the message authentication code is verified, always", () => {
    test("what sops refuses as changed, Halite refuses", async () => {
      const tampered: [string, (text: string) => string][] = [
        ["a clear value changed", (text) => text.replace("note_unencrypted: here", "note_unencrypted: there")],
        ["an entry removed", (text) => text.replace(/^b: .*\n/m, "")],
        ["two values exchanged", (text) => text.replace(/^a: (.*)\nb: (.*)$/m, "a: $2\nb: $1")],
        ["a value moved to another key", (text) => text.replace(/^b: /m, "x: ")],
        ["another time", (text) => text.replace(NOW, "2026-01-02T03:04:06Z")],
        ["the code removed", (text) => text.replace(/^ {4}mac: .*$/m, '    mac: ""')],
        ["entries exchanged", (text) => text.replace(/^(a: .*)\n(b: .*)$/m, "$2\n$1")],
        ["an entry added in the clear", (text) => text.replace("note_unencrypted: here", "note_unencrypted: here\nnew_unencrypted: x")],
        ["a value in the clear", (text) => text.replace(/^a: .*$/m, "a: clear")],
      ];
      const whole = await create("a: one\nb: two\nnote_unencrypted: here\n", "m.yaml");
      for (const [name, tamper] of tampered) {
        const text = tamper(whole);
        expect({ name, changed: text !== whole }).toEqual({ name, changed: true });
        await bench.write("m.yaml", text);
        expect({ name, status: (await bench.trySops("-d", "m.yaml")).status !== 0 }).toEqual({ name, status: true });
        const refused = await SopsFile.read(text, "m.yaml")
          .open(bench.ring)
          .catch((error: unknown) => error);
        expect({ name, refused: refused instanceof FindingError }).toEqual({ name, refused: true });
      }
      expect(await bench.plain(whole, "m.yaml")).toContain("a: one");
    });

    test("with mac_only_encrypted a clear value may change, an encrypted one may not", async () => {
      const whole = await create(
        "a: one\nb: two\ndata: {x: y, z: q}\n",
        "o.yaml",
        "    encrypted_regex: ^data$\n    mac_only_encrypted: true\n",
      );
      const clear = whole.replace("a: one", "a: eins");
      await bench.write("o.yaml", clear);
      expect(await bench.sops("-d", "--extract", '["a"]', "o.yaml")).toBe("eins");
      expect(await bench.plain(clear, "o.yaml")).toContain("a: eins");
      const removed = whole.replace(/, z: "ENC[^"]*"/, "");
      expect(removed).not.toBe(whole);
      await bench.write("o.yaml", removed);
      expect((await bench.trySops("-d", "o.yaml")).status).not.toBe(0);
      await expect(bench.plain(removed, "o.yaml")).rejects.toThrow("message authentication code");
    });
  });
});

const TYPES = `# at the top
string: hello
quoted: "1"
int: 42
neg: -7
octal: 0644
octal12: 0o17
hex: 0x1F
bin: 0b101
under: 1_000
big: 9223372036854775807
float: 1.50
exp: 1e3
tiny: 1.5e-9
huge: 123456789012345678901234567890.0
inf: .inf
yes_word: yes
on_word: On
bool: true
upper: FALSE
none: null
tilde: ~
empty: ""
void:
date: 2001-12-14
stamp: 2001-12-14T21:59:43.10-05:00
spaced: 2001-12-14 21:59:43
sexa: 190:20:30
base64: !!binary AAEC/w==
forced: !!str 12
unicode: "gr\\u00fc\\u00df \\U0001F600"
plain_unencrypted: 0644
when_unencrypted: 2001-12-14
float_unencrypted: 1.10
nested:
    list:
        - a
        - "b"
        - 3
        - deep: {x: 1, w: [2, "z"]}
    block: |
        line 1
          line 2

        line 4
    folded: >-
        some
        text
    keep: |+
        kept

last: end
`;

const JSON_TYPES = `{
  "string": "hello",
  "escapes": "a\\"b\\\\c\\n\\t\\u00fc\\ud83d\\ude00\\/",
  "int": 42, "big": 9007199254740993, "neg": -7,
  "float": 1.50, "whole": 2.0, "exp": 1e3, "tiny": 1.5e-9,
  "bool": true, "no": false, "none": null, "empty": "", "date": "2001-12-14",
  "nested": {"list": ["a", "b", 3, {"x": [1, {"w": "z"}], "e": {}}]},
  "clear_unencrypted": 1.10,
  "last": "end"
}
`;

const LAYOUT = `---
# head

key1:   value   # inline c
"key 2": 'single ''quoted'' text'
? key3
: value3
list:
- one
-   two
- - nested
  - list
- key: in list
  other: |-
    text
    of lines
map: {a: 1, "b": [x, "y"],
  c: d}
long: a text
  over two lines
`;

const COMMENT_LAYOUTS = [
  "#c1\na: 1\n",
  "#c1\n\na: 1\n",
  "a: 1 #c1\nb: 2\n",
  "a:\n    #c1\n    b: 1\n    #c2\n    c: 2\n",
  "a:\n    b: 1\n    #c1\nc: 2\n",
  "a:\n    b: 1\n    #c1\n\nc: 2\n",
  "a:\n    b: 1\n\n    #c1\n\nc: 2\n",
  "a:\n    b: 1\n#c1\nc: 2\n",
  "a:\n    b: 1\n#c1\n\nc: 2\n",
  "a:\n    b: 1\n\n#c1\nc: 2\n",
  "a:\n    b:\n        c: 1\n        #c1\n    #c2\nd: 1\n",
  "a: 1\n#c1\n",
  "a: 1\n\n#c1\n",
  "a:\n    b: 1\n    #c1\n",
  "a:\n    b: 1\n\n#c1\n",
  "a: #c1\n    b: 1\n",
  "a:\n    - 1 #c1\n    - 2\n",
  "a:\n    #c1\n    - 1\n    #c2\n    - 2\n    #c3\nb: 1\n",
  "a:\n    - b: 1 #c1\n      #c2\n      c: 2\n    #c3\n    - d: 1\n",
  "#c1\n#c2\na: 1\n#c3\n#c4\nb: 2\n",
  "a: |\n    text\n    # not a comment\n#c1\nb: 2\n",
  "a:\n- 1\n#c1\n- 2\nb: 3\n",
  "a: {b: 1} #c1\nc: 2\n",
  "---\n#c1\na: 1\n",
  "a: #c1\n    - 1\n",
  "a:\n    - b: #c1\n        c: 1\n      d: #c2\n        - 1\n",
  "a: [1, #c1\n  2]\nb: 1\n",
  "a:\n    # c1 with blanks\n    b: 1   #   c2  \n",
  "a:\n    b: 1 #c1\n    #c2\nc: 3 #c3\n#c4\n",
];
