import { PyDict, str } from "../../src/python/index.ts";
import { SaltCompiler } from "../../src/salt/compile.ts";
import type { LowChunk } from "../../src/salt/types.ts";
import { encodeValue } from "../oracle/encode.ts";
import { minionOfTree, type Outcome, type Stages, type StateTree } from "./state-world.ts";

const stage = <T>(
  { value, messages }: { readonly value?: T; readonly messages: readonly string[] },
  encode: (value: T) => unknown,
): Outcome => (value === undefined ? { errors: messages } : { ok: encode(value) });

/** Compiles the tree with ours. */
export function compileOurs(tree: StateTree): Stages {
  const minion = new SaltCompiler().forMinion(minionOfTree(tree), tree.pillar === undefined ? {} : { pillarOverride: tree.pillar });
  const environment = tree.saltenv === undefined ? {} : { saltenv: tree.saltenv };
  const selection = { ...environment, ...(tree.sls !== undefined && { sls: tree.sls.split(",") }) };
  const low = minion.low(selection);
  return {
    pillar: stage(minion.pillar(environment), ({ data }) => encodeValue(data)),
    ...(tree.sls === undefined && {
      top: stage(minion.top(environment), (top) => encodeValue(PyDict.of([...top].map(([env, names]) => [env, [...names]])))),
    }),
    high: stage(minion.high(selection), encodeValue),
    low: { ...stage(low, ({ chunks }) => chunks.map(encodeValue)), ...runOf(low.value?.order ?? []) },
  };
}

/** Tags in the order of the run, where every state is one that does nothing. */
function runOf(order: readonly LowChunk[]): { readonly order?: readonly string[] } {
  if (order.length === 0 || order.some((chunk) => chunk.get("state") !== "test" || chunk.has("onfail_all"))) return {};
  return { order: order.map((chunk) => ["state", "__id__", "name", "fun"].map((key) => str(chunk.get(key) ?? null)).join("_|-")) };
}

const firstLine = (text: string): string => (text.split("\n", 1)[0] ?? "").replace(/; line \d+$/, "");

/**
 * Where Salt refuses with a SaltRenderError of its own, ours is an error of those words. Where it ends in some Python exception, which
 * nobody meant, ours is an error in words of its own.
 */
export function fitting(real: Stages, ours: Stages): Stages {
  // Where pillar ends in a Python exception Salt has no stage at all; ours says the same error at each.
  const pillar = real.pillar;
  if (pillar !== undefined && "raised" in pillar && pillar.raised !== "SaltRenderError" && ours.low !== undefined && "errors" in ours.low)
    return ours;
  return Object.fromEntries(
    Object.entries(real).map(([name, outcome]: [string, Outcome]) => {
      if (!("raised" in outcome)) return [name, withOrder(outcome, ours.low)];
      if (outcome.raised === "SaltRenderError") return [name, { errors: [outcome.message] }];
      const own = (ours as Readonly<Record<string, Outcome>>)[name];
      return [name, own !== undefined && "errors" in own ? own : outcome];
    }),
  );
}

/** Where Salt could not run the states, there is no order of theirs to compare ours with. */
function withOrder(real: Outcome, ours: Outcome | undefined): Outcome {
  if (!("ok" in real) || !Array.isArray(real.ok) || "order" in real || ours === undefined || !("order" in ours)) return real;
  return { ...real, order: ours.order } as Outcome;
}

/** Errors by their first lines: what follows is Python's, or ours. A stage after one that raised is not there. */
export function comparable(stages: Stages): Stages {
  return JSON.parse(
    JSON.stringify(stages, (key, value: unknown) => {
      if (key === "errors" && Array.isArray(value)) return value.map((text) => firstLine(String(text)));
      if (Array.isArray(value) && value[0] === "_errors") return ["_errors", (value[1] as string[]).map(firstLine)];
      return value;
    }),
  ) as Stages;
}
