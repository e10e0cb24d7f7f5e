import { dnsSubdomain } from "../names.ts";
import type { Place } from "../place.ts";
import { checkSelector } from "./metadata.ts";

/** ValidatingWebhookConfiguration and MutatingWebhookConfiguration. */
export function checkWebhooks(root: Place): void {
  const hooks = root.at("webhooks");
  for (const hook of hooks.items) checkWebhook(hook);
}

function checkWebhook(hook: Place): void {
  if (!hook.isObject) return;
  const name = hook.at("name");
  if (name.present) name.require();
  name.syntax("schema-name", fullName);
  hook.at("timeoutSeconds").range(1, 30);
  checkSelector(hook.at("namespaceSelector"));
  checkSelector(hook.at("objectSelector"));
  const client = hook.at("clientConfig");
  const given = ["url", "service"].filter((field) => client.at(field).present);
  if (client.isObject && given.length !== 1) client.refuse("schema-conflict", "must have either url or service");
  const url = client.at("url").text;
  if (url !== undefined && !/^https:\/\/[^@#?]+$/.test(url))
    client.at("url").refuse("schema-format", "must begin with https:// and have no user, query or fragment");
  const service = client.at("service");
  if (service.isObject) {
    for (const field of ["name", "namespace"]) if (service.at(field).present) service.at(field).require();
    service.at("port").range(1, 65535);
    if (service.at("path").text?.startsWith("/") === false) service.at("path").refuse("schema-path", "must begin with /");
  }
  const versions = hook.at("admissionReviewVersions");
  if (versions.present) versions.require("must hold at least one version");
  if (!versions.isEmpty && !versions.items.some((version) => version.text === "v1" || version.text === "v1beta1"))
    versions.refuse("schema-enum", "must hold v1 or v1beta1");
  versions.unique((version) => version.text, "version");
  for (const rule of hook.at("rules").items) {
    for (const field of ["operations", "apiGroups", "apiVersions", "resources"]) {
      const list = rule.at(field);
      list.require("must hold at least one value");
      const texts = list.items.map((item) => item.text);
      if (field !== "resources" && texts.length > 1 && texts.includes("*"))
        list.refuse("schema-conflict", "may not hold others beside '*'");
    }
  }
}

/** A name with at least three parts, as `check.example.com`. */
function fullName(text: string): string | undefined {
  return dnsSubdomain(text) ?? (text.split(".").length < 3 ? "must have at least three parts joined by dots" : undefined);
}
