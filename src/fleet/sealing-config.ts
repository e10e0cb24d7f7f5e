import type { PyDict, Value } from "../python/index.ts";
import type { SettingsReader } from "./settings-reader.ts";

/** Who may open what is sealed, and what it is opened with: `sealed` of halite.yaml, but for what the compile needs of it. */
export interface SealingConfig {
  readonly age: {
    /** Recipients that may open everything: the engineers, a recovery key. */
    readonly recipients: readonly string[];
    /** Files of private keys, by which this machine opens; relative to the config, `~/` for the home. */
    readonly identities: readonly string[];
  };
  readonly pgp: {
    /** Fingerprints of keys that may open everything. */
    readonly recipients: readonly string[];
    /** The keyring's folder; null: gpg's own choice. */
    readonly home: string | null;
  };
  readonly barbican: BarbicanConfig | null;
  /** What clusters open with, by Salt's compound matcher. */
  readonly clusters: readonly ClusterKeys[];
}

/** The keys of the clusters that a target picks. */
export interface ClusterKeys {
  readonly target: string;
  readonly age: readonly string[];
  readonly pgp: readonly string[];
  /** File of the sealing certificate of its sealed-secrets controller. */
  readonly certificate: string | null;
}

export interface BarbicanConfig {
  readonly endpoint: string;
  /** The project's id, where Barbican runs without Keystone. */
  readonly project: string | null;
  /** Keystone, and the application credential: its id, and the file that its secret is in. */
  readonly keystone: { readonly authUrl: string; readonly credentialId: string; readonly secretFile: string } | null;
  /** Seconds that a request may take. */
  readonly timeout: number;
  /** PEM file of certificate authorities; null: the system's. */
  readonly caFile: string | null;
}

/** @throws FindingError `config-invalid` */
export function parseSealingConfig(sealed: Value, reader: SettingsReader): SealingConfig {
  const options = reader.mapping(sealed, "sealed");
  const age = reader.mapping(options?.get("age"), "sealed:age");
  const pgp = reader.mapping(options?.get("pgp"), "sealed:pgp");
  const clusters = reader.mapping(options?.get("clusters"), "sealed:clusters");
  return {
    age: {
      recipients: reader.texts(age?.get("recipients"), "sealed:age:recipients"),
      identities: reader.texts(age?.get("identities"), "sealed:age:identities"),
    },
    pgp: {
      recipients: reader.texts(pgp?.get("recipients"), "sealed:pgp:recipients"),
      home: reader.text(pgp?.get("home"), "sealed:pgp:home") ?? null,
    },
    barbican: barbicanOf(reader.mapping(options?.get("barbican"), "sealed:barbican"), reader),
    clusters: [...(clusters?.entries() ?? [])].map(([target, value]): ClusterKeys => {
      if (typeof target !== "string") throw reader.refuse("sealed:clusters must map targets to their keys");
      const name = `sealed:clusters:${target}`;
      const keys = reader.mapping(value, name);
      return {
        target,
        age: reader.texts(keys?.get("age"), `${name}:age`),
        pgp: reader.texts(keys?.get("pgp"), `${name}:pgp`),
        certificate: reader.text(keys?.get("certificate"), `${name}:certificate`) ?? null,
      };
    }),
  };
}

function barbicanOf(options: PyDict | undefined, reader: SettingsReader): BarbicanConfig | null {
  if (options === undefined) return null;
  const endpoint = reader.text(options.get("endpoint"), "sealed:barbican:endpoint");
  if (endpoint === undefined) throw reader.refuse("sealed:barbican names no endpoint");
  const project = reader.text(options.get("project"), "sealed:barbican:project");
  const authUrl = reader.text(options.get("auth_url"), "sealed:barbican:auth_url");
  const credential = reader.mapping(options.get("application_credential"), "sealed:barbican:application_credential");
  const credentialId = reader.text(credential?.get("id"), "sealed:barbican:application_credential:id");
  const secretFile = reader.text(credential?.get("secret_file"), "sealed:barbican:application_credential:secret_file");
  const keystone =
    authUrl === undefined || credentialId === undefined || secretFile === undefined ? null : { authUrl, credentialId, secretFile };
  if ((project === undefined) === (keystone === null))
    throw reader.refuse("sealed:barbican takes auth_url with application_credential {id, secret_file}, or without Keystone project");
  return {
    endpoint,
    project: project ?? null,
    keystone,
    timeout: reader.count(options.get("timeout"), "sealed:barbican:timeout", 1, 300) ?? 10,
    caFile: reader.text(options.get("ca_file"), "sealed:barbican:ca_file") ?? null,
  };
}
