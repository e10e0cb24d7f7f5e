import { dnsLabel } from "../names.ts";
import type { Place } from "../place.ts";
import { quantity } from "../quantity.ts";
import { checkClaim, csiDriverName, hasBackstep } from "./storage.ts";
import type { Subject } from "./subject.ts";

/** A pod's volumes; gives their names. */
export function checkVolumes(volumes: Place, _subject: Subject): string[] {
  for (const volume of volumes.items) {
    if (volume.at("name").present) volume.at("name").require();
    volume.at("name").syntax("schema-name", dnsLabel);
    const sources = volume.entries.filter(([name]) => name !== "name");
    if (volume.isObject && sources.length === 0) {
      volume.report(
        "schema-volume-empty",
        `volume ${volume.at("name").text ?? ""} names no source and becomes an emptyDir`,
        "write emptyDir: {} if that is meant",
        "warning",
      );
    }
    for (const [, source] of sources.slice(1))
      source.refuse("schema-conflict", `is a second volume source beside ${sources[0]?.[0] ?? ""}`);
    checkSource(volume);
  }
  return volumes.items.flatMap((volume) => volume.at("name").text ?? []);
}

function checkSource(volume: Place): void {
  const path = volume.at("hostPath", "path");
  if (path.present) path.require();
  if (hasBackstep(path.text)) path.refuse("schema-path", "may not hold '..'");
  const nfs = volume.at("nfs");
  for (const name of ["server", "path"]) if (nfs.at(name).present) nfs.at(name).require();
  if (nfs.at("path").text?.startsWith("/") === false) nfs.at("path").refuse("schema-path", "must be an absolute path");
  const csi = volume.at("csi");
  if (csi.isObject) {
    if (csi.at("driver").present) csi.at("driver").require();
    csi.at("driver").syntax("schema-name", csiDriverName);
  }
  const limit = quantity(volume.at("emptyDir", "sizeLimit").value);
  if (limit !== undefined && limit < 0) volume.at("emptyDir", "sizeLimit").refuse("schema-range", "must be 0 or more");
  const claim = volume.at("persistentVolumeClaim");
  if (claim.at("claimName").present) claim.at("claimName").require();
  const secret = volume.at("secret");
  if (secret.isObject) {
    secret.at("secretName").require();
    checkFiles(secret);
  }
  const config = volume.at("configMap");
  if (config.isObject) {
    config.at("name").require();
    checkFiles(config);
  }
  const projected = volume.at("projected");
  projected.at("defaultMode").range(0, 0o777);
  checkProjectedPaths(projected);
  for (const source of projected.at("sources").items) {
    const kinds = source.entries;
    for (const [, kind] of kinds.slice(1)) kind.refuse("schema-conflict", `is a second source beside ${kinds[0]?.[0] ?? ""}`);
    for (const name of ["secret", "configMap"]) if (source.at(name).isObject) source.at(name, "name").require();
    for (const name of ["secret", "configMap", "downwardAPI"]) checkItems(source.at(name, "items"));
    const token = source.at("serviceAccountToken");
    token.at("expirationSeconds").range(600, 2 ** 32);
    if (token.at("path").present) token.at("path").require();
  }
  volume.at("downwardAPI", "defaultMode").range(0, 0o777);
  checkItems(volume.at("downwardAPI", "items"));
  const template = volume.at("ephemeral");
  if (template.isObject) {
    template.at("volumeClaimTemplate").require();
    if (template.at("volumeClaimTemplate").isObject) checkClaim(template.at("volumeClaimTemplate", "spec"));
  }
}

/** What several sources project into one volume must differ in path. */
function checkProjectedPaths(projected: Place): void {
  const seen = new Set<string>();
  for (const source of projected.at("sources").items) {
    const items = ["secret", "configMap", "downwardAPI"].flatMap((kind) => source.at(kind, "items").items.map((item) => item.at("path")));
    for (const path of [...items, source.at("serviceAccountToken", "path"), source.at("clusterTrustBundle", "path")]) {
      if (path.text === undefined || path.text === "") continue;
      if (seen.has(path.text)) path.refuse("schema-duplicate-item", `${JSON.stringify(path.text)} is projected twice`);
      seen.add(path.text);
    }
  }
}

function checkFiles(source: Place): void {
  source.at("defaultMode").range(0, 0o777);
  checkItems(source.at("items"));
}

function checkItems(items: Place): void {
  for (const item of items.items) {
    item.at("mode").range(0, 0o777);
    for (const name of ["key", "path"]) if (item.at(name).present) item.at(name).require();
    const path = item.at("path");
    if (path.text?.startsWith("/") === true) path.refuse("schema-path", "must be relative");
    if (hasBackstep(path.text)) path.refuse("schema-path", "may not hold '..'");
  }
}
