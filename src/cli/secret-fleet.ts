import type { KeyObject } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, posix, relative, resolve, sep } from "node:path";
import { FindingError } from "../finding/index.ts";
import { FleetCompiler, loadConfig, type ClusterKeys, type Fleet, type SealingConfig } from "../fleet/index.ts";
import { SecretValue } from "../sealed/index.ts";
import {
  AgeIdentities,
  Barbican,
  creationRule,
  DEFAULT_SELECTION,
  Gpg,
  readSealingKeys,
  type CreationRule,
  type KeyRing,
  type Recipient,
} from "../unseal/index.ts";
import { EnvironmentError, UsageError, type CommandContext } from "./command.ts";
import { openFleet } from "./open-fleet.ts";
import { configPath } from "./open-roster.ts";

/** What the secret commands work on: the fleet's sealed files, and who may open them. */
export class SecretFleet {
  /** The config alone: in a zone there is no more of the fleet than that. */
  readonly fleet: Pick<Fleet, "folder" | "configFile" | "config">;
  readonly keys: SealingConfig;
  readonly #context: CommandContext;

  private constructor(context: CommandContext) {
    this.#context = context;
    this.fleet = loadConfig(configPath(context), context.home);
    this.keys = this.fleet.config.sealed.keys;
  }

  /** @throws EnvironmentError where there is no fleet */
  static open(context: CommandContext): SecretFleet {
    return new SecretFleet(context);
  }

  /** Absolute path of the folder of sealed files. */
  get root(): string {
    return resolve(this.fleet.folder, this.fleet.config.sealed.root);
  }

  /** A path of the config, absolute. `~/` is the user's home. */
  path(path: string): string {
    return path.startsWith("~/") ? join(homedir(), path.slice(2)) : resolve(this.fleet.folder, path);
  }

  /** How the file is called in messages. */
  display(file: string): string {
    return `${this.fleet.config.sealed.root.replace(/\/+$/, "")}/${file}`;
  }

  /** A file as a reference names it, of what the user wrote: relative to the sealed root, or with `./`, `../` or `/` to the present folder. */
  fileName(written: string): string {
    const absolute = /^\.{0,2}\//.test(written) ? resolve(this.#context.cwd, written) : resolve(this.root, written);
    const inside = relative(this.root, absolute);
    if (inside === "" || inside.startsWith("..") || isAbsolute(inside))
      throw new UsageError(
        `${written} is not below ${this.fleet.config.sealed.root}, where sealed files are; sealed:root of halite.yaml names another folder`,
      );
    const name = inside.split(sep).join(posix.sep);
    // `secrets/ceph.sops.yaml` for `ceph.sops.yaml`, as one writes it from the fleet's folder.
    const prefix = `${this.fleet.config.sealed.root.replace(/\/+$/, "")}/`;
    if (name.startsWith(prefix) && !existsSync(join(this.root, name)) && !existsSync(dirname(join(this.root, name))))
      return name.slice(prefix.length);
    return name;
  }

  /** The files below the sealed root that SOPS has encrypted or should have: all but Markdown, and those whose name begins with a dot. */
  files(): string[] {
    if (!existsSync(this.root)) return [];
    return readdirSync(this.root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/^\.|\.md$/i.test(entry.name))
      .map((entry) => relative(this.root, join(entry.parentPath, entry.name)).split(sep).join(posix.sep))
      .filter((name) => !name.split("/").some((part) => part.startsWith(".")))
      .sort();
  }

  /** @throws FindingError `sealed-missing` */
  read(file: string): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(join(this.root, file)));
    } catch (error) {
      const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
      throw new FindingError({
        code: missing ? "sealed-missing" : "sealed-unreadable",
        severity: "error",
        message: `${this.display(file)} ${missing ? "does not exist" : "can't be read: it is no UTF-8, or may not be read"}`,
        at: { file: this.display(file) },
        advice: missing ? "`halite secret seal` and `halite secret edit` make it" : "SOPS files are text",
      });
    }
  }

  /** The private keys of this machine. @throws EnvironmentError where a file that the config names can't be read */
  async ring(): Promise<KeyRing> {
    const { env } = this.#context;
    const named = this.keys.age.identities;
    const own = env["SOPS_AGE_KEY_FILE"] ?? "";
    const usual = join(env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config"), "sops/age/keys.txt");
    const files =
      own !== ""
        ? [resolve(this.#context.cwd, own)]
        : named.length > 0
          ? named.map((name) => this.path(name))
          : existsSync(usual)
            ? [usual]
            : [];
    const texts: { name: string; text: string }[] = [];
    for (const name of files) {
      try {
        texts.push({ name, text: await readFile(name, "utf8") });
      } catch (error) {
        // One of several engineers' usual places may be another's.
        if (own === "" && error instanceof Error && "code" in error && error.code === "ENOENT") continue;
        throw new EnvironmentError(
          `the age identities in ${name} can't be read: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
    return { age: await AgeIdentities.parse(texts), gpg: this.gpg() };
  }

  gpg(): Gpg {
    const { home } = this.keys.pgp;
    return new Gpg({ home: home === null ? null : this.path(home) });
  }

  /** Barbican as the config has it. @throws EnvironmentError where it has none */
  barbican(): Barbican {
    const { barbican } = this.keys;
    if (barbican === null)
      throw new EnvironmentError("halite.yaml names no Barbican", "set sealed:barbican:endpoint, and how to authenticate");
    const { keystone, project } = barbican;
    return new Barbican({
      endpoint: barbican.endpoint,
      timeout: barbican.timeout * 1000,
      ...(barbican.caFile === null ? {} : { ca: readFileSync(this.path(barbican.caFile), "utf8") }),
      authentication:
        keystone === null
          ? { kind: "project", project: project ?? "" }
          : {
              kind: "keystone",
              authUrl: keystone.authUrl,
              credentialId: keystone.credentialId,
              secret: async () => SecretValue.of(await readFile(this.path(keystone.secretFile))),
            },
    });
  }

  /** The private keys of sealed-secrets controllers in the file of `--sealing-keys`; none without it. @throws EnvironmentError, FindingError */
  sealingKeys(): KeyObject[] {
    const file = this.#context.arguments.value("sealing-keys");
    if (file === undefined) return [];
    try {
      return readSealingKeys(readFileSync(resolve(this.#context.cwd, file), "utf8"), file);
    } catch (error) {
      if (error instanceof FindingError) throw error;
      throw new EnvironmentError(`${file} can't be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** The fleet with its roster and roots. @throws as `openFleet` */
  whole(): Fleet {
    return openFleet(this.#context);
  }

  /** The keys of the clusters that a target picks (default: all), by cluster. */
  clusterKeys(target?: string): Map<string, readonly ClusterKeys[]> {
    const compiler = new FleetCompiler(this.whole());
    const keys = new Map<string, ClusterKeys[]>(compiler.select(target).map((cluster) => [cluster.id, []]));
    for (const each of this.keys.clusters) for (const { id } of compiler.select(each.target)) keys.get(id)?.push(each);
    return keys;
  }

  /** The rule of the nearest `.sops.yaml` with rules, with the config's name; undefined where there is none. @throws FindingError where none fits */
  sopsRule(file: string): { readonly rule: CreationRule; readonly from: string } | undefined {
    for (let folder = dirname(join(this.root, file)); ; folder = dirname(folder)) {
      const config = join(folder, ".sops.yaml");
      if (existsSync(config)) {
        const name = relative(this.fleet.folder, config);
        const rule = creationRule(readFileSync(config, "utf8"), name, relative(folder, join(this.root, file)).split(sep).join(posix.sep));
        if (rule !== undefined) return { rule, from: name };
      }
      if (dirname(folder) === folder) return undefined;
    }
  }

  /**
   * Who a file is to be encrypted to: as `.sops.yaml` says, else the config's own recipients and those of the clusters given.
   *
   * @throws FindingError `sealed-no-recipient`, `sealed-sops-rule`
   */
  rule(file: string, clusters: Iterable<readonly ClusterKeys[]>): { readonly rule: CreationRule; readonly from: string } {
    const own = this.sopsRule(file);
    if (own !== undefined) return own;
    const group = this.recipients(clusters);
    if (group.length === 0)
      throw new FindingError({
        code: "sealed-no-recipient",
        severity: "error",
        message: `nobody is named who could open ${this.display(file)}`,
        advice: "name keys in sealed:age:recipients and sealed:clusters of halite.yaml, or a creation rule in .sops.yaml",
      });
    return { rule: { groups: [group], threshold: 0, selection: DEFAULT_SELECTION, macOnlyEncrypted: false }, from: this.fleet.configFile };
  }

  /** The config's own recipients and those of clusters, each once. */
  recipients(clusters: Iterable<readonly ClusterKeys[]>): Recipient[] {
    const all = [...clusters].flat();
    const age = [...this.keys.age.recipients, ...all.flatMap((keys) => keys.age)].map((recipient): Recipient => ({
      kind: "age",
      recipient,
    }));
    const pgp = [...this.keys.pgp.recipients, ...all.flatMap((keys) => keys.pgp)].map((fingerprint): Recipient => ({
      kind: "pgp",
      fingerprint,
    }));
    return [...new Map([...age, ...pgp].map((each) => [JSON.stringify(each), each])).values()];
  }

  /** What a recipient is called in the config: `operator`, or the targets of clusters; else undefined. */
  nameOf(recipient: string): string | undefined {
    if ([...this.keys.age.recipients, ...this.keys.pgp.recipients].includes(recipient)) return "operators";
    return this.keys.clusters.find((keys) => keys.age.includes(recipient) || keys.pgp.includes(recipient))?.target;
  }
}

/** The present time as SOPS writes it. */
export function sopsTime(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`;
}
