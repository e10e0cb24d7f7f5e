import { join } from "node:path";
import type { ObjectSchema, PolicySet } from "../addon/index.ts";
import { FindingError, type Finding } from "../finding/index.ts";
import { loadUserPolicies, Policies, type PolicyFile } from "../policy/index.ts";
import { filesIn } from "../salt/index.ts";
import type { Fleet } from "./load.ts";

/**
 * The policies of a fleet: the shipped ones with the settings of its config, and its own in policies/. `newest`: the newest API, which its own are
 * held against.
 *
 * @throws FindingError where one of them, or a setting, is not as it should be: what can't be judged can't pass
 */
export function fleetPolicies(fleet: Pick<Fleet, "folder" | "config" | "files">, newest: () => ObjectSchema): PolicySet {
  const { settings, at } = fleet.config.policies;
  const files = policyFiles(fleet);
  const policies = new Policies(settings, files.length === 0 ? [] : loadUserPolicies(files, newest()));
  const [first, ...rest] = policies.problems.map(({ pointer, message, advice }): Finding => ({
    code: "policy-settings",
    severity: "error",
    message: `policies${pointer.map((step) => `.${step}`).join("")} ${message}`,
    at: at(pointer),
    ...(advice !== undefined && { advice }),
  }));
  if (first !== undefined) throw new FindingError(first, ...rest);
  return policies;
}

/** The files of policies/, in the fleet's folder. */
function policyFiles({ folder, files }: Pick<Fleet, "folder" | "files">): readonly PolicyFile[] {
  const top = join(folder, "policies");
  return [...filesIn(files, top)]
    .filter((path) => /\.ya?ml$/.test(path))
    .toSorted()
    .map((path) => ({ path: `policies/${path}`, text: new TextDecoder().decode(files.read(join(top, path))) }));
}
