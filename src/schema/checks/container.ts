import { dataKey, dnsLabel, environmentName, portName, qualifiedName } from "../names.ts";
import type { Place } from "../place.ts";
import { printValue } from "../problem.ts";
import { quantity } from "../quantity.ts";
import { checkSeccomp } from "./seccomp.ts";
import { hasBackstep } from "./storage.ts";
import type { Subject } from "./subject.ts";

/** Resource names without a domain that a container may ask for. */
const RESOURCES = new Set(["cpu", "memory", "ephemeral-storage"]);

/** A pod's containers of all kinds, against the volumes it has. */
export function checkContainers(spec: Place, volumes: ReadonlySet<string>, subject: Subject): void {
  // Within one list the name is the merge key, which the structural pass watches.
  const initial = new Set(spec.at("initContainers").items.map((container) => container.at("name").text));
  for (const list of ["initContainers", "containers"]) {
    for (const container of spec.at(list).items) {
      const name = container.at("name").text;
      if (list === "containers" && name !== undefined && initial.has(name)) {
        container.at("name").refuse("schema-duplicate-item", `${JSON.stringify(name)} is the name of an init container of this pod too`);
      }
      checkContainer(container, volumes, subject);
      checkLifecycle(container, list === "initContainers" && container.at("restartPolicy").text !== "Always");
    }
  }
  checkHostPorts(spec);
}

function checkContainer(container: Place, volumes: ReadonlySet<string>, subject: Subject): void {
  if (!container.isObject) return;
  if (container.at("name").present) container.at("name").require();
  container.at("name").syntax("schema-name", dnsLabel);
  container.at("image").require();
  const image = container.at("image").text;
  if (image !== undefined && image !== "" && image.trim() !== image)
    container.at("image").refuse("schema-format", "may not begin or end with a blank");
  checkPorts(container.at("ports"));
  checkEnvironment(container, subject);
  checkMounts(container, volumes);
  checkResources(container.at("resources"));
  const security = container.at("securityContext");
  for (const name of ["runAsUser", "runAsGroup"]) security.at(name).range(0, 2 ** 31 - 1);
  checkSeccomp(security.at("seccompProfile"));
  if (security.at("allowPrivilegeEscalation").value === false) {
    if (security.at("privileged").value === true)
      security.at("allowPrivilegeEscalation").refuse("schema-conflict", "may not be false where privileged is true");
    if (security.at("capabilities", "add").items.some((capability) => capability.text === "CAP_SYS_ADMIN")) {
      security.at("allowPrivilegeEscalation").refuse("schema-conflict", "may not be false where the capability CAP_SYS_ADMIN is added");
    }
  }
}

function checkPorts(ports: Place): void {
  ports.unique((port) => port.at("name").text || undefined, "port");
  for (const port of ports.items) {
    port.at("name").syntax("schema-port", portName);
    port.at("containerPort").range(1, 65535);
    if (port.at("hostPort").number !== 0) port.at("hostPort").range(1, 65535);
  }
}

function checkHostPorts(spec: Place): void {
  const onHost = spec.at("hostNetwork").value === true;
  const seen = new Set<string>();
  for (const container of spec.at("containers").items) {
    for (const port of container.at("ports").items) {
      const number = port.at("hostPort").number ?? 0;
      const own = port.at("containerPort").number;
      if (onHost && number !== 0 && own !== undefined && number !== own)
        port.at("hostPort").refuse("schema-conflict", "must equal containerPort where hostNetwork is true");
      const used = number === 0 && onHost ? (own ?? 0) : number;
      if (used === 0) continue;
      const key = `${port.at("protocol").text ?? "TCP"} ${port.at("hostIP").text ?? ""} ${used}`;
      if (seen.has(key)) port.refuse("schema-duplicate-item", `takes port ${used} of the host, which another container of this pod takes`);
      seen.add(key);
    }
  }
}

function checkEnvironment(container: Place, { minor }: Subject): void {
  for (const variable of container.at("env").items) {
    const name = variable.at("name");
    if (name.present) name.require();
    name.syntax("schema-env-name", (text) => environmentName(text, minor >= 32));
    const from = variable.at("valueFrom");
    if (!from.isObject) continue;
    if (!variable.at("value").blank) from.refuse("schema-conflict", "may not stand beside value");
    const sources = from.entries;
    if (sources.length === 0) from.refuse("schema-required", "must name one source, such as secretKeyRef");
    for (const [, source] of sources.slice(1)) source.refuse("schema-conflict", `is a second source beside ${sources[0]?.[0] ?? ""}`);
    for (const kind of ["secretKeyRef", "configMapKeyRef"]) {
      if (!from.at(kind).isObject) continue;
      from.at(kind, "name").require();
      if (from.at(kind, "key").present) from.at(kind, "key").require();
      from.at(kind, "key").syntax("schema-key", dataKey);
    }
    const field = from.at("fieldRef", "fieldPath");
    if (field.present) field.require();
    if (field.text !== undefined && field.text !== "" && !ENV_FIELDS.test(field.text))
      field.refuse("schema-enum", `is ${JSON.stringify(field.text)}, which a container cannot be told`);
    const resource = from.at("resourceFieldRef", "resource");
    if (resource.present) resource.require();
  }
  for (const source of container.at("envFrom").items) {
    const kinds = source.entries.filter(([name]) => name !== "prefix");
    if (source.isObject && kinds.length === 0) source.refuse("schema-required", "must name secretRef or configMapRef");
    for (const [, kind] of kinds.slice(1)) kind.refuse("schema-conflict", `is a second source beside ${kinds[0]?.[0] ?? ""}`);
    for (const [, kind] of kinds) if (kind.isObject) kind.at("name").require();
  }
}

/** Fields of the pod that an environment variable can be given (pkg/apis/core/validation, validEnvDownwardAPIFieldPathExpressions). */
const ENV_FIELDS =
  /^(?:metadata\.(?:name|namespace|uid)|spec\.(?:nodeName|serviceAccountName)|status\.(?:hostIP|hostIPs|podIP|podIPs)|metadata\.(?:labels|annotations)\['[^']+'\])$/;

function checkMounts(container: Place, volumes: ReadonlySet<string>): void {
  const privileged = container.at("securityContext", "privileged").value === true;
  for (const mount of container.at("volumeMounts").items) {
    const name = mount.at("name").text;
    const path = mount.at("mountPath");
    if (name !== undefined && !volumes.has(name))
      mount
        .at("name")
        .refuse(
          "schema-volume-unknown",
          `is ${JSON.stringify(name)}, and the pod has no volume of that name`,
          volumes.size === 0 ? undefined : `it has ${[...volumes].join(", ")}`,
        );
    if (path.present) path.require();
    for (const sub of ["subPath", "subPathExpr"]) {
      const place = mount.at(sub);
      if (place.text?.startsWith("/") === true) place.refuse("schema-path", "must be relative");
      if (hasBackstep(place.text)) place.refuse("schema-path", "may not hold '..'");
    }
    if (!mount.at("subPath").blank && !mount.at("subPathExpr").blank)
      mount.at("subPathExpr").refuse("schema-conflict", "may not stand beside subPath");
    if (mount.at("mountPropagation").text === "Bidirectional" && !privileged) {
      mount
        .at("mountPropagation")
        .refuse("schema-conflict", "may be Bidirectional in a privileged container only", "set securityContext.privileged: true");
    }
  }
  for (const device of container.at("volumeDevices").items) {
    const name = device.at("name").text;
    if (name !== undefined && !volumes.has(name))
      device.at("name").refuse("schema-volume-unknown", `is ${JSON.stringify(name)}, and the pod has no volume of that name`);
    if (device.at("devicePath").present) device.at("devicePath").require();
  }
}

/** Requests and limits (ValidateContainerResourceRequirements). */
export function checkResources(resources: Place): void {
  for (const part of ["limits", "requests"]) {
    for (const [name, amount] of resources.at(part).entries) {
      const wrong = qualifiedName(name);
      if (wrong !== undefined) amount.refuse("schema-resource", `is of a resource whose name ${wrong}`);
      else if (!name.includes("/") && !RESOURCES.has(name) && !name.startsWith("hugepages-"))
        amount.refuse(
          "schema-resource",
          "is of a resource that containers do not have",
          "cpu, memory, ephemeral-storage, hugepages-SIZE or domain/name",
        );
      const size = quantity(amount.value);
      if (size !== undefined && size < 0) amount.refuse("schema-range", "must be 0 or more");
      if (size !== undefined && name.includes("/") && !Number.isInteger(size)) amount.refuse("schema-range", "must be a whole number");
    }
  }
  for (const [name, request] of resources.at("requests").entries) {
    const wanted = quantity(request.value);
    const limit = resources.at("limits", name);
    const most = quantity(limit.value);
    if (wanted === undefined) continue;
    if (most !== undefined && wanted > most) request.refuse("schema-range", `asks for more than the limit of ${printValue(limit.value)}`);
    const extended = name.includes("/") || name.startsWith("hugepages-");
    if (extended && most !== wanted) request.refuse("schema-range", "must equal the limit: this resource cannot be overcommitted");
  }
}

/** Which of a probe's fields say how it looks. */
const HANDLERS = ["exec", "httpGet", "tcpSocket", "grpc"];

function checkLifecycle(container: Place, once: boolean): void {
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"]) {
    const probe = container.at(name);
    if (!probe.isObject) continue;
    if (once) {
      probe.refuse("schema-conflict", "may not stand in an init container that ends");
      continue;
    }
    checkHandler(probe, HANDLERS);
    for (const field of ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"])
      probe.at(field).range(0, Infinity);
    probe.at("terminationGracePeriodSeconds").range(1, Infinity);
    const successes = probe.at("successThreshold").number;
    if (name !== "readinessProbe" && successes !== undefined && successes > 1)
      probe.at("successThreshold").refuse("schema-range", "must be 1");
    if (name === "readinessProbe" && probe.at("terminationGracePeriodSeconds").present)
      probe.at("terminationGracePeriodSeconds").refuse("schema-conflict", "may not stand in a readinessProbe");
  }
  const lifecycle = container.at("lifecycle");
  if (once && lifecycle.isObject) lifecycle.refuse("schema-conflict", "may not stand in an init container that ends");
  for (const name of ["postStart", "preStop"])
    if (lifecycle.at(name).isObject) checkHandler(lifecycle.at(name), ["exec", "httpGet", "tcpSocket", "sleep"]);
}

function checkHandler(place: Place, kinds: readonly string[]): void {
  const given = kinds.filter((kind) => place.at(kind).present);
  if (given.length === 0) place.refuse("schema-required", `must have one of ${kinds.join(", ")}`);
  for (const kind of given.slice(1)) place.at(kind).refuse("schema-conflict", `may not stand beside ${given[0] ?? ""}`);
  if (place.at("exec").isObject) place.at("exec", "command").require();
  for (const kind of ["httpGet", "tcpSocket"]) checkPortOrName(place.at(kind, "port"));
  place.at("grpc", "port").range(1, 65535);
}

/** A port by number or by name. */
export function checkPortOrName(port: Place): void {
  port.range(1, 65535);
  if (port.text === "") port.refuse("schema-port", "may not be empty");
  port.syntax("schema-port", portName);
}
