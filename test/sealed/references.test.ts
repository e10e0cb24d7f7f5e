import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FindingError } from "../../src/finding/index.ts";
import { findReferences, formatReference, parseReference, type Reference } from "../../src/sealed/index.ts";

const HEX = "0123456789abcdef".repeat(4);
const part = { functions: [], digest: null } as const;

/** The finding that a text is refused with. */
function refusal(text: string): string {
  try {
    parseReference(text);
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    return error.findings.map(({ message, advice }) => `${message}\n  ${advice ?? ""}`).join("\n");
  }
  throw new Error(`${text} is taken`);
}

describe("a reference", () => {
  test.each<[string, Reference]>([
    ["?{sops:ceph.sops.yaml#rbd/userKey}", { kind: "sops", file: "ceph.sops.yaml", path: ["rbd", "userKey"], ...part }],
    [
      "?{sops:az/sjc1/ceph.sops.json#list/0/a~1b~0c}",
      { kind: "sops", file: "az/sjc1/ceph.sops.json", path: ["list", "0", "a/b~c"], ...part },
    ],
    ["?{sops:a%20b.yaml#%C3%BC%7C%7D}", { kind: "sops", file: "a b.yaml", path: ["ü|}"], ...part }],
    ["?{sops:f#k|base64|json}", { kind: "sops", file: "f", path: ["k"], functions: ["base64", "json"], digest: null }],
    [`?{sops:f#k|base64;sha256=${HEX}}`, { kind: "sops", file: "f", path: ["k"], functions: ["base64"], digest: HEX }],
    [`?{pgp:${HEX}}`, { kind: "pgp", block: HEX, ...part }],
    ["?{barbican:ceph-rbd@3}", { kind: "barbican", name: "ceph-rbd", version: "3", ...part }],
    ["?{barbican:0b1f%40x}", { kind: "barbican", name: "0b1f@x", version: null, ...part }],
    ["?{secret:rook-ceph/rook-csi#userKey}", { kind: "secret", namespace: "rook-ceph", name: "rook-csi", key: "userKey", ...part }],
  ])("%s", (text, reference) => {
    expect(parseReference(text)).toEqual(reference);
    expect(formatReference(reference)).toBe(text);
  });

  test("is written as it is read, whatever the names", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 });
    const segment = text.map((each) => each.replace(/[/\0]/g, "x")).filter((each) => each !== "." && each !== "..");
    const functions = fc.array(fc.constantFrom("base64" as const, "json" as const), { maxLength: 3 });
    const digest = fc.constantFrom(null, HEX);
    const references = fc.oneof(
      fc.record({
        kind: fc.constant("sops" as const),
        file: fc.array(segment, { minLength: 1, maxLength: 3 }).map((each) => each.join("/")),
        // A path of one empty key has no text: SOPS files with one can't be used by it.
        path: fc.tuple(text, fc.array(fc.oneof(text, fc.constant("")), { maxLength: 3 })).map(([first, rest]) => [first, ...rest]),
        functions,
        digest,
      }),
      fc.record({ kind: fc.constant("barbican" as const), name: text, version: fc.option(text), functions, digest }),
    );
    fc.assert(
      fc.property(references, fc.string(), (reference, around) => {
        const written = formatReference(reference);
        expect(written).toMatch(/^\?\{[!-~]+\}$/);
        expect(written).not.toMatch(/["'\\<>&]/);
        expect(parseReference(written)).toEqual(reference);
        const before = around.replaceAll("?{", "");
        expect(findReferences(`${before} ${written}${written} `)).toEqual([
          { state: "whole", reference, start: before.length + 1, end: before.length + 1 + written.length },
          { state: "whole", reference, start: before.length + 1 + written.length, end: before.length + 1 + 2 * written.length },
        ]);
      }),
    );
  });

  test("malformed ones say what is wrong and what to write", async () => {
    const texts = [
      "?{sopz:ceph.sops.yaml#rbd/userKey}",
      "?{SOPS:CEPH.SOPS.YAML#RBD/USERKEY}",
      "?{gpg:x}",
      "?{vault:kv/data/ceph}",
      "?{ceph.sops.yaml#rbd/userKey}",
      "?{:x}",
      "?{sops:ceph.sops.yaml}",
      "?{sops:ceph.sops.yaml#}",
      "?{sops:ceph.sops.yaml#/rbd}",
      "?{sops:#rbd}",
      "?{sops:../ceph.yaml#rbd}",
      "?{sops:%2E%2E/ceph.yaml#rbd}",
      "?{sops:/etc/ceph.yaml#rbd}",
      "?{sops:a%2Fb.yaml#rbd}",
      "?{sops:ceph.sops.yaml#rbd/user key}",
      "?{ sops:ceph.sops.yaml#rbd/userKey }",
      '?{sops:ceph.sops.yaml#rbd/"x"}',
      "?{sops:ceph.sops.yaml#a~2b}",
      "?{sops:ceph.sops.yaml#a%zz}",
      "?{sops:ceph.sops.yaml#a%ff}",
      "?{sops:ceph.sops.yaml#a^b}",
      "?{sops:f#k|upper}",
      "?{sops:f#k|}",
      "?{sops:f#k;sha256=abc}",
      "?{sops:f#k;md5=abc}",
      "?{sops:ceph.sops.yaml#rbd/us",
      "?{sops:ceph.sops.yaml#rbd\n/user}",
      "?{pgp:abc}",
      "?{barbican:}",
      "?{barbican:a@b@c}",
      "?{barbican:a@}",
      "?{secret:name#key}",
      "?{secret:Name_space/name#key}",
      "?{secret:ns/Na me#key}",
      "?{secret:ns/name#k y}",
      "?{secret:ns/name#k^y}",
      "?{sops:f#k} ",
      "sops:f#k",
    ];
    await expect(texts.map((text) => `${JSON.stringify(text)}\n  ${refusal(text)}`).join("\n")).toMatchFileSnapshot(
      "golden/malformed-references.txt",
    );
  });
});

test("the page about secrets has the grammar's own references", () => {
  const page = readFileSync(new URL("../../docs/secrets.md", import.meta.url), "utf8");
  const found = findReferences(page).filter(({ start, end }) => !page.slice(start, end).includes("…"));
  expect(found.length).toBeGreaterThan(1);
  // Spoken of, not written.
  const malformed = found.flatMap((each) => (each.state === "malformed" ? [page.slice(each.start, each.end)] : []));
  expect(malformed).toEqual(["?{pgp:SHA256}"]);
});

describe("references in a text", () => {
  test("what only looks a little like one is text", () => {
    const text = "http://x?{{ .Query }} a?{2} (?{ print 1 }) {?query} ?{} ${A?{b} ?";
    // `?{b}` has a letter behind it.
    expect(findReferences(text).map(({ state, start, end }) => [state, text.slice(start, end)])).toEqual([["malformed", "?{b}"]]);
  });

  test("an unclosed one does not take what stands behind it", () => {
    const text = "a: ?{sops:f#k\nb: ?{sops:f#k}\nc: ?{sops:?{sops:f#k}";
    expect(findReferences(text).map(({ state, start, end }) => [state, text.slice(start, end)])).toEqual([
      ["malformed", "?{sops:f#k"],
      ["whole", "?{sops:f#k}"],
      ["malformed", "?{sops:"],
      ["whole", "?{sops:f#k}"],
    ]);
  });

  test("reading takes time in proportion to the text", () => {
    for (const unit of ["?{", "?{a", "?{sops:", "?{sops:f#k|", "}?{"])
      expect(findReferences(unit.repeat(8_000)).length).toBeLessThan(8_001);
  });
});
