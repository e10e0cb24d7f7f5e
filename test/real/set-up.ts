/** What `npm test` runs before the tests with real tools: installs what is not there yet, and prints what can't be had. */
import { installPythonTools } from "../ci/python-tools.ts";
import { aptPackages } from "./apt-packages.ts";
import { buildGoTools } from "./go-tools.ts";
import { makeImageBase } from "./image-base.ts";

const counterparts: readonly { readonly name: string; readonly setUp: () => Promise<string | undefined> }[] = [
  { name: "sops, age, kubeseal, the sealed-secrets controller and actionlint", setUp: buildGoTools },
  { name: "lighttpd and sshd", setUp: () => aptPackages(["lighttpd", "openssh-server"]) },
  { name: "pre-commit and check-jsonschema", setUp: installPythonTools },
  { name: "promtool", setUp: () => aptPackages(["prometheus"]) },
  { name: "gpg", setUp: () => aptPackages(["gnupg"]) },
  { name: "Barbican and Keystone", setUp: () => aptPackages(["barbican-api", "keystone"]) },
  { name: "buildah, and an image to build on", setUp: makeImageBase },
  { name: "Chromium", setUp: () => aptPackages(["chromium"]) },
];

for (const { name, setUp } of counterparts) {
  const reason = await setUp();
  if (reason !== undefined) console.log(`${name}: ${reason.replaceAll("\n", " ")}`);
}
