import { FindingError } from "../finding/index.ts";
import type { ClusterKeys } from "../fleet/index.ts";
import type { CommandContext } from "./command.ts";
import type { SecretFleet } from "./secret-fleet.ts";
import { sealedUsage, type SealedUsage } from "./secret-usage.ts";

/** Which clusters use what is sealed; the fleet is compiled once, when that is first asked. */
export class SealedUsers {
  readonly #context: CommandContext;
  readonly #fleet: SecretFleet;
  #usage: Promise<SealedUsage> | undefined;
  #keys: ReadonlyMap<string, readonly ClusterKeys[]> | undefined;

  constructor(context: CommandContext, fleet: SecretFleet) {
    this.#context = context;
    this.#fleet = fleet;
  }

  usage(): Promise<SealedUsage> {
    this.#usage ??= sealedUsage(this.#context, this.#fleet);
    return this.#usage;
  }

  /** What clusters open with, by cluster. */
  keys(): ReadonlyMap<string, readonly ClusterKeys[]> {
    this.#keys ??= this.#fleet.clusterKeys();
    return this.#keys;
  }

  /**
   * The keys of the clusters that use a SOPS file, or a PGP message by its digest. Where a cluster or an addon does not compile nobody can
   * tell that it uses it not, and it might be shut out.
   *
   * @throws FindingError `sealed-users-unknown`
   */
  async of(sealed: { readonly file: string } | { readonly block: string }): Promise<readonly (readonly ClusterKeys[])[]> {
    const { references, failed } = await this.usage();
    const [first] = failed;
    if (first !== undefined)
      throw new FindingError({
        code: "sealed-users-unknown",
        severity: "error",
        message: `which clusters use ${"file" in sealed ? this.#fleet.display(sealed.file) : `PGP message ${sealed.block.slice(0, 12)}…`} can't be told: ${first} does not compile${failed.length > 1 ? `, nor ${failed.length === 2 ? (failed[1] ?? "") : `${failed.length - 1} others`}` : ""}`,
        advice: "`halite validate` says what is wrong; nothing was sealed anew, as it might have shut a cluster out",
      });
    const users = references.flatMap(({ reference, clusters }) => {
      const same =
        "file" in sealed
          ? reference.kind === "sops" && reference.file === sealed.file
          : reference.kind === "pgp" && reference.block === sealed.block;
      return same ? clusters : [];
    });
    return [...new Set(users)].map((cluster) => this.keys().get(cluster) ?? []);
  }
}
