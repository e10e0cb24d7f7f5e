import { dnsLabel, dnsSubdomain, isCidr, isIp, qualifiedName } from "../names.ts";
import type { Place } from "../place.ts";
import { checkPortOrName } from "./container.ts";
import { checkLabels, checkSelector } from "./metadata.ts";
import type { Subject } from "./subject.ts";

export function checkService(root: Place, _subject: Subject): void {
  const spec = root.at("spec");
  if (!spec.isObject) {
    spec.require();
    return;
  }
  const type = spec.at("type").text ?? "ClusterIP";
  const ports = spec.at("ports");
  const headless = spec.at("clusterIP").text === "None";
  if (ports.isEmpty && !headless && type !== "ExternalName") ports.refuse("schema-required", "is required unless clusterIP is None");
  if (type === "ExternalName") {
    spec.at("externalName").require("is required with type ExternalName");
    spec.at("externalName").syntax("schema-name", (text) => dnsSubdomain(text.replace(/\.$/, "")));
    if (!spec.at("clusterIP").blank) spec.at("clusterIP").refuse("schema-conflict", "may not be set with type ExternalName");
  }
  ports.unique((port) => port.at("name").text || undefined, "port");
  for (const port of ports.items) checkServicePort(port, ports.items.length > 1, type);
  checkLabels(spec.at("selector"));
  for (const address of spec.at("externalIPs").items)
    if (address.text !== undefined && !isIp(address.text)) address.refuse("schema-format", "must be an IP address");
  const ip = spec.at("clusterIP").text;
  if (ip !== undefined && ip !== "" && ip !== "None" && !isIp(ip))
    spec.at("clusterIP").refuse("schema-format", 'must be an IP address, "None" or empty');
  if (spec.at("sessionAffinity").text !== "ClientIP" && spec.at("sessionAffinityConfig").isObject)
    spec.at("sessionAffinityConfig").refuse("schema-conflict", "may stand beside sessionAffinity: ClientIP only");
  spec.at("sessionAffinityConfig", "clientIP", "timeoutSeconds").range(1, 86400);
  const external = spec.at("externalTrafficPolicy");
  if (!external.blank && type !== "NodePort" && type !== "LoadBalancer" && spec.at("externalIPs").isEmpty) {
    external.refuse("schema-conflict", "may be set with type NodePort or LoadBalancer only");
  }
}

function checkServicePort(port: Place, named: boolean, type: string): void {
  if (named) port.at("name").require("is required where there are several ports");
  port.at("name").syntax("schema-name", dnsLabel);
  port.at("port").range(1, 65535);
  const target = port.at("targetPort");
  // 0 and the empty string are "not set" and become the port.
  if (target.value !== 0 && target.value !== "") checkPortOrName(target);
  if (port.at("appProtocol").text === "") port.at("appProtocol").require("may not be empty");
  port.at("appProtocol").syntax("schema-name", qualifiedName);
  const node = port.at("nodePort");
  if (node.number !== undefined && node.number !== 0) {
    node.range(1, 65535);
    if (type === "ClusterIP") node.refuse("schema-conflict", "may not be set with type ClusterIP");
  }
}

export function checkNetworkPolicy(root: Place): void {
  const spec = root.at("spec");
  checkSelector(spec.at("podSelector"));
  const types = spec.at("policyTypes");
  if (types.items.length > 2) types.refuse("schema-length", "may hold Ingress and Egress at most");
  for (const [direction, peers] of [
    ["ingress", "from"],
    ["egress", "to"],
  ] as const) {
    for (const rule of spec.at(direction).items) {
      for (const port of rule.at("ports").items) checkPolicyPort(port);
      for (const peer of rule.at(peers).items) checkPeer(peer);
    }
  }
}

function checkPolicyPort(entry: Place): void {
  const port = entry.at("port");
  const end = entry.at("endPort");
  if (port.present) checkPortOrName(port);
  if (!end.present) return;
  end.range(1, 65535);
  if (port.number === undefined) end.refuse("schema-conflict", "may stand beside a port given by number only");
  else if (end.number !== undefined && end.number < port.number) end.refuse("schema-range", "must be port or more");
}

function checkPeer(peer: Place): void {
  if (!peer.isObject) return;
  const given = ["podSelector", "namespaceSelector", "ipBlock"].filter((name) => peer.at(name).present);
  if (given.length === 0) peer.refuse("schema-required", "must name podSelector, namespaceSelector or ipBlock");
  if (given.length > 1 && given.includes("ipBlock")) peer.at("ipBlock").refuse("schema-conflict", "may not stand beside a selector");
  for (const name of ["podSelector", "namespaceSelector"]) checkSelector(peer.at(name));
  const block = peer.at("ipBlock");
  if (block.at("cidr").present) block.at("cidr").require();
  for (const range of block.at("except").items) if (range.text === "") range.require("may not be empty");
  for (const range of [block.at("cidr"), ...block.at("except").items]) {
    if (range.text !== undefined && range.text !== "" && !isCidr(range.text))
      range.refuse("schema-format", `is ${JSON.stringify(range.text)} and must be a range such as 10.0.0.0/8`);
  }
}
