import { dnsLabel } from "../names.ts";
import type { Place } from "../place.ts";
import { selects } from "../selector.ts";
import { checkSelector } from "./metadata.ts";
import { checkPodTemplate } from "./pod.ts";
import { checkClaim } from "./storage.ts";
import type { Subject } from "./subject.ts";

/** Deployment, DaemonSet, StatefulSet, ReplicaSet. */
export function checkWorkload(root: Place, subject: Subject): void {
  const spec = root.at("spec");
  if (!spec.isObject) {
    spec.require();
    return;
  }
  checkOwnPods(spec, subject.kind);
  const claims = spec.at("volumeClaimTemplates");
  checkPodTemplate(
    spec.at("template"),
    subject,
    claims.items.flatMap((claim) => claim.at("metadata", "name").text ?? []),
  );
  for (const claim of claims.items) {
    claim.at("metadata", "name").require();
    claim.at("metadata", "name").syntax("schema-name", dnsLabel);
    checkClaim(claim.at("spec"));
  }
  for (const name of ["replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"])
    spec.at(name).range(0, 2 ** 31 - 1);
  spec.at("ordinals", "start").range(0, 2 ** 31 - 1);
  const deadline = spec.at("progressDeadlineSeconds");
  if (deadline.number !== undefined && deadline.number <= (spec.at("minReadySeconds").number ?? 0))
    deadline.refuse("schema-range", "must be more than minReadySeconds");
  spec.at("serviceName").syntax("schema-name", dnsLabel);
  checkStrategy(spec.at(subject.kind === "Deployment" ? "strategy" : "updateStrategy"), subject.kind);
}

function checkOwnPods(spec: Place, kind: string): void {
  const selector = spec.at("selector");
  checkSelector(selector);
  const labels = spec.at("template", "metadata", "labels");
  if (selector.isObject && selector.at("matchLabels").isEmpty && selector.at("matchExpressions").isEmpty) {
    selector.refuse("schema-required", "must hold at least one label: an empty selector would take every pod");
  } else if (selector.isObject && !selects(selector, textsIn(labels))) {
    labels.refuse("schema-selector", "must be taken by spec.selector", `spec.selector asks for ${selectorWords(selector)}`);
  }
  const restart = spec.at("template", "spec", "restartPolicy");
  if (!restart.blank && restart.text !== "Always" && restart.text !== undefined)
    restart.refuse("schema-enum", `is ${JSON.stringify(restart.text)} and must be Always in a ${kind}`);
  const deadline = spec.at("template", "spec", "activeDeadlineSeconds");
  if (deadline.present) deadline.refuse("schema-conflict", `may not be set in a ${kind}`);
}

/** The entries of a mapping that are texts. */
function textsIn(labels: Place): Readonly<Record<string, string>> {
  return Object.fromEntries(labels.entries.flatMap(([key, { text }]) => (text === undefined ? [] : [[key, text]])));
}

function selectorWords(selector: Place): string {
  const labels = selector.at("matchLabels").entries.map(([key, value]) => `${key}: ${value.text ?? ""}`);
  const expressions = selector
    .at("matchExpressions")
    .items.map((expression) => `${expression.at("key").text ?? ""} ${expression.at("operator").text ?? ""}`);
  return [...labels, ...expressions].join(", ");
}

function checkStrategy(strategy: Place, kind: string): void {
  const rolling = strategy.at("rollingUpdate");
  const type = strategy.at("type").text;
  if ((type === "Recreate" || type === "OnDelete") && rolling.present && kind !== "DaemonSet")
    rolling.refuse("schema-conflict", `may not stand beside type: ${type}`);
  if (!rolling.isObject || type === "OnDelete") return;
  const unavailable = rolling.at("maxUnavailable");
  const surge = rolling.at("maxSurge");
  checkShare(unavailable);
  checkShare(surge, kind === "DaemonSet");
  rolling.at("partition").range(0, 2 ** 31 - 1);
  if (kind === "Deployment" && isZero(unavailable) && isZero(surge)) unavailable.refuse("schema-range", "may not be 0 where maxSurge is 0");
  if (kind === "DaemonSet") {
    const surges = surge.present && !isZero(surge);
    const spares = !unavailable.present || !isZero(unavailable);
    if (surges && spares) unavailable.refuse("schema-conflict", "must be 0 where maxSurge is set");
    if (!surges && !spares) unavailable.refuse("schema-range", "may not be 0 where maxSurge is 0");
  }
  if (kind === "StatefulSet" && isZero(unavailable)) unavailable.refuse("schema-range", "may not be 0");
}

function isZero(place: Place): boolean {
  return place.value === 0 || place.value === "0%" || (typeof place.value === "string" && /^0+%$/.test(place.value));
}

/** A number of pods, or a percentage of them. */
export function checkShare(place: Place, capped = true): void {
  place.range(0, Infinity);
  const text = place.text;
  if (text === undefined) return;
  if (!/^\d+%$/.test(text)) place.refuse("schema-format", `is ${JSON.stringify(text)} and must be a number or a percentage such as 25%`);
  else if (capped && Number(text.slice(0, -1)) > 100) place.refuse("schema-range", "may not be more than 100%");
}
