import { timingSafeEqual } from "node:crypto";
import { FindingError, type Position } from "../../finding/index.ts";
import { SecretValue } from "../../sealed/index.ts";
import { additionalData, decryptValue, encryptValue, isEncrypted, UnchangedTexts } from "./cipher.ts";
import { readSopsDocument, type Leaf, type SopsDocument, type SopsFormat } from "./document.ts";
import { closeDataKey, newDataKey, openDataKey, type KeyRing, type Recipient } from "./keys.ts";
import { printJsonSection, printYamlSection, readMetadata, type SopsMetadata } from "./metadata.ts";
import { encryptedText, plainText, splice, type Splice } from "./plain-text.ts";
import { addEntry, removeSection, withSection } from "./sections.ts";
import { NO_SELECTION, type Selection } from "./selection.ts";
import { decryptSteps, selectedSteps, SopsMac, type DecryptedFile } from "./walk.ts";

/** The format that SOPS takes a file for, by its name; undefined for those that Halite has no part for. */
export function sopsFormat(file: string): SopsFormat | undefined {
  if (/\.ya?ml$/i.test(file)) return "yaml";
  if (/\.json$/i.test(file)) return "json";
  return /\.(?:env|ini)$/i.test(file) ? undefined : "binary";
}

function formatOf(file: string): SopsFormat {
  const format = sopsFormat(file);
  if (format !== undefined) return format;
  throw new FindingError({
    code: "sealed-sops-unsupported",
    severity: "error",
    message: `${file}: dotenv and INI files of SOPS are not supported`,
    at: { file },
    advice: "keep the values in YAML or JSON: `sops --output-type yaml`",
  });
}

/** Where a leaf stands and the text that is sealed there. */
export interface SealedLeaf {
  readonly text: string;
  readonly at: Position;
}

/**
 * A SOPS file as sops 3.13.3 writes and reads it: YAML, JSON, and anything else in its JSON envelope. Without keys it tells what is sealed and
 * to whom; `open` gives the values.
 */
export class SopsFile {
  readonly document: SopsDocument;
  readonly metadata: SopsMetadata;

  private constructor(document: SopsDocument, metadata: SopsMetadata) {
    this.document = document;
    this.metadata = metadata;
  }

  /** @throws FindingError `sealed-sops-syntax`, `sealed-sops-plain`, `sealed-sops-metadata`, `sealed-sops-unsupported` */
  static read(text: string, file: string): SopsFile {
    const document = readSopsDocument(text, formatOf(file), file);
    return new SopsFile(document, readMetadata(document));
  }

  /** The paths of all encrypted leaves, in the file's order. */
  sealedPaths(): { readonly path: readonly string[]; readonly at: Position }[] {
    return selectedSteps(this.document, this.metadata.selection).flatMap(({ of, encrypted }) =>
      of.kind === "leaf" && encrypted && of.value !== null ? [{ path: of.pointer, at: this.document.at(of.start) }] : [],
    );
  }

  /** What is sealed at a path. No key is needed. @throws FindingError `sealed-sops-path`, `sealed-sops-clear` */
  sealedLeaf(path: readonly string[]): SealedLeaf {
    const leaf = this.leaf(path);
    const text = leaf.value?.type === "str" ? Buffer.from(leaf.value.bytes).toString("utf8") : "";
    const at = this.document.at(leaf.start);
    if (isEncrypted(text)) return { text, at };
    throw new FindingError({
      code: "sealed-sops-clear",
      severity: "error",
      message: `${path.join("/")} is not sealed: ${text === "" && leaf.value?.type === "str" ? "it is empty, which SOPS does not encrypt" : "it stands there in the clear"}`,
      at,
      advice: "seal it with `halite secret seal`; the file's rule (.sops.yaml) must select its key",
    });
  }

  /** The leaf at a path. @throws FindingError `sealed-sops-path` */
  leaf(path: readonly string[]): Leaf {
    const leaves = this.document.steps.flatMap((step) => (step.kind === "leaf" ? [step] : []));
    const wanted = JSON.stringify(path);
    const leaf = leaves.find((each) => JSON.stringify(each.pointer) === wanted);
    if (leaf !== undefined) return leaf;
    const below = leaves
      .filter((each) => JSON.stringify(each.pointer.slice(0, path.length)) === wanted)
      .map((each) => each.pointer.join("/"));
    const beside = leaves.map((each) => each.pointer.join("/"));
    const list = below.length > 0 ? below : beside;
    throw new FindingError({
      code: "sealed-sops-path",
      severity: "error",
      message: `${this.document.file} has no value at ${path.join("/")}${below.length > 0 ? ", but values below it" : ""}`,
      at: { file: this.document.file },
      advice: list.length === 0 ? "it holds no values" : `there are: ${list.slice(0, 8).join(", ")}${list.length > 8 ? " …" : ""}`,
    });
  }

  /**
   * Opens the data key and every value, and verifies the message authentication code, always.
   *
   * @throws FindingError `sealed-sops-key`, `sealed-sops-value`, `sealed-sops-mac`
   */
  async open(ring: KeyRing): Promise<OpenSopsFile> {
    const key = await openDataKey(this.metadata, this.document.file, ring);
    const decrypted = decryptSteps(this.document, this.metadata, key);
    const stored = decryptValue(this.metadata.mac, key, this.metadata.lastModified);
    const computed = Buffer.from(decrypted.mac, "latin1");
    if (stored?.bytes.length === computed.length && timingSafeEqual(stored.bytes, computed)) return new OpenSopsFile(this, key, decrypted);
    key.fill(0);
    for (const { value, encrypted } of decrypted.values.values()) if (encrypted) value.bytes.fill(0);
    throw new FindingError({
      code: "sealed-sops-mac",
      severity: "error",
      message: `${this.document.file} was changed by something that has no key to it: its message authentication code does not fit`,
      at: { file: this.document.file },
      advice:
        "values may have been exchanged, removed, or changed in the clear: compare with the last good version in git, and make changes with `halite secret` or `sops`",
    });
  }
}

/** Makes a SOPS file of a plain text. @param now RFC 3339, in UTC, to seconds */
export async function createSopsFile(plain: Uint8Array, file: string, settings: NewFile, now: string): Promise<string> {
  const format = formatOf(file);
  const key = newDataKey();
  try {
    const groups = await closeDataKey(key, settings.groups, settings.threshold, settings.gpg, now);
    const metadata: SopsMetadata = {
      groups,
      threshold: groups.length > 1 ? settings.threshold : 0,
      lastModified: now,
      mac: "",
      macOnlyEncrypted: settings.macOnlyEncrypted,
      // A binary file is one value, always encrypted.
      selection: format === "binary" ? NO_SELECTION : settings.selection,
    };
    return encryptText(plain, format, file, metadata, key, new UnchangedTexts(key));
  } finally {
    key.fill(0);
  }
}

/** What a new file is made by: its creation rule. */
export interface NewFile {
  readonly groups: readonly (readonly Recipient[])[];
  readonly threshold: number;
  readonly selection: Selection;
  readonly macOnlyEncrypted: boolean;
  readonly gpg: Gpg | undefined;
}

type Gpg = NonNullable<KeyRing["gpg"]>;

/** A SOPS file whose values are open. `wipe` it when done. */
export class OpenSopsFile {
  readonly file: SopsFile;
  readonly #key: Uint8Array;
  readonly #decrypted: DecryptedFile;

  constructor(file: SopsFile, key: Uint8Array, decrypted: DecryptedFile) {
    this.file = file;
    this.#key = key;
    this.#decrypted = decrypted;
  }

  /** The value at a path: a text's bytes, and numbers and booleans as they are written. @throws FindingError `sealed-sops-path`, `sealed-sops-clear` */
  value(path: readonly string[]): SecretValue {
    this.file.sealedLeaf(path);
    const found = this.#decrypted.values.get(this.file.leaf(path));
    if (found?.encrypted !== true) throw new TypeError("a sealed leaf has no value");
    const { type, bytes } = found.value;
    if (type !== "bool") return SecretValue.of(Uint8Array.from(bytes));
    return SecretValue.of(Buffer.from(bytes).map((byte) => (byte < 0x61 ? byte + 0x20 : byte)));
  }

  /** The whole file in the clear, for an editor. Overwrite it when done. */
  plainText(): Uint8Array {
    const { document } = this.file;
    const changes: Splice[] = [];
    for (const [leaf, { value, encrypted }] of this.#decrypted.values) {
      if (!encrypted) continue;
      if (document.format === "binary") return Uint8Array.from(value.bytes);
      changes.push(plainText(document, leaf, value));
    }
    for (const [comment, { value, encrypted }] of this.#decrypted.comments)
      if (encrypted) changes.push({ start: comment.start, end: comment.end, text: Buffer.from(value.bytes).toString("utf8") });
    return Buffer.from(splice(document.text, [...changes, removeSection(document)]), "utf8");
  }

  /**
   * The file with a text at a path, everything else byte for byte as it was but for the time and the code of the `sops` section.
   *
   * @throws FindingError `sealed-sops-path` where something else than a value is there, `sealed-sops-clear` where the rule selects no such key
   */
  withValue(path: readonly string[], value: SecretValue, now: string): string {
    const { document, metadata } = this.file;
    const bytes = value.reveal("seal");
    const leaf = document.steps.find((step): step is Leaf => step.kind === "leaf" && JSON.stringify(step.pointer) === JSON.stringify(path));
    const old = leaf === undefined ? undefined : this.#decrypted.values.get(leaf)?.value;
    // Unchanged: the file stays as it is.
    if (old?.type === "str" && SecretValue.of(old.bytes.slice()).isSame(value)) return document.text;
    const encrypt = (keys: readonly string[]): string => encryptValue({ type: "str", bytes }, this.#key, additionalData(keys));
    const change = leaf === undefined ? addEntry(document, path, encrypt) : encryptedText(document, leaf, encrypt(leaf.path));
    bytes.fill(0);
    const text = splice(document.text, [change]);
    const changed = readSopsDocument(text, document.format, document.file);
    const selected = selectedSteps(changed, metadata.selection).find(
      ({ of }) => of.kind === "leaf" && JSON.stringify(of.pointer) === JSON.stringify(path),
    );
    if (selected?.encrypted !== true)
      throw new FindingError({
        code: "sealed-sops-clear",
        severity: "error",
        message: `${document.file} does not encrypt ${path.join("/")}: its settings (encrypted_regex and the like) leave it in the clear`,
        at: { file: document.file },
        advice: "choose a key that they select",
      });
    return stamped(changed, metadata, decryptSteps(changed, metadata, this.#key).mac, this.#key, now);
  }

  /**
   * The file made of a changed plain text. What is as it was keeps its encrypted text, so that git shows what has changed.
   *
   * @throws FindingError `sealed-sops-syntax`, `sealed-sops-unsupported` for the plain text
   */
  withPlainText(plain: Uint8Array, now: string): string {
    const { document, metadata } = this.file;
    return encryptText(plain, document.format, document.file, { ...metadata, lastModified: now }, this.#key, this.#unchanged(), document);
  }

  /**
   * The file for other recipients. Values are not touched: only the data key is encrypted to those that are new. With a new data key everything is
   * encrypted again, as somebody who could open the file may have kept the old one.
   */
  async withRecipients(
    groups: readonly (readonly Recipient[])[],
    threshold: number,
    options: { readonly newDataKey: boolean; readonly gpg: Gpg | undefined; readonly now: string },
  ): Promise<string> {
    const { document, metadata } = this.file;
    const key = options.newDataKey ? newDataKey() : Uint8Array.from(this.#key);
    try {
      // Of several groups each key opens a share only.
      const kept = options.newDataKey || metadata.groups.length > 1 ? [] : metadata.groups.flat();
      const changed: SopsMetadata = {
        ...metadata,
        groups: await closeDataKey(key, groups, threshold, options.gpg, options.now, kept),
        threshold: groups.length > 1 ? threshold : 0,
      };
      if (!options.newDataKey) return withSection(document, sectionText(document, changed));
      const plain = this.plainText();
      try {
        return encryptText(plain, document.format, document.file, { ...changed, lastModified: options.now }, key, new UnchangedTexts(key));
      } finally {
        plain.fill(0);
      }
    } finally {
      key.fill(0);
    }
  }

  /** Overwrites the key and the values. */
  wipe(): void {
    this.#key.fill(0);
    for (const { value, encrypted } of [...this.#decrypted.values.values(), ...this.#decrypted.comments.values()])
      if (encrypted) value.bytes.fill(0);
  }

  #unchanged(): UnchangedTexts {
    const unchanged = new UnchangedTexts(this.#key);
    for (const [leaf, { value, encrypted }] of this.#decrypted.values)
      if (encrypted && leaf.value !== null)
        unchanged.keep(value, additionalData(leaf.path), Buffer.from(leaf.value.bytes).toString("utf8"));
    for (const [comment, { value, encrypted, path }] of this.#decrypted.comments)
      if (encrypted) unchanged.keep(value, additionalData(path), comment.text);
    return unchanged;
  }
}

/** Encrypts a plain text. `old`: the file that it was, whose `sops` section stays but for time and code. */
function encryptText(
  plain: Uint8Array,
  format: SopsFormat,
  file: string,
  metadata: SopsMetadata,
  key: Uint8Array,
  unchanged: UnchangedTexts,
  old?: SopsDocument,
): string {
  const mac = new SopsMac(metadata.macOnlyEncrypted);
  let body: string;
  if (format === "binary") {
    const value = { type: "str", bytes: plain } as const;
    mac.add(value, true);
    body = `{\n\t"data": ${JSON.stringify(unchanged.encrypt(value, "data:"))}\n}\n`;
  } else {
    const document = readSopsDocument(textOf(plain, file), format, file);
    if (document.metadata !== undefined)
      throw new FindingError({
        code: "sealed-sops-plain",
        severity: "error",
        message: "there is an entry sops, a name that SOPS keeps for itself",
        at: document.at(document.metadata.start),
        advice: "call the key something else",
      });
    const changes: Splice[] = [];
    for (const { of, encrypted } of selectedSteps(document, metadata.selection)) {
      if (of.kind === "comment") {
        if (encrypted)
          changes.push({
            start: of.start,
            end: of.end,
            text: unchanged.encrypt({ type: "comment", bytes: Buffer.from(of.text, "utf8") }, additionalData(of.path)),
          });
      } else if (of.value !== null) {
        mac.add(of.value, encrypted);
        if (encrypted) changes.push(encryptedText(document, of, unchanged.encrypt(of.value, additionalData(of.path))));
      }
    }
    body = splice(document.text, changes);
  }
  const document = readSopsDocument(body, format, file);
  const section =
    old?.metadata === undefined || format === "binary"
      ? sectionText(document, metadata)
      : old.text.slice(old.metadata.start, old.metadata.end);
  const whole = readSopsDocument(withSection(document, section), format, file);
  return stamped(whole, metadata, mac.text(), key, metadata.lastModified);
}

function textOf(plain: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain);
  } catch {
    throw new FindingError({
      code: "sealed-sops-syntax",
      severity: "error",
      message: `${file} is no UTF-8`,
      at: { file },
      advice: "save it as UTF-8, or give it a name that is neither .yaml nor .json",
    });
  }
}

function sectionText(document: SopsDocument, metadata: SopsMetadata): string {
  if (document.format === "yaml" && !document.branches.some((branch) => branch.pointer.length === 0 && branch.flow))
    return printYamlSection(metadata);
  const indent = /^\{\r?\n([ \t]+)/.exec(document.text)?.[1] ?? "\t";
  return printJsonSection(metadata, indent);
}

/** The file with its time and code in the section that it has. */
function stamped(document: SopsDocument, metadata: SopsMetadata, mac: string, key: Uint8Array, now: string): string {
  const encrypted = encryptValue({ type: "str", bytes: Buffer.from(mac, "latin1") }, key, now);
  const changes = (document.metadata?.leaves ?? []).flatMap((leaf): Splice[] => {
    const [name, ...more] = leaf.pointer;
    if (more.length > 0 || (name !== "lastmodified" && name !== "mac")) return [];
    return [
      {
        start: leaf.start,
        end: leaf.end,
        text: name === "mac" ? (leaf.flow ? JSON.stringify(encrypted) : encrypted) : JSON.stringify(now),
      },
    ];
  });
  if (changes.length !== 2)
    throw new TypeError(`the sops section of ${metadata.groups.length} key groups has no place for its time and code`);
  return splice(document.text, changes);
}
