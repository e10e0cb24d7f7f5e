import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadKubernetes } from "../../src/yaml/index.ts";
import { documents } from "./documents.ts";
import { kubernetesExceptions } from "./exceptions.ts";
import { haliteLoads, KubernetesOracle, kubernetesOracleIsThere, type Outcome } from "./judge-kubernetes.ts";
import { scalars } from "./scalars.ts";
import { mutated, soup } from "./soup.ts";
import { verdict } from "./verdict.ts";

const CONTEXTS: Readonly<Record<string, (scalar: string) => string>> = {
  "the document itself": (scalar) => scalar,
  "a block value": (scalar) => `k: ${scalar}\n`,
  "a block key": (scalar) => `${scalar}: v\n`,
  "a block item": (scalar) => `- ${scalar}\n`,
  "a nested value": (scalar) => `a:\n  b: ${scalar}\nc: d`,
  "an explicit key": (scalar) => `? ${scalar}\n: 1\n`,
  "a flow item": (scalar) => `[a, ${scalar} , b]`,
  "a flow key": (scalar) => `{${scalar}: 1}`,
  "a flow value": (scalar) => `{a: ${scalar}}`,
};

/**
 * Where Halite refuses on purpose what the real reader takes, by the finding's code:
 * - yaml-several-documents, yaml-trailing-text: what follows a part's first document; the real reader drops it without a word;
 * - yaml-duplicate-key: keys that become one key in JSON (`1` and `1.0`); the real reader keeps either by chance;
 * - collections as keys, of which go-yaml loses what follows `[]:` and `{}:`.
 */
function isStricter(text: string, halite: Outcome, real: Outcome | undefined): boolean {
  if (!("error" in halite) || real === undefined) return false;
  if ("error" in real) return true;
  if (halite.error.startsWith("did not find expected key")) return /\{\}|\[\]/.test(text);
  return (
    halite.code === "yaml-several-documents" ||
    halite.code === "yaml-trailing-text" ||
    halite.code === "yaml-duplicate-key" ||
    /^unsupported map key of type: (?:map|list)/.test(halite.error)
  );
}

/** What no file has: two byte order marks, or CR CR LF, of which Go's reader of lines takes one CR off before YAML sees it. */
function isOddity(text: string): boolean {
  return text.startsWith("\ufeff\ufeff") || text.includes("\r\r\n");
}

describe.skipIf(!kubernetesOracleIsThere())("Kubernetes' loader reads what sigs.k8s.io/yaml and apimachinery read", () => {
  let oracle: KubernetesOracle;
  beforeAll(() => {
    oracle = new KubernetesOracle();
  });
  afterAll(() => oracle.close());

  async function agree(texts: readonly string[]): Promise<void> {
    const real = await oracle.loads(texts);
    const differences = texts
      .map((text, index) => ({ text, real: real[index], halite: haliteLoads(text) }))
      .filter(
        ({ text, real: theirs, halite }) =>
          JSON.stringify(theirs) !== JSON.stringify(halite) && !isStricter(text, halite, theirs) && !isOddity(text),
      );
    expect(differences).toEqual([]);
  }

  it.each(Object.entries(CONTEXTS))(`${scalars.length} scalars as %s`, async (_, put) => {
    await agree(scalars.map(put));
  });

  it(`${documents.length} documents`, async () => {
    await agree(documents);
  });

  it.each([
    [
      "streams split at lines of ---",
      [
        "a: 1\n---\nb: 2\n",
        "---\na: 1\n---\n---\n# none\n---\nb: 2\n--- # c\nc: 3",
        "a: |\n  x\n  ---\n  y\n---\nb: 1\n",
        "a: 1\n---b\n",
        "a: 1\r\n---\r\nb: 2\r\n",
      ],
    ],
    ["JSON", ['{"a": [1, 2.5e3, -0, 1e400, true, null, "\\u00e9\\n"]}', '[{"a": {}}]', '{\n\t"a": 1\n}\n', '{"a":"b"}']],
    [
      "numbers as Go and JSON hold them",
      [
        "- 9223372036854775807\n- -9223372036854775808\n- 18446744073709551615\n- 18446744073709551616\n- 1e21\n- 1.5e300\n- 100.0\n- 1e20\n- -0.0\n- 0644\n- 0o644\n- 0x1F\n- 1_000\n- 0b11\n- 1.0\n- .5\n- 1e3\n- 12e-4\n",
      ],
    ],
    [
      "aliases are written out",
      [
        "a: &x {b: [1]}\nc: *x\nd: [*x, *x]\n",
        "a: &x 1\nb: *x\n*x : c\n",
        "&a [*a]\n",
        "a: &x {q: 1}\nb: {<<: *x, r: 2}\n",
        "a: &x {q: 1}\nb: {<<: [*x, {s: 1}], r: 2}\n",
      ],
    ],
  ])("%s", async (_, texts) => {
    await agree(texts);
  });

  it.each([
    ["streams made of random pieces", soup],
    ["streams with random mistakes", mutated(documents)],
  ])("%s", async (_, texts) => {
    await fc.assert(
      fc.asyncProperty(texts, (text) => agree([text])),
      { numRuns: 1500 },
    );
  });

  it.each(kubernetesExceptions)("on purpose not as kubectl: $reason", async ({ text, real, halite }) => {
    const [outcome] = await oracle.loads([text]);
    expect(outcome !== undefined && "error" in outcome ? outcome.error : "read").toBe(real);
    expect(verdict(() => loadKubernetes(text, { file: "x" }))).toBe(halite);
  });

  it("words are those of the real reader: a duplicate key, an unknown anchor, a separator with text", async () => {
    const texts = ["a: 1\nb: 2\na: 3\n", "a: *x\n", "a: 1\n--- b\n", "a: [\n", "a: b: c\n", "a: .nan\n", "a: !!int x\n", "<<: 1\n"];
    const real = await oracle.loads(texts);
    expect(texts.map((text) => words(haliteLoads(text)))).toEqual(real.map((outcome) => words(outcome).replace(/^line \d+: /, "")));
  });
});

/** The words of an error without the real reader's own prefixes and our context. */
function words(outcome: Outcome): string {
  return "error" in outcome
    ? outcome.error.replace(/^yaml: (?:unmarshal errors:\s+)?(?:line \d+: )?|^line \d+: /g, "").replace(/, while .*/, "")
    : "read";
}
