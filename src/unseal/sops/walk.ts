import { createHash } from "node:crypto";
import { FindingError, type Finding } from "../../finding/index.ts";
import { additionalData, decryptValue } from "./cipher.ts";
import type { Comment, Leaf, SopsDocument } from "./document.ts";
import type { SopsMetadata } from "./metadata.ts";
import { selector, type Selection } from "./selection.ts";
import type { SopsValue } from "./value.ts";

/** A value or comment of a file, with whether the file's settings have it encrypted. */
export type Selected = { readonly of: Leaf; readonly encrypted: boolean } | { readonly of: Comment; readonly encrypted: boolean };

/** The values and comments of a file in SOPS' order, each with whether it is encrypted. */
export function selectedSteps(document: SopsDocument, selection: Selection): Selected[] {
  let chosen: ReturnType<typeof selector>;
  try {
    chosen = selector(selection);
  } catch (error) {
    throw new FindingError({
      code: "sealed-sops-metadata",
      severity: "error",
      message: `a regular expression of the sops section can't be used: ${error instanceof Error ? error.message : String(error)}`,
      at: { file: document.file },
      advice: "it must mean the same in Go and in JavaScript: no \\pN, no possessive quantifiers",
    });
  }
  const stack: string[][] = [];
  const selected: Selected[] = [];
  for (const step of document.steps) {
    if (step.kind === "enter") stack.push([]);
    else if (step.kind === "leave") stack.pop();
    else if (step.kind === "entry-end") stack.splice(-1, 1, []);
    else if (step.kind === "comment") {
      stack.at(-1)?.push(step.text);
      selected.push({ of: step, encrypted: chosen(step.path, stack, true) });
    } else if (step.kind === "leaf") selected.push({ of: step, encrypted: chosen(step.path, stack, false) });
  }
  return selected;
}

/** A file's message authentication code: SHA-512 over its values in SOPS' order, in upper case. */
export class SopsMac {
  readonly #hash = createHash("sha512");
  readonly #onlyEncrypted: boolean;

  constructor(onlyEncrypted: boolean) {
    this.#onlyEncrypted = onlyEncrypted;
    // SHA-256 of "sops": so that the two kinds of code never are the same.
    if (onlyEncrypted) this.#hash.update(createHash("sha256").update("sops").digest());
  }

  add(value: SopsValue, encrypted: boolean): void {
    if (encrypted || !this.#onlyEncrypted) this.#hash.update(value.bytes);
  }

  text(): string {
    return this.#hash.digest("hex").toUpperCase();
  }
}

export interface DecryptedFile {
  readonly values: ReadonlyMap<Leaf, { readonly value: SopsValue; readonly encrypted: boolean }>;
  readonly comments: ReadonlyMap<Comment, { readonly value: SopsValue; readonly encrypted: boolean; readonly path: readonly string[] }>;
  /** What the values' code comes to. */
  readonly mac: string;
}

/**
 * Decrypts every value of a file.
 *
 * @throws FindingError `sealed-sops-value`, one finding for each value that can't be decrypted
 */
export function decryptSteps(document: SopsDocument, metadata: SopsMetadata, key: Uint8Array): DecryptedFile {
  const values = new Map<Leaf, { value: SopsValue; encrypted: boolean }>();
  const comments = new Map<Comment, { value: SopsValue; encrypted: boolean; path: readonly string[] }>();
  const mac = new SopsMac(metadata.macOnlyEncrypted);
  const findings: Finding[] = [];
  for (const { of, encrypted } of selectedSteps(document, metadata.selection)) {
    if (of.kind === "comment") {
      const opened = encrypted || of.text.startsWith("ENC[") ? openComment(of, key) : undefined;
      comments.set(of, opened ?? { value: { type: "comment", bytes: Buffer.from(of.text, "utf8") }, encrypted: false, path: of.path });
    } else if (of.value !== null) {
      const text = of.value.type === "str" ? Buffer.from(of.value.bytes).toString("utf8") : undefined;
      const value = !encrypted ? of.value : text === undefined ? undefined : decryptValue(text, key, additionalData(of.path));
      if (value === undefined) {
        findings.push(undecryptable(document, of, text));
        continue;
      }
      values.set(of, { value, encrypted });
      // A value that says it is a comment counts as one, as in SOPS.
      if (value.type !== "comment") mac.add(value, encrypted);
    }
  }
  const [first, ...more] = findings;
  if (first === undefined) return { values, comments, mac: mac.text() };
  for (const { value, encrypted } of values.values()) if (encrypted) value.bytes.fill(0);
  throw new FindingError(first, ...more);
}

function openComment(comment: Comment, key: Uint8Array): { value: SopsValue; encrypted: boolean; path: readonly string[] } | undefined {
  for (const path of [comment.path, ...comment.otherPaths]) {
    const value = decryptValue(comment.text, key, additionalData(path));
    if (value !== undefined) return { value, encrypted: true, path };
  }
  return undefined;
}

function undecryptable(document: SopsDocument, leaf: Leaf, text: string | undefined): Finding {
  const where = leaf.pointer.join("/");
  const clear = text === undefined || !text.startsWith("ENC[");
  return {
    code: "sealed-sops-value",
    severity: "error",
    message: clear
      ? `${where} should be encrypted and is not`
      : `${where} can't be decrypted: it was changed, or moved here from another key or file`,
    at: document.at(leaf.start),
    advice: clear
      ? "it was written into the file by hand: take it out, and put it in with `halite secret seal`; what has been committed is known"
      : "seal the value anew with `halite secret seal`, or take the file's last good version from git",
  };
}
