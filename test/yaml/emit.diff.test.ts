import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { int, PyDict, PyFloat, type Value } from "../../src/python/index.ts";
import { emit, loadKubernetes, loadSalt } from "../../src/yaml/index.ts";
import { encodeValue, type Encoded } from "../oracle/encode.ts";
import { Oracle, oracleIsThere } from "../oracle/oracle.ts";
import { encodeJson, KubernetesOracle, kubernetesOracleIsThere } from "./judge-kubernetes.ts";
import { scalars } from "./scalars.ts";

const text = fc.oneof(
  fc.constantFrom(...scalars.map((scalar) => scalar.replace(/[\ud800-\udfff]/gu, ""))),
  fc.string({
    unit: fc.constantFrom(
      ...Array.from("ab019_-+.:#,'\"\n\t \r[]{}&*!|>%@`?=~<\\éxeEoOyYnN"),
      "\u0085",
      "\u2028",
      "\ufeff",
      "\u0007",
      "😀",
      "\n",
      "  ",
      "\u00a0",
      "\ufffe",
    ),
    maxLength: 10,
  }),
  fc.string({ unit: "binary", maxLength: 8 }).map((value) => value.replace(/[\ud800-\udfff]/gu, "")),
  fc
    .array(fc.constantFrom("#!/bin/sh", "  indented", "", "echo $X", "\ttab", "trailing ", "---", "a: b", "- x", "#c", "é", "%d"), {
      minLength: 1,
      maxLength: 5,
    })
    .map((lines) => lines.join("\n")),
  fc.array(fc.constantFrom("\n", "x\n", " ", "\n\n", "y"), { maxLength: 5 }).map((pieces) => pieces.join("")),
);
const leaf: fc.Arbitrary<Value> = fc.oneof(
  { weight: 4, arbitrary: text },
  fc.constantFrom(null, true, false),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => int(value)),
  // JSON has no float without a fraction and no negative zero: readers that go through it give integers.
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((value) => !Number.isInteger(value))
    .map((value) => new PyFloat(value)),
);
const { data } = fc.letrec<{ data: Value }>((tie) => ({
  data: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    leaf,
    fc.array(tie("data"), { maxLength: 4 }),
    fc.uniqueArray(fc.tuple(text, tie("data")), { maxLength: 4, selector: ([key]) => key }).map((pairs) => PyDict.of(pairs)),
  ),
}));

describe.skipIf(!oracleIsThere() || !kubernetesOracleIsThere())("what the emitter writes is read back equal by every reader", () => {
  let python: Oracle;
  let kubernetes: KubernetesOracle;
  beforeAll(() => {
    python = new Oracle(["yaml"]);
    kubernetes = new KubernetesOracle();
  });
  afterAll(() => Promise.all([python.close(), kubernetes.close()]));

  async function readBack(documents: readonly Value[]): Promise<void> {
    const written = emit(documents);
    const parts = documents.map((document) => emit([document]));
    const encoded = documents.map(encodeValue);
    const filled = documents.filter((document) => document !== null);

    expect(parts.map((part) => encodeValue(loadSalt(part, { file: "x" }).value))).toEqual(encoded);
    expect(loadKubernetes(written, { file: "x" }).map(({ value }) => encodeJson(value))).toEqual(filled.map(encodeJson));
    expect(
      parseAllDocuments(written, { version: "1.2", intAsBigInt: true }).map((document) => fromLibrary(document.toJS({ mapAsMap: true }))),
    ).toEqual(encoded);
    expect(
      parts.map((part) =>
        fromLibrary(parseAllDocuments(part, { version: "1.1", intAsBigInt: true, customTags: [] })[0]?.toJS({ mapAsMap: true })),
      ),
    ).toEqual(encoded);
    const answer = await python.ask("yaml_read_back", { texts: [written], parts: [parts] });
    expect(answer).toEqual({ id: expect.any(Number), ok: [{ pyyaml: encoded, salt: encoded }] });
    expect(await kubernetes.loads([written])).toEqual([{ documents: filled.map(encodeJson) }]);
  }

  it("every scalar as text: as a value, a key, an item and a document", async () => {
    const texts = [...new Set(scalars.map((scalar) => scalar.replace(/[\ud800-\udfff]/gu, "")))];
    await readBack([PyDict.of(texts.map((scalar) => [scalar, scalar])), texts, texts.map((scalar) => PyDict.of([["k", scalar]]))]);
    await readBack(texts);
  });

  it("random data, several documents", async () => {
    await fc.assert(fc.asyncProperty(fc.array(data, { minLength: 1, maxLength: 3 }), readBack), { numRuns: 1500 });
  });
});

/** What the npm library read, in the encoding of the oracle. */
function fromLibrary(value: unknown): Encoded {
  if (typeof value === "bigint") return { int: String(value) };
  if (typeof value === "number") return encodeValue(new PyFloat(value));
  if (Array.isArray(value)) return value.map(fromLibrary);
  if (value instanceof Map) return { dict: [...value].map(([key, item]) => [fromLibrary(key), fromLibrary(item)]) };
  return value as Encoded;
}
