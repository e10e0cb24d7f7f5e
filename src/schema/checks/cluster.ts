import { dnsLabel, qualifiedName } from "../names.ts";
import type { Place } from "../place.ts";
import { quantity } from "../quantity.ts";
import { oneOf } from "./rbac.ts";

/** A Namespace: what its labels ask of pod security (pod-security-admission). */
export function checkNamespace(root: Place): void {
  for (const [key, value] of root.at("metadata", "labels").entries) {
    const setting = /^pod-security\.kubernetes\.io\/(enforce|audit|warn)(-version)?$/.exec(key);
    if (setting === null) continue;
    if (setting[2] === undefined) oneOf(value, ["privileged", "baseline", "restricted"]);
    else if (value.text !== undefined && value.text !== "latest" && !/^v1\.(?:0|[1-9]\d*)$/.test(value.text))
      value.refuse("schema-format", "must be latest or a version such as v1.36");
  }
}

/** A Lease (pkg/apis/coordination/validation). */
export function checkLease(root: Place): void {
  root.at("spec", "leaseDurationSeconds").range(1, 2 ** 31 - 1);
  root.at("spec", "leaseTransitions").range(0, 2 ** 31 - 1);
}

/** A RuntimeClass. */
export function checkRuntimeClass(root: Place): void {
  const handler = root.at("handler");
  if (handler.present) handler.require();
  handler.syntax("schema-name", dnsLabel);
}

/** Resources without a domain that a quota can hold (pkg/apis/core/helper, standardQuotaResources). */
const QUOTA =
  /^(?:cpu|memory|ephemeral-storage|requests\.(?:cpu|memory|storage|ephemeral-storage|hugepages-.+)|limits\.(?:cpu|memory|ephemeral-storage)|hugepages-.+|pods|resourcequotas|services|replicationcontrollers|secrets|persistentvolumeclaims|configmaps|services\.nodeports|services\.loadbalancers)$/;

/** A ResourceQuota. */
export function checkQuota(root: Place): void {
  for (const [name, amount] of root.at("spec", "hard").entries) {
    const wrong = qualifiedName(name);
    if (wrong !== undefined) amount.refuse("schema-resource", `is of a resource whose name ${wrong}`);
    else if ((quantity(amount.value) ?? 0) < 0) amount.refuse("schema-range", "must be 0 or more");
    else if (!name.includes("/") && !QUOTA.test(name)) amount.refuse("schema-resource", "is of a resource that a quota cannot hold");
  }
}
