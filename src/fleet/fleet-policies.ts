import type { PolicySet } from "../addon/index.ts";
import { FindingError, type Finding } from "../finding/index.ts";
import { Policies } from "../policy/index.ts";
import type { Fleet } from "./load.ts";

/**
 * The policies of a fleet: the shipped ones with the settings of its config, and its own.
 *
 * @throws FindingError where one of them, or a setting, is not as it should be: what can't be judged can't pass
 */
export function fleetPolicies(fleet: Pick<Fleet, "folder" | "config">): PolicySet {
  const { settings, at } = fleet.config.policies;
  const policies = new Policies(settings);
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
