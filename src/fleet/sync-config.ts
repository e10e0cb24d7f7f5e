import { FindingError } from "../finding/index.ts";
import { PyDict, type Value } from "../python/index.ts";

/** What `sync` of halite.yaml says: how a zone's clusters are kept. Paths are as written there, relative to its folder. */
export interface SyncConfig {
  /** The folder that the job keeps what it knows in: the pulled branch, and which release each cluster is kept at. */
  readonly state: string;
  /** A folder with a kubeconfig for each cluster, or one file whose contexts are named after the clusters; null: KUBECONFIG. */
  readonly kubeconfigs: string | null;
  /** Whose signatures on the published branch are demanded; null: nobody's. */
  readonly trusted: SignersConfig | null;
  /** Seconds between two pulls. */
  readonly interval: number;
  /** Seconds after which everything in a cluster is looked at again, although nothing has changed. */
  readonly resync: number;
  /** How many clusters are worked on at a time. */
  readonly workers: number;
  /** `HOST:PORT` of health, metrics and status; null: none. */
  readonly listen: string | null;
  /** The Lease by which one of several replicas works; null: there is only one. */
  readonly lease: { readonly namespace: string; readonly name: string } | null;
  readonly reports: {
    /** Zones report on branches of this name, a slash and their own. */
    readonly branch: string;
    /** With what reports are signed. */
    readonly sign: { readonly format: "ssh" | "openpgp"; readonly key: string } | null;
    /** Whose signatures on reports are demanded; null: nobody's. */
    readonly trusted: SignersConfig | null;
    /** Zones that are not waited for: given up, or out of reach for long. */
    readonly without: readonly string[];
  };
}

/** ssh's file of allowed signers, or gpg's keyring. */
export type SignersConfig =
  | { readonly format: "ssh"; readonly allowedSigners: string }
  | { readonly format: "openpgp"; readonly keyring: string };

/** Reads `sync`; what it may hold the config's schema has checked. `file`: its name in messages. @throws FindingError `config-invalid` */
export function parseSyncConfig(value: Value, file: string): SyncConfig {
  const refuse = (message: string): FindingError =>
    new FindingError({ code: "config-invalid", severity: "error", message: `sync:${message}`, at: { file } });
  const text = (of: PyDict | null, name: string): string | null => {
    const found = of?.get(name) ?? null;
    if (found === null) return null;
    if (typeof found !== "string" || found === "") throw refuse(`${name} must be a string that is not empty`);
    return found;
  };
  const duration = (name: string, fallback: number): number => {
    const found = sync?.get(name) ?? null;
    if (found === null) return fallback;
    const seconds = typeof found === "string" ? readSeconds(found) : undefined;
    if (seconds === undefined) throw refuse(`${name} must be a duration such as 30s, 10m or 1h`);
    return seconds;
  };
  const signers = (of: PyDict | null): SignersConfig | null => {
    const trusted = mapping(of?.get("trusted"));
    if (trusted === null) return null;
    const [allowedSigners, keyring] = [text(trusted, "allowedSigners"), text(trusted, "keyring")];
    if (allowedSigners !== null && keyring === null) return { format: "ssh", allowedSigners };
    if (keyring !== null && allowedSigners === null) return { format: "openpgp", keyring };
    throw refuse("trusted must name either allowedSigners, a file of ssh's, or keyring, one of gpg's");
  };
  if (value !== null && !(value instanceof PyDict)) throw refuse(" must be a mapping");
  const sync = value;
  const reports = mapping(sync?.get("reports"));
  const sign = mapping(reports?.get("sign"));
  const [format, key] = [text(sign, "format") ?? "ssh", text(sign, "key")];
  if (sign !== null && (key === null || (format !== "ssh" && format !== "openpgp")))
    throw refuse("reports:sign must have a key, and as format ssh or openpgp");
  const lease = mapping(sync?.get("lease"));
  const workers = sync?.get("workers") ?? 8;
  if (typeof workers !== "number" || !Number.isInteger(workers) || workers < 1) throw refuse("workers must be a whole number, at least 1");
  const without = reports?.get("without") ?? [];
  if (!Array.isArray(without)) throw refuse("reports:without must be a list of zones");
  return {
    state: text(sync, "state") ?? ".halite/sync",
    kubeconfigs: text(sync, "kubeconfigs"),
    trusted: signers(sync),
    interval: duration("interval", 30),
    resync: duration("resync", 600),
    workers,
    listen: text(sync, "listen"),
    lease: lease === null ? null : { namespace: text(lease, "namespace") ?? "default", name: text(lease, "name") ?? "halite-sync" },
    reports: {
      branch: text(reports, "branch") ?? "reports",
      sign: key === null || (format !== "ssh" && format !== "openpgp") ? null : { format, key },
      trusted: signers(reports),
      without: without.filter((zone) => typeof zone === "string"),
    },
  };
}

function mapping(value: Value | undefined): PyDict | null {
  return value instanceof PyDict ? value : null;
}

function readSeconds(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const factor = { s: 1, m: 60, h: 3600 }[unit];
  return count === undefined || factor === undefined || Number(count) === 0 ? undefined : Number(count) * factor;
}
