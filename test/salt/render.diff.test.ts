import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FindingError } from "../../src/finding/index.ts";
import { PyDict, type Value } from "../../src/python/index.ts";
import { SlsRenderer, SlsRenderError } from "../../src/salt/render/index.ts";
import { FileContent } from "../../src/salt/fileroots/index.ts";
import type { Minion } from "../../src/salt/types.ts";
import { Oracle, oracleIsThere } from "../oracle/oracle.ts";
import { RENDER_EXCEPTIONS } from "./exceptions-render.ts";
import { SLS_CASES, TEMPLATE_CASES, WORLD, type Case } from "./render-cases.ts";
import { askSalt, dict, encodeValue, minionOfWorld, py, type SaltAnswer } from "./render-world.ts";

const renderer = new SlsRenderer();
const minion = minionOfWorld(WORLD);

function withOptions(opts: Readonly<Record<string, Value>> = {}): Minion {
  const changed = minion.opts.copy();
  for (const [key, value] of Object.entries(opts)) changed.set(key, value);
  return { ...minion, opts: changed };
}

function answerOf(make: () => Value): unknown {
  try {
    return { ok: encodeValue(make()) };
  } catch (error) {
    if (error instanceof SlsRenderError) return { error: { type: error.raisedAs, message: error.message.split("\n")[0] } };
    if (error instanceof FindingError) return { refused: error.message };
    throw error;
  }
}

function encodedAll(values: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, encodeValue(py(value))]));
}

function ourSls(test: Case): unknown {
  const { text, sls = "case", saltenv = "base", pipe = "jinja|yaml", kwargs = {} } = test;
  const path = test.path ?? `${sls.replaceAll(".", "/")}.sls`;
  const { context, ...rest } = kwargs;
  const variables = new Map<string, Value>(Object.entries({ ...rest, ...(context as object) }).map(([key, value]) => [key, py(value)]));
  return answerOf(() => {
    const file = new FileContent(path, `${test.role === "pillar" ? "pillar" : "states"}/${path}`, new TextEncoder().encode(text));
    const base = {
      minion: withOptions({ renderer: pipe, ...test.opts }),
      pillar: test.role === "pillar" ? new PyDict() : dict(WORLD.pillar),
      saltenv,
      sls,
      file,
    };
    return renderer.renderSls({ ...base, role: test.role ?? "state", variables }).data;
  });
}

/** Equal to Salt, or as the table of exceptions says. */
function compare(text: string, ours: unknown, theirs: SaltAnswer | undefined): void {
  expect(theirs).toBeDefined();
  if (theirs === undefined) return;
  const exception = RENDER_EXCEPTIONS.find((entry) => entry.case === text);
  if (exception !== undefined) {
    expect(told(ours)).toBe(exception.halite);
    expect(told(theirs)).toBe(exception.salt);
  } else if ("error" in theirs) expect(ours).toEqual({ error: { type: theirs.error.type, message: theirs.error.message } });
  else expect(ours).toEqual({ ok: theirs.ok });
}

describe.skipIf(!oracleIsThere())("renders as Salt does", () => {
  let oracle: Oracle;
  let slsAnswers: readonly SaltAnswer[] = [];
  let templateAnswers: readonly SaltAnswer[] = [];

  beforeAll(async () => {
    oracle = new Oracle(["salt_render"]);
    slsAnswers = await askSalt(oracle, "salt.render", WORLD, {
      cases: SLS_CASES.map((test) => ({
        ...test,
        kwargs: encodedAll(test.kwargs),
        ...(test.opts === undefined ? {} : { opts: encodeValue(PyDict.from(test.opts)) }),
      })),
    });
    templateAnswers = await askSalt(oracle, "salt.render.template", WORLD, {
      cases: TEMPLATE_CASES.map(({ text, context = {}, opts = {} }) => ({
        text,
        context: encodeValue(py(context)),
        opts: encodeValue(PyDict.from(opts)),
      })),
    });
  });
  afterAll(async () => {
    await oracle.ask("salt.render.end");
    await oracle.close();
  });

  describe("SLS files", () => {
    it.each(SLS_CASES.map((test, index) => ({ test, index, title: JSON.stringify(test) })))("$index $title", ({ test, index }) => {
      compare(test.text, ourSls(test), slsAnswers[index]);
    });
  });

  describe("templates", () => {
    it.each(TEMPLATE_CASES.map((test, index) => ({ test, index, title: JSON.stringify(test) })))("$index $title", ({ test, index }) => {
      const { text, context = {}, opts } = test;
      const variables = new Map(Object.entries(context).map(([key, value]) => [key, py(value)]));
      const ours = answerOf(() => {
        const request = {
          minion: withOptions(opts),
          pillar: dict(WORLD.pillar),
          saltenv: "base",
          template: { text, display: "states/template" },
          variables,
        };
        return renderer.renderTemplate(request).text;
      });
      compare(text, ours, templateAnswers[index]);
    });
  });
});

/** An answer as the table of exceptions writes it. */
function told(answer: unknown): string {
  const { ok, error, refused } = answer as { ok?: unknown; error?: { message: string }; refused?: string };
  return error?.message ?? refused ?? JSON.stringify(ok);
}
