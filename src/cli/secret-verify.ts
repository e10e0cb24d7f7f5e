import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { FindingError, type Finding } from "../finding/index.ts";
import type { ClusterKeys } from "../fleet/index.ts";
import { referenceName, type Reference } from "../sealed/index.ts";
import { blobBits, openBlob, readCertificate, recipientName, SopsFile, type Gpg, type KeyRing } from "../unseal/index.ts";
import { plural } from "./plural.ts";
import { UsageError, type Command, type CommandContext } from "./command.ts";
import { countFindings, findingJson, foldFindings, printFindings } from "./report.ts";
import { SecretFleet } from "./secret-fleet.ts";
import { sealedUsage, type SealedUsage, type UsedReference } from "./secret-usage.ts";

/** What was found out of one sealed value. */
interface Verified {
  readonly reference: string;
  readonly clusters: readonly string[];
  /** Whether it was opened here; null where no key here opens it, or it can't be from here. */
  readonly opened: boolean | null;
}

type PerCluster = [cluster: string | null, findings: Finding[]];

/** `halite secret verify`. */
export const command: Command = {
  run: async (context) => {
    const { arguments: args, terminal } = context;
    if (args.positional.length > 0) throw new UsageError("verify takes no arguments; pick clusters with --clusters");
    const fleet = SecretFleet.open(context);
    const usage = await sealedUsage(context, fleet);
    const verifier = new Verifier(context, fleet, await fleet.ring(), usage);
    const verified: Verified[] = [];
    for (const used of usage.references)
      verified.push({ reference: referenceName(used.reference), clusters: used.clusters, opened: await verifier.reference(used) });
    verifier.sealedSecrets();
    const findings = foldFindings([[null, [...usage.findings]], ...verifier.findings]);
    const bad = findings.some(({ finding }) => finding.severity === "error" || (finding.severity === "warning" && args.flag("strict")));
    const sealedObjects = usage.sealedSecrets.length;
    if (args.flag("json"))
      terminal.out(
        `${JSON.stringify({ valid: !bad, references: verified, sealedSecrets: sealedObjects, findings: findings.map(findingJson) }, undefined, 2)}\n`,
      );
    else {
      printFindings(terminal, findings, usage.clusters, true);
      const opened = verified.filter((each) => each.opened === true).length;
      const counted = countFindings(findings);
      terminal.out(
        `${plural(verified.length, "reference")} and ${plural(sealedObjects, "SealedSecret")} in ${plural(usage.clusters, "cluster")}; ${opened} opened here: ${counted === "" ? "no findings" : counted}\n`,
      );
    }
    return bad ? 1 : 0;
  },
};

class Verifier {
  readonly #context: CommandContext;
  readonly #fleet: SecretFleet;
  readonly #ring: KeyRing;
  readonly #usage: SealedUsage;
  readonly #keys: ReadonlyMap<string, readonly ClusterKeys[]>;
  readonly #gpg: Gpg;
  readonly #opened = new Map<string, Promise<boolean | null>>();
  readonly findings: PerCluster[] = [];

  constructor(context: CommandContext, fleet: SecretFleet, ring: KeyRing, usage: SealedUsage) {
    this.#context = context;
    this.#fleet = fleet;
    this.#ring = ring;
    this.#usage = usage;
    this.#keys = fleet.clusterKeys(context.arguments.value("clusters"));
    this.#gpg = fleet.gpg();
  }

  async reference({ reference, clusters }: UsedReference): Promise<boolean | null> {
    switch (reference.kind) {
      case "sops":
        return this.#sops(reference, clusters);
      case "pgp":
        return this.#pgp(reference, clusters);
      case "barbican":
        return this.#barbican(reference);
      default:
        return null;
    }
  }

  async #sops({ file, path }: Extract<Reference, { kind: "sops" }>, clusters: readonly string[]): Promise<boolean | null> {
    let sops: SopsFile;
    try {
      sops = SopsFile.read(this.#fleet.read(file), this.#fleet.display(file));
      sops.sealedLeaf(path);
    } catch (error) {
      this.#add(null, error);
      return false;
    }
    const { groups, threshold } = sops.metadata;
    for (const cluster of clusters) {
      const own = this.#recipients(cluster);
      if (own === undefined) continue;
      const held = groups.filter((group) => group.some((key) => own.has(recipientName(key)))).length;
      const needed = groups.length > 1 ? threshold : 1;
      if (held >= needed) continue;
      this.findings.push([
        cluster,
        [
          {
            code: "sealed-cannot-open",
            severity: "error",
            message: `${this.#fleet.display(file)} is not sealed to the cluster's keys${needed > 1 ? `: they hold ${held} of ${needed} key groups` : ""}`,
            at: { file: this.#fleet.display(file) },
            advice:
              "name the cluster's recipient in .sops.yaml, or for files without a rule in sealed:clusters, and run `halite secret rotate`",
          },
        ],
      ]);
    }
    let opened = this.#opened.get(file);
    if (opened === undefined) {
      opened = this.#openHere(sops);
      this.#opened.set(file, opened);
    }
    return opened;
  }

  /** Opens a file where a key here does, and so verifies its message authentication code. */
  async #openHere(sops: SopsFile): Promise<boolean | null> {
    try {
      (await sops.open(this.#ring)).wipe();
      return true;
    } catch (error) {
      if (error instanceof FindingError && error.findings[0].code === "sealed-sops-key") return null;
      this.#add(null, error);
      return false;
    }
  }

  async #pgp({ block }: Extract<Reference, { kind: "pgp" }>, clusters: readonly string[]): Promise<boolean | null> {
    const message = this.#usage.messages.get(block);
    if (message === undefined) return null;
    let ids: readonly string[];
    try {
      ids = await this.#gpg.recipientsOf(message);
    } catch (error) {
      this.#add(null, error);
      return false;
    }
    for (const cluster of clusters) {
      const keys = this.#keys.get(cluster) ?? [];
      const fingerprints = keys.flatMap((each) => each.pgp);
      if (this.#recipients(cluster) === undefined) continue;
      const own = new Set<string>();
      for (const fingerprint of fingerprints)
        for (const id of (await this.#gpg.keysOf(fingerprint))?.ids ?? [fingerprint.slice(-16)]) own.add(id);
      if (ids.some((id) => own.has(id) || /^0+$/.test(id))) continue;
      this.findings.push([
        cluster,
        [
          {
            code: "sealed-cannot-open",
            severity: "error",
            message: `PGP message ${block.slice(0, 12)}… is sealed to ${ids.join(", ")}, and to none of the cluster's keys`,
            advice:
              "seal the value anew with `halite secret seal pgp:`; the cluster's public key must be in the keyring for its subkeys to be known",
          },
        ],
      ]);
    }
    if (!(await this.#holdsKey(ids))) return null;
    try {
      (await this.#gpg.decrypt(message)).wipe();
      return true;
    } catch (error) {
      this.#add(null, error);
      return false;
    }
  }

  async #holdsKey(ids: readonly string[]): Promise<boolean> {
    for (const id of ids) if ((await this.#gpg.keysOf(id))?.secret === true) return true;
    return false;
  }

  async #barbican({ name }: Extract<Reference, { kind: "barbican" }>): Promise<boolean | null> {
    if (this.#context.arguments.flag("offline")) return null;
    if (this.#fleet.keys.barbican === null) {
      this.findings.push([
        null,
        [
          {
            code: "sealed-no-source",
            severity: "warning",
            message: `barbican:${name} was not looked for: halite.yaml names no Barbican`,
            advice: "set sealed:barbican, or --offline where it can't be reached",
          },
        ],
      ]);
      return null;
    }
    const service = this.#fleet.barbican();
    try {
      await service.find(name);
    } catch (error) {
      this.#add(null, error);
      return false;
    } finally {
      await service.wipe();
    }
    return null;
  }

  /** SealedSecrets: against the cluster's certificate, and with `--sealing-keys` by opening them. */
  sealedSecrets(): void {
    const keys = this.#fleet.sealingKeys();
    for (const { cluster, file, found } of this.#usage.sealedSecrets) {
      const bits = this.#certificateBits(cluster);
      for (const [key, blob] of found.encrypted) {
        const where = `SealedSecret ${found.namespace === null ? "" : `${found.namespace}/`}${found.name}, ${key}`;
        const problem =
          keys.length > 0 && openBlob(keys, blob, found.scope, found.namespace ?? "", found.name) === undefined
            ? "none of the sealing keys given opens it: it is of another cluster, or was sealed for another name or namespace"
            : bits !== undefined && blobBits(blob) !== bits
              ? `it is sealed to a key of ${blobBits(blob)} bits, and the cluster's certificate has ${bits}`
              : undefined;
        if (problem === undefined) continue;
        const finding: Finding = {
          code: "sealed-cannot-open",
          severity: "error",
          message: `${where}: ${problem}`,
          at: { file },
          advice: "seal the value anew to the cluster's certificate: halite secret seal --cluster",
        };
        this.findings.push([cluster, [finding]]);
      }
    }
  }

  #certificateBits(cluster: string): number | undefined {
    const certificate = (this.#keys.get(cluster) ?? []).map((keys) => keys.certificate).find((each) => each !== null);
    if (certificate === undefined || certificate === null) return undefined;
    try {
      const { bits, key } = readCertificate(readFileSync(this.#fleet.path(certificate), "utf8"), certificate, Date.now());
      return createPublicKey(key.export({ type: "spki", format: "pem" })).asymmetricKeyDetails?.modulusLength ?? bits;
    } catch (error) {
      this.#add(cluster, error);
      return undefined;
    }
  }

  /** A cluster's recipients as files name them; undefined, and said once, where the config names none. */
  #recipients(cluster: string): ReadonlySet<string> | undefined {
    const keys = this.#keys.get(cluster) ?? [];
    const names = [...keys.flatMap((each) => each.age), ...keys.flatMap((each) => each.pgp.map((fingerprint) => `PGP ${fingerprint}`))];
    if (names.length > 0) return new Set(names);
    if (!this.findings.some(([id, [finding]]) => id === cluster && finding?.code === "sealed-no-recipient")) {
      this.findings.push([
        cluster,
        [
          {
            code: "sealed-no-recipient",
            severity: "warning",
            message: "whether the cluster can open what it refers to can't be told: sealed:clusters of halite.yaml names no key of it",
            advice: "name its age recipient or PGP fingerprint there",
          },
        ],
      ]);
    }
    return undefined;
  }

  #add(cluster: string | null, error: unknown): void {
    if (!(error instanceof FindingError)) throw error;
    this.findings.push([cluster, [...error.findings]]);
  }
}
