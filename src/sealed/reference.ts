import { editDistance, FindingError, type Finding } from "../finding/index.ts";

/** How a value is put into the text round its reference, in this order. Without any it is put there as it is. */
export type ReferenceFunction = "base64" | "json";

interface ReferencePart {
  readonly functions: readonly ReferenceFunction[];
  /** SHA-256 of the sealed text, 64 hexadecimal digits in lower case; null as people write references, set in compiled output. */
  readonly digest: string | null;
}

/** A reference to a sealed value, taken apart. Texts are decoded: `%20` is a blank here. */
export type Reference =
  | (ReferencePart & {
      readonly kind: "sops";
      /** Path of the file below the sealed root, with `/`. */
      readonly file: string;
      /** The keys and list indexes down to the leaf, at least one. */
      readonly path: readonly string[];
    })
  | (ReferencePart & {
      readonly kind: "pgp";
      /** SHA-256 of the armoured message, see `pgpBlock`. */
      readonly block: string;
    })
  | (ReferencePart & {
      readonly kind: "barbican";
      /** Name or UUID of the secret. */
      readonly name: string;
      /** Whatever the engineer changes together with the value. */
      readonly version: string | null;
    })
  | (ReferencePart & {
      readonly kind: "secret";
      readonly namespace: string;
      readonly name: string;
      readonly key: string;
    });

export const REFERENCE_KINDS = ["sops", "pgp", "barbican", "secret"] as const satisfies readonly Reference["kind"][];

/** A place in a text that holds a reference, or what was meant as one. `end` is behind its last character. */
export type FoundReference =
  | { readonly state: "whole"; readonly reference: Reference; readonly start: number; readonly end: number }
  | { readonly state: "malformed"; readonly problem: ReferenceProblem; readonly start: number; readonly end: number };

export interface ReferenceProblem {
  readonly message: string;
  readonly advice: string;
  /** Which character is wrong, from the text's start. */
  readonly offset: number;
}

/**
 * Takes a reference apart; `text` is one reference and nothing else.
 *
 *     reference = "?{" kind ":" location *( "|" function ) [ ";sha256=" 64HEXDIG ] "}"
 *     sops      = file "#" key *( "/" key )
 *     pgp       = 64HEXDIG
 *     barbican  = name [ "@" version ]
 *     secret    = namespace "/" name "#" key
 *
 * `file`, `key`, `name` and `version` are made of `A-Z a-z 0-9 - . _ ~ @ + = , : ! $ * ( )`; any other character is written `%HH`, a byte
 * of its UTF-8 (RFC 3986), and within a key of a path `~1` is `/` and `~0` is `~` (RFC 6901, of which the path is the URI fragment form
 * without its first `/`). So a reference holds nothing that quoting, JSON, YAML or HTML would write in another way.
 *
 * @throws FindingError `sealed-reference-malformed`, without a position
 */
export function parseReference(text: string): Reference {
  const found = text.startsWith("?{") ? readReference(text, 0) : undefined;
  if (found?.state === "malformed") throw new FindingError(referenceFinding(text.slice(found.start, found.end), found.problem));
  if (found === undefined || found.end !== text.length) {
    const message = found === undefined ? "a reference begins with ?{" : "there is text behind the reference";
    throw new FindingError(referenceFinding(text, { message, advice: ADVICE, offset: found?.end ?? 0 }));
  }
  return found.reference;
}

/** What is said of a malformed reference. */
export function referenceFinding(text: string, problem: ReferenceProblem): Finding {
  return {
    code: "sealed-reference-malformed",
    severity: "error",
    message: `${shortened(text)} is no reference to a sealed value: ${problem.message}`,
    advice: problem.advice,
  };
}

/** The reference's text: what `parseReference` takes apart again into the same. */
export function formatReference(reference: Reference): string {
  const functions = reference.functions.map((name) => `|${name}`).join("");
  const digest = reference.digest === null ? "" : `;sha256=${reference.digest}`;
  return `?{${reference.kind}:${locationOf(reference)}${functions}${digest}}`;
}

/** What a reference names, without functions and digest: equal for references to the same value. */
export function referenceName(reference: Reference): string {
  return formatReference({ ...reference, functions: [], digest: null });
}

/**
 * The references of a text, in its order, and what was meant as one: `?{` with a letter behind it, or with one of the kinds after blanks.
 * Anything else with these characters, `?{{` of a Go template or `?{2}` of a pattern, is text.
 */
export function findReferences(text: string): readonly FoundReference[] {
  const found: FoundReference[] = [];
  for (let start = text.indexOf("?{"); start >= 0;) {
    const each = BEGIN.test(text.slice(start, start + 40)) ? readReference(text, start) : undefined;
    if (each !== undefined) found.push(each);
    start = text.indexOf("?{", each?.end ?? start + 2);
  }
  return found;
}

/** Whether a text holds a reference, or what was meant as one. */
export function holdsReference(text: string): boolean {
  return text.includes("?{") && findReferences(text).length > 0;
}

const BEGIN = /^\?\{(?:[A-Za-z]|\s+(?:sops|pgp|barbican|secret)\b)/i;
const ADVICE = "references are written ?{KIND:LOCATION}, such as ?{sops:ceph.sops.yaml#rbd/userKey}; see docs/secrets.md";
/** No reference is longer. */
const LONGEST = 4096;

function locationOf(reference: Reference): string {
  switch (reference.kind) {
    case "sops":
      return `${reference.file.split("/").map(encoded).join("/")}#${reference.path.map(encodedKey).join("/")}`;
    case "pgp":
      return reference.block;
    case "barbican":
      return `${encodedWord(reference.name)}${reference.version === null ? "" : `@${encodedWord(reference.version)}`}`;
    default:
      return `${reference.namespace}/${reference.name}#${reference.key}`;
  }
}

function encoded(text: string): string {
  return text.replace(/[^A-Za-z0-9\-._~@+=,:!$*()]+/g, (other) =>
    Array.from(new TextEncoder().encode(other), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}

function encodedWord(text: string): string {
  return encoded(text).replaceAll("@", "%40");
}

function encodedKey(key: string): string {
  return encoded(key.replaceAll("~", "~0").replaceAll("/", "~1"));
}

/** A refusal on the way through one reference. */
class Malformed extends Error {
  readonly problem: ReferenceProblem;
  constructor(message: string, offset: number, advice: string = ADVICE) {
    super(message);
    this.problem = { message, offset, advice };
  }
}

function readReference(text: string, start: number): FoundReference {
  // It ends at the first `}`; what can't stand in one ends it before, so that an unclosed one doesn't swallow the text behind it.
  let end = start + 2;
  while (end < text.length && end - start < LONGEST && text[end] !== "}" && text[end] !== "\n" && !text.startsWith("?{", end)) end++;
  const closed = text[end] === "}";
  try {
    if (!closed)
      throw new Malformed(
        text[end] === "\n" ? "it goes on over the end of its line" : "its } is missing",
        end,
        "a reference stands on one line, whole; filters that cut or wrap texts can't be used on it",
      );
    return { state: "whole", reference: readWhole(text.slice(start + 2, end), start + 2), start, end: end + 1 };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { state: "malformed", problem: error.problem, start, end: closed ? end + 1 : end };
  }
}

/** `inner`: between the braces; `base`: where that begins. */
function readWhole(inner: string, base: number): Reference {
  const blank = /[\s"'\\<>&{]/.exec(inner);
  if (blank !== null) {
    const character = blank[0] === " " ? "a blank" : JSON.stringify(blank[0]);
    throw new Malformed(
      `${character} can't stand in it`,
      base + blank.index,
      `write ${encoded(blank[0])} for it where it belongs to a name`,
    );
  }
  const colon = inner.indexOf(":");
  if (colon < 0) throw new Malformed("it has no KIND:", base);
  const kind = readKind(inner.slice(0, colon), base);
  const semicolon = inner.indexOf(";");
  const digest = semicolon < 0 ? null : readDigest(inner.slice(semicolon + 1), base + semicolon + 1);
  const [location = "", ...names] = inner.slice(colon + 1, semicolon < 0 ? undefined : semicolon).split("|");
  let at = base + colon + 1;
  const locationAt = at;
  at += location.length + 1;
  const functions: ReferenceFunction[] = [];
  for (const name of names) {
    if (name !== "base64" && name !== "json")
      throw new Malformed(name === "" ? "no function stands behind the |" : `there is no function ${name}`, at, "functions: base64, json");
    functions.push(name);
    at += name.length + 1;
  }
  return { ...readLocation(kind, location, locationAt), functions, digest };
}

function readKind(text: string, at: number): Reference["kind"] {
  const kind = REFERENCE_KINDS.find((each) => each === text);
  if (kind !== undefined) return kind;
  const lower = REFERENCE_KINDS.find((each) => each === text.toLowerCase());
  if (lower !== undefined)
    throw new Malformed(
      `its kind is ${lower}, in lower case`,
      at,
      "was it changed by a filter such as upper? The value isn't there yet when templates are rendered",
    );
  if (text === "gpg")
    throw new Malformed("there is no kind gpg", at, "the kind is pgp, and the compiler makes such references of PGP blocks");
  const near = REFERENCE_KINDS.find((each) => editDistance(each, text.toLowerCase()) <= 2);
  const known = `kinds: ${REFERENCE_KINDS.join(", ")}`;
  throw new Malformed(
    text === "" ? "it has no KIND" : `there is no kind ${text}`,
    at,
    near === undefined ? known : `meant ${near}? ${known}`,
  );
}

function readDigest(text: string, at: number): string {
  const [, digest] = /^sha256=([0-9a-f]{64})$/.exec(text) ?? [];
  if (digest === undefined)
    throw new Malformed("behind ; stands sha256= and 64 hexadecimal digits in lower case", at, "leave the digest to the compiler");
  return digest;
}

type Location<Kind extends Reference["kind"] = Reference["kind"]> = Kind extends Kind
  ? Omit<Extract<Reference, { kind: Kind }>, "functions" | "digest">
  : never;

function readLocation(kind: Reference["kind"], text: string, at: number): Location {
  switch (kind) {
    case "sops":
      return readSops(text, at);
    case "pgp":
      if (!/^[0-9a-f]{64}$/.test(text))
        throw new Malformed(
          "pgp: takes 64 hexadecimal digits in lower case",
          at,
          "let the block stand in a pillar file that begins with #!yaml|gpg; the compiler makes the reference",
        );
      return { kind, block: text };
    case "barbican":
      return readBarbican(text, at);
    default:
      return readSecret(text, at);
  }
}

function readSops(text: string, at: number): Location<"sops"> {
  const hash = text.indexOf("#");
  if (hash < 0) throw new Malformed("sops: takes FILE#PATH and there is no #", at);
  const segments = text.slice(0, hash).split("/");
  if (text.startsWith("/") || segments.some((segment) => segment === "" || segment === "." || segment === ".."))
    throw new Malformed(
      hash === 0 ? "it names no file" : "its file must be a path below the sealed root, without . and ..",
      at,
      "files are named from the folder that sealed:root of halite.yaml names, secrets by default",
    );
  const file = segments.map((segment) => decoded(segment, at)).join("/");
  if (file.split("/").length !== segments.length || /(?:^|\/)\.{0,2}(?:\/|$)|[\0-\x1f\x7f]/.test(file))
    throw new Malformed("its file must be a path below the sealed root", at);
  const pathAt = at + hash + 1;
  const path = text.slice(hash + 1);
  if (path === "" || path.startsWith("/"))
    throw new Malformed(
      path === "" ? "it names no leaf" : "its path begins with /",
      pathAt,
      "write the keys down to the leaf behind the #, such as rbd/userKey",
    );
  return { kind: "sops", file, path: path.split("/").map((key) => decodedKey(key, pathAt)) };
}

function readBarbican(text: string, at: number): Location<"barbican"> {
  const [name = "", version, ...more] = text.split("@");
  if (name === "") throw new Malformed("it names no secret", at);
  if (more.length > 0 || version === "")
    throw new Malformed("barbican: takes NAME@VERSION", at, "an @ that belongs to the name is written %40");
  return { kind: "barbican", name: decoded(name, at), version: version === undefined ? null : decoded(version, at + name.length + 1) };
}

function readSecret(text: string, at: number): Location<"secret"> {
  const [, namespace, name, key] = /^([^/#]*)\/([^/#]*)#([^/#]*)$/.exec(text) ?? [];
  if (namespace === undefined || name === undefined || key === undefined) throw new Malformed("secret: takes NAMESPACE/NAME#KEY", at);
  const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
  if (!label.test(namespace)) throw new Malformed("its namespace is none that Kubernetes allows", at);
  if (name.length > 253 || !/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(name))
    throw new Malformed("its name is none that Kubernetes allows for a Secret", at + namespace.length + 1);
  if (key.length > 253 || !/^[A-Za-z0-9._-]+$/.test(key))
    throw new Malformed("its key is none that Kubernetes allows in a Secret", at + namespace.length + name.length + 2);
  return { kind: "secret", namespace, name, key };
}

/** Undoes `%HH`. */
function decoded(text: string, at: number): string {
  const wrong = /[^A-Za-z0-9\-._~@+=,:!$*()%]|%(?![0-9A-Fa-f]{2})/.exec(text);
  if (wrong !== null)
    throw new Malformed(
      `${JSON.stringify(wrong[0])} can't stand in it`,
      at,
      `write ${wrong[0] === "%" ? "%25" : encoded(wrong[0])} for it where it belongs to a name`,
    );
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Malformed("its %HH are no UTF-8", at);
  }
}

function decodedKey(text: string, at: number): string {
  const key = decoded(text, at);
  if (/~(?![01])/.test(key)) throw new Malformed("in a path ~ is written ~0, and / within a key ~1", at, "as in RFC 6901");
  return key.replaceAll("~1", "/").replaceAll("~0", "~");
}

function shortened(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
}
