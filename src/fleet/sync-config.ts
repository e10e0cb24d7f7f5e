import type { Value } from "../python/index.ts";
import type { SettingsReader } from "./settings-reader.ts";

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
  readonly lease: {
    readonly namespace: string;
    readonly name: string;
  } | null;
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

/** Reads `sync`; what it may hold the config's schema has checked. @throws FindingError `config-invalid` */
export function parseSyncConfig(value: Value, read: SettingsReader): SyncConfig {
  const sync = read.mapping(value, "sync");
  const reports = read.mapping(sync?.get("reports"), "sync:reports");
  const lease = read.mapping(sync?.get("lease"), "sync:lease");
  return {
    state: read.text(sync?.get("state"), "sync:state") ?? ".halite/sync",
    kubeconfigs: read.text(sync?.get("kubeconfigs"), "sync:kubeconfigs") ?? null,
    trusted: signers(sync?.get("trusted"), "sync:trusted", read),
    interval: read.seconds(sync?.get("interval"), "sync:interval") ?? 30,
    resync: read.seconds(sync?.get("resync"), "sync:resync") ?? 600,
    workers: read.count(sync?.get("workers"), "sync:workers", 1, Infinity) ?? 8,
    listen: read.text(sync?.get("listen"), "sync:listen") ?? null,
    lease:
      lease === undefined
        ? null
        : {
            namespace: read.text(lease.get("namespace"), "sync:lease:namespace") ?? "default",
            name: read.text(lease.get("name"), "sync:lease:name") ?? "halite-sync",
          },
    reports: {
      branch: read.text(reports?.get("branch"), "sync:reports:branch") ?? "reports",
      sign: read.signingKey(reports?.get("sign"), "sync:reports:sign") ?? null,
      trusted: signers(reports?.get("trusted"), "sync:reports:trusted", read),
      without: read.texts(reports?.get("without"), "sync:reports:without"),
    },
  };
}

function signers(value: Value | undefined, name: string, read: SettingsReader): SignersConfig | null {
  const trusted = read.mapping(value, name);
  if (trusted === undefined) return null;
  const allowedSigners = read.text(trusted.get("allowedSigners"), `${name}:allowedSigners`);
  const keyring = read.text(trusted.get("keyring"), `${name}:keyring`);
  if (allowedSigners !== undefined && keyring === undefined) return { format: "ssh", allowedSigners };
  if (keyring !== undefined && allowedSigners === undefined) return { format: "openpgp", keyring };
  throw read.refuse(`${name} must name either allowedSigners, a file of ssh's, or keyring, one of gpg's`);
}
