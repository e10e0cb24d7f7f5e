import { dnsLabel, dnsSubdomain, isIp } from "../names.ts";
import type { Place } from "../place.ts";
import { checkContainers } from "./container.ts";
import { checkAnnotations, checkLabels } from "./metadata.ts";
import { checkAffinity, checkSpread, checkTolerations } from "./scheduling.ts";
import type { Subject } from "./subject.ts";
import { checkSeccomp } from "./seccomp.ts";
import { checkVolumes } from "./volume.ts";

/** A pod template. `claimed` are volumes that come from elsewhere, a StatefulSet's claim templates. */
export function checkPodTemplate(template: Place, subject: Subject, claimed: readonly string[] = []): void {
  if (!template.present) return;
  checkLabels(template.at("metadata", "labels"));
  checkAnnotations(template.at("metadata", "annotations"));
  const spec = template.at("spec");
  if (!spec.present) spec.require();
  checkPod(spec, subject, claimed);
  if (!spec.at("ephemeralContainers").isEmpty) spec.at("ephemeralContainers").refuse("schema-conflict", "may not stand in a pod template");
}

/** A pod's spec. */
export function checkPod(spec: Place, subject: Subject, claimed: readonly string[] = []): void {
  if (!spec.isObject) return;
  if (spec.at("containers").present) spec.at("containers").require("must hold at least one container");
  const volumes = checkVolumes(spec.at("volumes"), subject);
  checkContainers(spec, new Set([...volumes, ...claimed]), subject);
  checkTolerations(spec.at("tolerations"));
  checkAffinity(spec.at("affinity"));
  checkSpread(spec.at("topologySpreadConstraints"));
  checkLabels(spec.at("nodeSelector"));
  spec.at("terminationGracePeriodSeconds").range(0, Infinity);
  spec.at("activeDeadlineSeconds").range(1, 2 ** 31 - 1);
  spec.at("serviceAccountName").syntax("schema-name", dnsSubdomain);
  spec.at("priorityClassName").syntax("schema-name", dnsSubdomain);
  spec.at("runtimeClassName").syntax("schema-name", dnsSubdomain);
  spec.at("nodeName").syntax("schema-name", dnsSubdomain);
  spec.at("hostname").syntax("schema-name", dnsLabel);
  spec.at("subdomain").syntax("schema-name", dnsLabel);
  for (const address of spec.at("dnsConfig", "nameservers").items) {
    if (address.text !== undefined && !isIp(address.text)) address.refuse("schema-format", "must be an IP address");
  }
  if (spec.at("dnsPolicy").text === "None" && spec.at("dnsConfig", "nameservers").isEmpty) {
    spec.at("dnsConfig", "nameservers").refuse("schema-required", "is required where dnsPolicy is None");
  }
  for (const alias of spec.at("hostAliases").items) {
    const ip = alias.at("ip");
    if (ip.text !== undefined && !isIp(ip.text)) ip.refuse("schema-format", "must be an IP address");
  }
  checkPodSecurity(spec.at("securityContext"));
}

function checkPodSecurity(security: Place): void {
  for (const name of ["runAsUser", "runAsGroup", "fsGroup"]) security.at(name).range(0, 2 ** 31 - 1);
  for (const group of security.at("supplementalGroups").items) group.range(0, 2 ** 31 - 1);
  security.at("sysctls").unique((sysctl) => sysctl.at("name").text, "sysctl");
  checkSeccomp(security.at("seccompProfile"));
}
