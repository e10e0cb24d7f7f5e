import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FindingError } from "../../src/finding/index.ts";
import { dumpPyYaml, serializePyYaml, type DumpPyYamlOptions } from "../../src/yaml/index.ts";
import { Oracle, oracleIsThere } from "../oracle/oracle.ts";
import { dumpable, dumpCases, dumpData, dumpOptions, type Dumpable } from "./dump-cases.ts";
import { scalars } from "./scalars.ts";

interface Case {
  readonly value: Dumpable;
  readonly how: "safe_dump" | "serialize";
  readonly options: Readonly<Record<string, unknown>>;
}

/** Ways in which Salt itself calls its dumpers. */
const WAYS: Readonly<Record<string, Pick<Case, "how" | "options">>> = {
  "safe_dump as it is": { how: "safe_dump", options: {} },
  "the filter |yaml": { how: "safe_dump", options: { default_flow_style: true } },
  "the filter |yaml(False)": { how: "safe_dump", options: { default_flow_style: false } },
  "file.serialize": { how: "serialize", options: { default_flow_style: false } },
  "slsutil.serialize": { how: "serialize", options: {} },
  "every scalar in double quotes": { how: "safe_dump", options: { default_style: '"' } },
  "every scalar a literal block": { how: "safe_dump", options: { default_style: "|", default_flow_style: false } },
  "every scalar folded": { how: "safe_dump", options: { default_style: ">", default_flow_style: false, width: 20 } },
};

describe.skipIf(!oracleIsThere())("PyYAML's dumper writes the bytes that Salt 3007.1 writes", () => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = new Oracle(["yaml"]);
  });
  afterAll(() => oracle.close());

  async function agree(cases: readonly Case[]): Promise<void> {
    const answer = await oracle.ask("yaml_dump_many", { cases });
    if ("error" in answer) throw new Error(answer.error.trace);
    const theirs = (answer.ok as ({ text: string } | { error: unknown })[]).map((outcome) =>
      "text" in outcome ? outcome.text : "refused",
    );
    const differences = cases
      .map((one, index) => ({ ...one, salt: theirs[index], halite: ours(one) }))
      .filter(({ salt, halite }) => salt !== halite);
    expect(differences).toEqual([]);
  }

  it.each(Object.entries(WAYS))("%s", async (_, way) => {
    await agree(dumpCases.map((value) => ({ value, ...way })));
    // Python can hold lone halves of surrogate pairs; texts that were read never do.
    await agree(scalars.map((value) => ({ value: { dict: [[value, [value, { dict: [["k", value]] }]]] }, ...way })));
    await agree(scalars.map((value) => ({ value, ...way })));
  });

  it("random data with random options", async () => {
    await fc.assert(
      fc.asyncProperty(dumpData, dumpOptions, fc.constantFrom("safe_dump" as const, "serialize" as const), (value, options, how) =>
        agree([{ value, how, options }]),
      ),
      { numRuns: 1500 },
    );
  });
});

function ours({ value, how, options }: Case): string {
  const names: Readonly<Record<string, keyof DumpPyYamlOptions>> = {
    default_flow_style: "defaultFlowStyle",
    default_style: "defaultStyle",
    indent: "indent",
    width: "width",
    allow_unicode: "allowUnicode",
    sort_keys: "sortKeys",
    explicit_start: "explicitStart",
    explicit_end: "explicitEnd",
  };
  const given: DumpPyYamlOptions = Object.fromEntries(Object.entries(options).map(([name, option]) => [names[name], option]));
  try {
    return how === "safe_dump" ? dumpPyYaml(dumpable(value), given) : serializePyYaml(dumpable(value), given);
  } catch (error) {
    if (error instanceof FindingError) return "refused";
    throw error;
  }
}
