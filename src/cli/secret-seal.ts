import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { FindingError } from "../finding/index.ts";
import { PyDict, type Value } from "../python/index.ts";
import { formatReference, parseReference, type KubernetesObject, type Reference, type SecretValue } from "../sealed/index.ts";
import {
  createSopsFile,
  newSealedSecret,
  readCertificate,
  readSealedSecret,
  sealBlob,
  SEALING_SCOPES,
  SopsFile,
  type FoundSealedSecret,
  type SealingScope,
} from "../unseal/index.ts";
import { emit, loadKubernetes } from "../yaml/index.ts";
import { EnvironmentError, UsageError, type Command, type CommandContext } from "./command.ts";
import { SecretFleet, sopsTime } from "./secret-fleet.ts";
import { readValue } from "./secret-value.ts";
import { writeWhole } from "./write-whole.ts";

const IN_ARGUMENTS =
  "the value is not taken from the command line: other users see it there (ps), and the shell keeps it in its history\nhand it over by standard input or --fd: halite secret seal TARGET < FILE";

/** `halite secret seal TARGET`. */
export const command: Command = {
  run: async (context) => {
    const [target, ...more] = context.arguments.positional;
    if (more.length > 0) throw new UsageError(IN_ARGUMENTS);
    if (target === undefined)
      throw new UsageError("name where the value goes: FILE#PATH, barbican:NAME, pgp:, or with --kubeseal-cert NAMESPACE/NAME#KEY");
    const fleet = SecretFleet.open(context);
    const certificate = certificateFile(context, fleet);
    if (certificate !== undefined) return sealedSecret(context, target, certificate);
    if (target === "pgp:" || target === "pgp") return pgpMessage(context, fleet);
    const reference = targetReference(target, fleet);
    if (reference.kind === "barbican") return barbican(context, fleet, reference);
    return sopsFile(context, fleet, reference);
  },
};

type Target = Extract<Reference, { kind: "sops" | "barbican" }>;

/** A target is written as in a reference, with or without `?{sops:` and `}`. */
function targetReference(target: string, fleet: SecretFleet): Target {
  if (/#[^=]*=/.test(target) && !target.includes("=}")) throw new UsageError(IN_ARGUMENTS);
  const inner = target.startsWith("?{")
    ? target
    : `?{${/^(?:sops|barbican|pgp|secret):/.test(target) ? target : `sops:${withName(target, fleet)}`}}`;
  let reference: Reference;
  try {
    reference = parseReference(inner);
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    throw new UsageError(
      `${target} names no place: ${error.message.replace(/^.*?is no reference to a sealed value: /, "")}\n${error.findings[0].advice ?? ""}`,
    );
  }
  if (reference.kind === "sops" || reference.kind === "barbican") return reference;
  throw new UsageError(
    reference.kind === "pgp"
      ? "a PGP message is made with `halite secret seal pgp:` and put into pillar"
      : "a Secret of a cluster is not sealed from here: kubectl makes it, or a SealedSecret (--kubeseal-cert)",
  );
}

/** The file's part, as references name it. */
function withName(target: string, fleet: SecretFleet): string {
  const hash = target.indexOf("#");
  return hash <= 0 ? target : `${fleet.fileName(target.slice(0, hash))}${target.slice(hash)}`;
}

function done(context: CommandContext, reference: Reference | undefined, text: string, data: Readonly<Record<string, unknown>>): 0 {
  const { terminal, arguments: args } = context;
  if (args.flag("json"))
    terminal.out(
      `${JSON.stringify({ ...(reference === undefined ? {} : { reference: formatReference(reference) }), ...data }, undefined, 2)}\n`,
    );
  else terminal.out(text);
  return 0;
}

async function sopsFile(context: CommandContext, fleet: SecretFleet, reference: Extract<Target, { kind: "sops" }>): Promise<0> {
  const { file, path } = reference;
  const absolute = join(fleet.root, file);
  const now = sopsTime(Date.now());
  const created = !existsSync(absolute);
  // What can fail without the value fails before the value is asked for.
  const open = created ? undefined : await SopsFile.read(fleet.read(file), fleet.display(file)).open(await fleet.ring());
  const rule = created ? fleet.rule(file, fleet.clusterKeys(context.arguments.value("clusters")).values()) : undefined;
  const value = await readValue(context);
  let text: string;
  try {
    if (open !== undefined) text = open.withValue(path, value, now);
    else if (rule !== undefined) text = await newFile(fleet, file, path, value, { ...rule.rule, gpg: fleet.gpg() }, now);
    else throw new TypeError("neither a file nor a rule");
  } finally {
    open?.wipe();
    value.wipe();
  }
  const changed = created || text !== open?.file.document.text;
  if (changed) writeWhole(absolute, text);
  const said = created
    ? `made ${fleet.display(file)} by ${rule?.from ?? ""}`
    : changed
      ? `sealed into ${fleet.display(file)}`
      : `${fleet.display(file)} holds that value already`;
  return done(context, reference, `${said}\n${formatReference(reference)}\n`, { file: fleet.display(file), created, changed });
}

/** A new file with one value: as if it had been added to an empty one. */
async function newFile(
  fleet: SecretFleet,
  file: string,
  path: readonly string[],
  value: SecretValue,
  settings: Parameters<typeof createSopsFile>[2],
  now: string,
): Promise<string> {
  const bytes = value.reveal("seal");
  try {
    if (!/\.(?:ya?ml|json)$/i.test(file)) {
      // dotenv and INI are refused there, by name.
      if (/\.(?:env|ini)$/i.test(file) || path.join("/") === "data") return await createSopsFile(bytes, fleet.display(file), settings, now);
      throw new UsageError(`${file} is neither YAML nor JSON: to SOPS it is one value, called data; seal into ${file}#data`);
    }
    const text = Buffer.from(bytes);
    let data: object | string = text.toString("utf8");
    if (!Buffer.from(data, "utf8").equals(text))
      throw new UsageError("the value is no text: seal it into a file of another ending, as FILE.bin#data");
    for (const key of path.toReversed()) data = { [key]: data };
    const plain = Buffer.from(/\.json$/i.test(file) ? `${JSON.stringify(data, undefined, "\t")}\n` : emit([toValue(data)]), "utf8");
    try {
      return await createSopsFile(plain, fleet.display(file), settings, now);
    } finally {
      plain.fill(0);
    }
  } finally {
    bytes.fill(0);
  }
}

async function pgpMessage(context: CommandContext, fleet: SecretFleet): Promise<0> {
  const recipients = fleet
    .recipients(fleet.clusterKeys(context.arguments.value("clusters")).values())
    .flatMap((each) => (each.kind === "pgp" ? [each.fingerprint] : []));
  if (recipients.length === 0)
    throw new EnvironmentError(
      "no PGP key is named that the value could be sealed to",
      "name fingerprints in sealed:pgp:recipients and sealed:clusters of halite.yaml",
    );
  const value = await readValue(context);
  const bytes = value.reveal("seal");
  value.wipe();
  try {
    const message = await fleet.gpg().encrypt(bytes, recipients);
    return done(context, undefined, `${message}\n`, { message, recipients });
  } finally {
    bytes.fill(0);
  }
}

async function barbican(context: CommandContext, fleet: SecretFleet, reference: Extract<Target, { kind: "barbican" }>): Promise<0> {
  const service = fleet.barbican();
  const { name } = reference;
  const old = await service.find(name).catch((error: unknown) => {
    if (error instanceof FindingError && error.findings[0].code === "sealed-barbican-missing") return undefined;
    throw error;
  });
  if (old !== undefined && !context.arguments.flag("replace"))
    throw new FindingError({
      code: "sealed-barbican-there",
      severity: "error",
      message: `Barbican has a secret called ${name} already, of ${old.created}`,
      advice: "--replace stores the new value and then deletes the old one; give the reference another @VERSION, so that the change shows",
    });
  const value = await readValue(context);
  try {
    const id = await service.store(name, value);
    if (old !== undefined) await service.remove(old.id);
    const note =
      reference.version === null ? "the reference has no @VERSION: a later change of the value won't show in compiled output\n" : "";
    return done(context, reference, `stored as ${id}\n${note}${formatReference(reference)}\n`, { id, replaced: old?.id ?? null });
  } finally {
    value.wipe();
    await service.wipe();
  }
}

/** The certificate that `--kubeseal-cert` names, or the config for the cluster of `--cluster`. */
function certificateFile(
  { arguments: args, cwd }: CommandContext,
  fleet: SecretFleet,
): { readonly path: string; readonly shown: string } | undefined {
  const given = args.value("kubeseal-cert");
  if (given !== undefined) return { path: resolve(cwd, given), shown: given };
  const cluster = args.value("cluster");
  if (cluster === undefined) return undefined;
  const keys = fleet.clusterKeys().get(cluster);
  if (keys === undefined) throw new UsageError(`the roster has no cluster ${cluster}`);
  const shown = keys.map((each) => each.certificate).find((each) => each !== null);
  if (shown === undefined || shown === null)
    throw new EnvironmentError(
      `halite.yaml names no certificate of ${cluster}`,
      "fetch it with kubeseal --fetch-cert, and name its file in sealed:clusters",
    );
  return { path: fleet.path(shown), shown };
}

async function sealedSecret(
  context: CommandContext,
  target: string,
  certificateFrom: { readonly path: string; readonly shown: string },
): Promise<0> {
  const { arguments: args, terminal, cwd } = context;
  const [, namespace, name, key] = /^(?:([a-z0-9-]+)\/)?([a-z0-9.-]+)#([A-Za-z0-9._-]+)$/.exec(target) ?? [];
  if (name === undefined || key === undefined) throw new UsageError(`${target} names no key of a Secret: write NAMESPACE/NAME#KEY`);
  const scopeName = args.value("scope") ?? "strict";
  const scope = SEALING_SCOPES.find((each) => each === scopeName);
  if (scope === undefined) throw new UsageError(`--scope is strict, namespace-wide or cluster-wide, not ${scopeName}`);
  if (namespace === undefined && scope !== "cluster-wide")
    throw new UsageError(`${target} has no namespace, and ${scope} values are tied to one: NAMESPACE/NAME#KEY`);
  const certificate = readCertificate(readText(certificateFrom.path, certificateFrom.shown), certificateFrom.shown, Date.now());
  const into = args.value("into");
  const found =
    into === undefined || !existsSync(resolve(cwd, into))
      ? undefined
      : existing(readText(resolve(cwd, into), into), into, { name, namespace: namespace ?? null, scope });
  const value = await readValue(context);
  const bytes = value.reveal("seal");
  value.wipe();
  const blob = sealBlob(certificate.key, bytes, scope, namespace ?? "", name);
  bytes.fill(0);
  const object: KubernetesObject =
    found === undefined
      ? newSealedSecret({ name, namespace: namespace ?? null, scope, type: args.value("type") ?? null }, new Map([[key, blob]]))
      : withKey(found.object, key, blob);
  const text = emit([toValue(object)]);
  if (into === undefined) {
    terminal.out(args.flag("json") ? `${JSON.stringify(object, undefined, 2)}\n` : text);
    return 0;
  }
  writeWhole(resolve(cwd, into), text);
  return done(context, undefined, `sealed ${key} into ${into}\n`, { file: into, key, scope });
}

/** The SealedSecret in a file, which must be the one that is meant. */
function existing(
  text: string,
  file: string,
  target: { name: string; namespace: string | null; scope: SealingScope },
): { readonly object: KubernetesObject; readonly found: FoundSealedSecret } {
  const refuse = (message: string): FindingError =>
    new FindingError({
      code: "sealed-secret-object",
      severity: "error",
      message: `${file}: ${message}`,
      at: { file },
      advice: "name another file with --into",
    });
  const documents = loadKubernetes(text, { file });
  const [only] = documents;
  if (documents.length !== 1 || only === undefined)
    throw refuse(`it holds ${documents.length} documents, and should hold one SealedSecret`);
  const object = toJson(only.value);
  if (typeof object !== "object" || object === null || Array.isArray(object) || !("kind" in object) || object["kind"] !== "SealedSecret")
    throw refuse("it holds no SealedSecret");
  const found = readSealedSecret(object, file);
  if (found.name !== target.name || found.namespace !== target.namespace || found.scope !== target.scope)
    throw refuse(
      `it holds ${found.namespace === null ? "" : `${found.namespace}/`}${found.name}, ${found.scope}, and not ${target.namespace === null ? "" : `${target.namespace}/`}${target.name}, ${target.scope}`,
    );
  return { object, found };
}

function withKey(object: KubernetesObject, key: string, blob: string): KubernetesObject {
  const spec = object["spec"];
  const inner = typeof spec === "object" && spec !== null && !Array.isArray(spec) ? Object.fromEntries(Object.entries(spec)) : {};
  const data = inner["encryptedData"];
  const entries = typeof data === "object" && data !== null && !Array.isArray(data) ? Object.entries(data) : [];
  return { ...object, spec: { ...inner, encryptedData: { ...Object.fromEntries(entries), [key]: blob } } };
}

function readText(path: string, shown: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new EnvironmentError(`${shown} can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function toValue(data: unknown): Value {
  if (Array.isArray(data)) return data.map(toValue);
  if (typeof data === "object" && data !== null)
    return PyDict.of(Object.entries(data).map(([key, value]): [Value, Value] => [key, toValue(value)]));
  return typeof data === "string" || typeof data === "number" || typeof data === "boolean" || typeof data === "bigint" ? data : null;
}

function toJson(value: Value): KubernetesObject[string] {
  if (value instanceof PyDict)
    return Object.fromEntries([...value.entries()].map(([key, item]) => [typeof key === "string" ? key : "", toJson(item)]));
  if (Array.isArray(value)) return value.map(toJson);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" || typeof value === "bigint" ? value : null;
}
