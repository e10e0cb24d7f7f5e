import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AddonCache,
  compileAddons,
  compileAlike,
  readAddonSettings,
  ReleaseTexts,
  type CompiledAddons,
  type WrittenFile,
} from "../../src/addon/index.ts";
import { kubernetesSchemas } from "../../src/fleet/index.ts";
import { PyDict } from "../../src/python/index.ts";
import { PROJECT } from "../cli/halite.ts";

const schema = kubernetesSchemas(PROJECT).forVersion("1.36");
const settings = readAddonSettings(new PyDict());

type Places = readonly { readonly at: number; readonly length: number }[];

/** A text with holes, filled, and where what it was filled with stands. */
function filled(pieces: readonly string[], texts: readonly string[]): { readonly text: string; readonly places: Places } {
  const places: { at: number; length: number }[] = [];
  let text = pieces[0] ?? "";
  for (const [index, own] of texts.entries()) {
    places.push({ at: text.length, length: own.length });
    text += own + (pieces[index + 1] ?? "");
  }
  return { text, places };
}

function file(text: string): WrittenFile {
  return { path: "/etc/kubernetes/addons/a/x.yaml", content: new TextEncoder().encode(text), id: "x", sls: "a", source: null };
}

const beside = {
  ...file("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: beside, namespace: default}\n"),
  path: "/etc/kubernetes/addons/a/y.yaml",
};
const common = { settings, schema, knownCrds: [], sources: () => [] };

/** All that the second stage makes of a file, and of one beside it. */
function outcome(cache: AddonCache, texts: ReleaseTexts, own: WrittenFile): unknown {
  return plainly(compileAddons({ ...common, written: [own, beside], failed: [], cache }), texts);
}

function plainly({ addons, findings, leftToNode }: CompiledAddons, texts: ReleaseTexts): unknown {
  const release = texts.files({ state: "compiled", cluster: { id: "c", az: "z", kubernetes: "1.36" }, addons, sealed: [], rollout: null });
  const plain = addons.map((addon) => (addon.state === "complete" ? { ...addon, like: undefined } : addon));
  return { addons: plain, findings, leftToNode, release: [...release] };
}

/** A manifest; `@` is where a text is printed. */
const MANIFEST = `# of @
apiVersion: v1
kind: ConfigMap
metadata:
  name: x@
  namespace: default
  annotations:
    example.com/cluster: "@"
    example.com/both: in-@-of-@
    example.com/plain: @
    kubernetes.io/description: @
  labels:
    addonmanager.kubernetes.io/mode: Reconcile
    app: @
data:
  key: the-@
  text: |
    key: @
---
apiVersion: v1
kind: Service
metadata: {name: s, namespace: default, labels: {app: s}}
spec:
  selector:
    app: @
  ports: [{port: 80}]
`;

const HOLES = MANIFEST.split("@").length - 1;

/** Holes left open, the others closed. */
function piecesOf(open: ReadonlySet<number>): readonly string[] {
  const pieces: string[] = [""];
  for (const [index, piece] of MANIFEST.split("@").entries()) {
    if (open.has(index - 1)) pieces.push(piece);
    else pieces[pieces.length - 1] = `${pieces.at(-1) ?? ""}${index === 0 ? "" : "closed"}${piece}`;
  }
  return pieces;
}

const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("cluster-1", "cluster-00022", "a", "z.9_b", "x".repeat(62)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ..."on yes null true 1 1e3 0x1f 12:30 -x _a a: #a [a] {a} &a *a !a 'q' \" | ~ - halitePrinted0x".split(" "),
      "",
      "a b",
      "a\n  b: c",
      "a\n---\nb",
      "é",
      "\u2028",
      "x".repeat(70),
    ),
  },
);

describe("a file that is another's but for texts that are printed in it", () => {
  test("comes to the same whether it is made from that one or parsed", () => {
    const holes = fc.uniqueArray(fc.nat(HOLES - 1), { minLength: 1, maxLength: 4 });
    const fills = fc.array(fc.array(text, { minLength: 4, maxLength: 4 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(holes, fills, ([...open], clusters) => {
        const pieces = piecesOf(new Set(open));
        const [cache, texts] = [new AddonCache(), new ReleaseTexts()];
        const first = filled(pieces, (clusters[0] ?? []).slice(0, open.length));
        const base = file(first.text);
        for (const own of clusters.map((each) => each.slice(0, open.length))) {
          const plain = file(filled(pieces, own).text);
          const printed = { ...plain, printed: { base, places: first.places, texts: own } };
          expect(outcome(cache, texts, printed)).toEqual(outcome(new AddonCache(), new ReleaseTexts(), plain));
        }
      }),
      { numRuns: 500 },
    );
  });

  test("is not parsed where all of them are free texts", () => {
    const pieces = piecesOf(new Set([2, 3, 4, 5, 7, 8]));
    const cache = new AddonCache();
    const first = filled(
      pieces,
      Array.from({ length: 6 }, () => "cluster-1"),
    );
    const base = file(first.text);
    const own = Array.from({ length: 6 }, () => "cluster-22");
    // Its bytes are not looked at.
    const printed = { ...file("nothing"), printed: { base, places: first.places, texts: own } };
    expect(outcome(cache, new ReleaseTexts(), printed)).toEqual(
      outcome(new AddonCache(), new ReleaseTexts(), file(filled(pieces, own).text)),
    );
  });

  test("comes to the same where all its cluster's addons are taken from another cluster's", () => {
    const hole = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(2, 3, 4, 5, 7, 8) }, { weight: 1, arbitrary: fc.nat(HOLES - 1) });
    const holes = fc.uniqueArray(hole, { minLength: 1, maxLength: 4 });
    const fills = fc.array(fc.array(text, { minLength: 4, maxLength: 4 }), { minLength: 2, maxLength: 5 });
    let taken = 0;
    fc.assert(
      fc.property(holes, fills, ([...open], clusters) => {
        const pieces = piecesOf(new Set(open));
        const [cache, texts] = [new AddonCache(), new ReleaseTexts()];
        const [first = [], ...others] = clusters.map((each) => each.slice(0, open.length));
        const { text: firstText, places } = filled(pieces, first);
        const base = file(firstText);
        const shared = (own: readonly string[]): Parameters<typeof compileAlike>[0] => ({
          ...common,
          cache,
          common: { of: base, printed: new Map([[base.path, { base, places }]]), textsOf: () => own },
        });
        expect(compileAlike(shared(first))).toBeUndefined();
        const whole = compileAddons({ ...shared(first), written: [base, beside], failed: [] });
        for (const own of others) {
          const alike = compileAlike(shared(own));
          if (alike === undefined) continue;
          taken++;
          expect(alike.alike).toBe(whole.alike);
          expect(plainly(alike, texts)).toEqual(outcome(new AddonCache(), new ReleaseTexts(), file(filled(pieces, own).text)));
        }
      }),
      { numRuns: 500 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  test("is no other cluster's where pillar says something else of the addons, or something is wrong", () => {
    const cache = new AddonCache();
    const { text: firstText, places } = filled(piecesOf(new Set([2])), ["cluster-1"]);
    const base = file(firstText);
    const shared = {
      ...common,
      cache,
      common: { of: base, printed: new Map([[base.path, { base, places }]]), textsOf: () => ["cluster-2"] },
    };
    compileAddons({ ...shared, written: [base, beside], failed: [] });
    expect(compileAlike(shared)?.addons).toHaveLength(1);
    const declared = readAddonSettings(PyDict.from({ addons: PyDict.from({ a: PyDict.from({ mode: "EnsureExists" }) }) }));
    expect(compileAlike({ ...shared, settings: declared })).toBeUndefined();
    const broken = { ...file("kind: ["), path: "/etc/kubernetes/addons/a/z.yaml" };
    const wrong = { ...shared, common: { ...shared.common, of: broken } };
    const { findings } = compileAddons({ ...wrong, written: [base, beside, broken], failed: [] });
    expect(findings.some(({ severity }) => severity === "error")).toBe(true);
    expect(compileAlike(wrong)).toBeUndefined();
  });
});
