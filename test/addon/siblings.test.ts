import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AddonCache, type WrittenFile } from "../../src/addon/index.ts";
import { kubernetesSchemas } from "../../src/fleet/index.ts";
import { PROJECT } from "../cli/halite.ts";

const schema = kubernetesSchemas(PROJECT).forVersion("1.36");

function file(text: string): WrittenFile {
  return { path: "/etc/kubernetes/addons/a/x.yaml", content: new TextEncoder().encode(text), id: "x", sls: "a", source: null };
}

/** All that the second stage makes of one file. */
function outcome(cache: AddonCache, text: string): unknown {
  const manifest = cache.manifest(file(text));
  const checked = manifest.check(schema, undefined);
  return {
    objects: manifest.objects,
    findings: manifest.findings,
    checked: checked.map(({ scope, mode, problems }) => ({ scope, mode, problems })),
    published: manifest.findings.length > 0 ? undefined : manifest.publish(undefined),
  };
}

/** Values of which some are strings to YAML only in quotes, and some break the text. */
const value = fc.constantFrom(
  ..."cluster-1 cluster-22 a z9 v1.2.3 on yes y null true 1e3 0x1f 12:30 0o7 -x x- _a a_b a..b ~ .5 1 a:b a#b [a] {a} &a *a !a %a @a 'q' \"q\" |".split(
    " ",
  ),
  "a b",
  "a: b",
  "a #b",
  "",
  "x".repeat(64),
  "---",
  "...",
);
const quote = fc.constantFrom("", '"', "'");
const scalar = fc.tuple(quote, value).map(([mark, text]) => `${mark}${text}${mark}`);

/** A manifest with holes. */
function manifestOf([annotation, label, standard, mode, data, name, literal, argument]: readonly string[]): string {
  return `# of ${annotation}
apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
  namespace: default
  annotations:
    example.com/cluster: ${annotation}
    kubernetes.io/description: ${standard}
  labels:
    addonmanager.kubernetes.io/mode: ${mode}
    app.kubernetes.io/version: ${label}
data:
  key: ${data}
  text: |
    key: ${literal}
---
apiVersion: v1
kind: Service
metadata:
  name: x
  namespace: default
  labels: {addonmanager.kubernetes.io/mode: Reconcile, app: ${label}}
  annotations:
    example.com/cluster: ${annotation}
spec:
  selector:
    app: ${argument}
  ports:
    - port: 80
`;
}

const PLAIN = ["cluster-1", "v1", "words", "Reconcile", "value", "config", "text", "app"];

function withHole(hole: number, text: string): readonly string[] {
  return PLAIN.map((plain, index) => (index === hole ? text : plain));
}

describe("a file that differs in a line or two from another cluster's", () => {
  test("comes to the same whether it is made from that one or parsed", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(PLAIN.length - 1), scalar), { minLength: 1, maxLength: 12 }), (edits) => {
        const shared = new AddonCache();
        for (const [hole, text] of [[0, "cluster-1"] as const, [0, "cluster-2"] as const, ...edits]) {
          const manifest = manifestOf(withHole(hole, text));
          expect(outcome(shared, manifest)).toEqual(outcome(new AddonCache(), manifest));
        }
      }),
      { numRuns: 400 },
    );
  });

  test("is not parsed again", () => {
    const cache = new AddonCache();
    const [first, second] = ["cluster-1", "cluster-2"].map((id) => cache.manifest(file(manifestOf(withHole(0, id)))));
    // The comment differs too, and is no annotation: the first document is parsed, the second is made from its sibling.
    expect(first?.parts.length).toBe(2);
    expect(second?.parts[1]?.objects).toBe(first?.parts[1]?.objects);
    expect(second?.parts[0]?.objects).not.toBe(first?.parts[0]?.objects);
  });
});
