import { describe, expect, it } from "vitest";
import { PyDict, PyFloat, PyTuple, type Value } from "../../src/python/index.ts";
import { emit } from "../../src/yaml/index.ts";

const manifest = PyDict.from({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: PyDict.from({ name: "x", labels: new PyDict(), annotations: PyDict.from({ "storage.halite.dev/on": "yes", version: "1.36" }) }),
  data: PyDict.from({
    "run.sh": "#!/bin/sh\nset -e\n\techo hi\n",
    "no-newline": "a\nb",
    "two-newlines": "a\n\n",
    "leading-blank": "  a\nb\n",
    "leading-newline": "\na\n",
    "trailing-space": "a \nb\n",
    "carriage-return": "a\r\nb\r\n",
    unicode: "é 日本 🧂",
    control: "\u0007\u0085\u2028\ufeff",
  }),
  spec: PyDict.from({
    args: [
      "--v=5",
      "-x",
      "- y",
      "--",
      "---",
      "a: b",
      "a #b",
      "#a",
      "a:",
      "http://x:80/y",
      "*",
      "&a",
      "!a",
      "@a",
      "%a",
      "{a}",
      "[a]",
      "a, b",
    ],
    taken: [
      "y",
      "no",
      "~",
      "",
      "null",
      "1",
      "1_000",
      "0x1f",
      "0o17",
      "017",
      "12:30",
      "1e3",
      ".5",
      "-_1",
      "2020-01-01",
      "=",
      "<<",
      ".inf",
      "nan",
      "1.2.3",
      "10Gi",
      "10.0.0.1",
    ],
    numbers: [0, -1, 12345678901234567890n, new PyFloat(1), new PyFloat(1e16), new PyFloat(1e-7), new PyFloat(0.1)],
    empty: [[], new PyDict(), "", null],
    nested: [[1, [2, 3]], [PyDict.from({ a: 1, b: [PyDict.from({ c: 2 })] })], new PyTuple(["t"])],
    ports: [PyDict.from({ name: "http", port: 80 }), PyDict.from({ name: "y", port: 81 })],
    long: "word ".repeat(40).trim(),
  }),
});
const keys = PyDict.of([
  ["plain", 1],
  ["true", 2],
  ["a b", 3],
  ["a: b", 4],
  ["", 5],
  ["k".repeat(1100), [1]],
  [8, "int"],
  [true, "bool"],
] satisfies [Value, Value][]);

describe("the canonical text", () => {
  it("of a manifest, of keys, of documents that are scalars", async () => {
    await expect(emit([manifest, keys, [1, "a\nb"], "a\nb\n", null, new PyDict()])).toMatchFileSnapshot("golden/emit.yaml");
  });

  it("of nothing is nothing", () => {
    expect(emit([])).toBe("");
  });
});
