import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { SecretValue } from "../../src/sealed/index.ts";
import { Barbican, createSopsFile, creationRule } from "../../src/unseal/index.ts";
import { halite } from "../cli/halite.ts";
import { Other, pathTo } from "../cluster/kube.ts";
import { Client, startControlPlane, type ControlPlane } from "../control-plane/index.ts";
import { canHavePlane } from "../control-plane/use-plane.ts";
import { bareRepository, gitIn } from "../git/fleet-repository.ts";
import { newKeyring, type Keyring } from "../real/gnupg.ts";
import { mustRun } from "../real/run.ts";
import { haveBarbican, startBarbican, type Service } from "./barbican-service.ts";
import { runWatched } from "./canary-run.ts";
import { CanarySearch, leaksText, plantCanaries } from "./canary-search.ts";

const canaries = plantCanaries("SOPS file", "PGP message", "Barbican", "Secret of the cluster");
const search = new CanarySearch(Object.values(canaries));
const possible = (await canHavePlane()) && haveBarbican && spawnSync("gpg", ["--version"]).status === 0;

/** A ConfigMap that the cluster refuses, quoting what is in it. */
const QUOTED = (value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: refused, namespace: default, labels: {refuse: "yes"}}\ndata:\n  key: ${value}\n`;

describe.skipIf(!possible)("values that are opened at the destination", { timeout: 600_000 }, () => {
  let plane: ControlPlane;
  let api: Client;
  let service: Service;
  let keyring: Keyring;
  let top: string;
  let files: Record<string, string>;

  beforeAll(async () => {
    await build();
    top = mkdtempSync(join(tmpdir(), "halite-canary-"));
    [plane, service, keyring] = await Promise.all([startControlPlane(), startBarbican(), newKeyring()]);
    api = new Client(plane);
    mkdirSync(join(top, "kubeconfigs"));
    cpSync(plane.kubeconfig, join(top, "kubeconfigs/one"));
    await api.call("POST", "/api/v1/namespaces/default/secrets", {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "there" },
      stringData: { key: canaries["Secret of the cluster"].value },
    });
    await refuseQuoting();
    const barbican = new Barbican({ endpoint: service.url, authentication: { kind: "project", project: "storage" } });
    await barbican.store("ceph", SecretValue.of(Buffer.from(canaries.Barbican.value)));
    files = await fleetFiles();
  });
  afterAll(async () => {
    api?.close();
    await Promise.all([plane?.stop(), service?.stop(), keyring?.end()]);
    if (top !== undefined) rmSync(top, { recursive: true, force: true });
  });

  /** Each test has a cluster to which nothing was applied, whatever ran before. */
  beforeEach(async () => {
    const core = "/api/v1/namespaces/default";
    await api.call("DELETE", pathTo("addon", ""));
    for (const path of [`${core}/secrets/good`, `${core}/configmaps/plain`, `${core}/configmaps/refused`]) await api.call("DELETE", path);
  });

  /** An admission policy of the cluster whose refusal quotes the object, as webhooks like to. */
  async function refuseQuoting(): Promise<void> {
    const path = "/apis/admissionregistration.k8s.io/v1";
    const head = { apiVersion: "admissionregistration.k8s.io/v1", metadata: { name: "quoting" } };
    await api.call("POST", `${path}/validatingadmissionpolicies`, {
      ...head,
      kind: "ValidatingAdmissionPolicy",
      spec: {
        matchConstraints: {
          objectSelector: { matchLabels: { refuse: "yes" } },
          resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["configmaps"] }],
        },
        validations: [{ expression: "false", messageExpression: "'not with ' + object.data.key" }],
      },
    });
    await api.call("POST", `${path}/validatingadmissionpolicybindings`, {
      ...head,
      kind: "ValidatingAdmissionPolicyBinding",
      spec: { policyName: "quoting", validationActions: ["Deny"] },
    });
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "probe", labels: { refuse: "yes" } }, data: { key: "probed" } };
    for (let tries = 0; ; tries++) {
      const { status, body } = await api.call("POST", "/api/v1/namespaces/default/configmaps?dryRun=All", object);
      if (status === 422 && JSON.stringify(body).includes("not with probed")) return;
      if (tries > 600) throw new Error(`the policy is not in force: ${status}`);
      await wait(100);
    }
  }

  async function fleetFiles(): Promise<Record<string, string>> {
    const identity = await generateX25519Identity();
    const fingerprint = await keyring.newKey("zone@example.org");
    writeFileSync(join(top, "age.txt"), `${identity}\n`, { mode: 0o600 });
    const rule = creationRule(`creation_rules:\n  - age: ${await identityToRecipient(identity)}\n`, ".sops.yaml", "a.yaml");
    if (rule === undefined) throw new Error("no rule");
    const plain = Buffer.from(`key: ${canaries["SOPS file"].value}\n`);
    const message = await mustRun(
      "gpg",
      ["--homedir", keyring.home, "--batch", "--quiet", "--armor", "--trust-model", "always", "--encrypt", "--recipient", fingerprint],
      { input: canaries["PGP message"].value },
    );
    const state = (name: string): string =>
      `${name}:\n  file.managed:\n    - name: /etc/kubernetes/addons/${name}/${name}.yaml\n    - source: salt://${name}.yaml\n    - template: jinja\n    - makedirs: True\n`;
    return {
      "roster.yaml": "one: {minion_opts: {grains: {az: z1}}}\n",
      "pillar/top.sls": "base:\n  '*': [p]\n",
      "pillar/p.sls": `#!jinja|yaml|gpg\nsops: '?{sops:a.yaml#key}'\nbarbican: '?{barbican:ceph@1}'\nthere: '?{secret:default/there#key}'\nmessage: |\n  ${message.trim().replaceAll("\n", "\n  ")}\n`,
      "secrets/a.yaml": await createSopsFile(plain, "a.yaml", { ...rule, gpg: undefined }, "2026-01-02T03:04:05Z"),
      "states/top.sls": "base:\n  '*': [good, refused]\n",
      "states/good.sls": state("good"),
      "states/refused.sls": state("refused"),
      "states/good.yaml":
        "apiVersion: v1\nkind: Secret\nmetadata: {name: good, namespace: default}\nstringData:\n  sops: {{ pillar.sops | json }}\n  barbican: {{ pillar.barbican | json }}\n  there: {{ pillar.there | json }}\n  message: {{ pillar.message | json }}\n",
      "states/refused.yaml": QUOTED(
        '"{{ pillar.sops }} {{ pillar.barbican }} {{ pillar.there }}" # halite: allow-secret a test of what refusals quote',
      ),
    };
  }

  /** A repository of the fleet, a remote, and a zone's folder; what the files say otherwise is put over them. */
  function place(
    name: string,
    other: Readonly<Record<string, string>> = {},
  ): { readonly fleet: string; readonly zone: string; readonly remote: string } {
    const own = join(top, name);
    const remote = bareRepository(join(own, "remote.git"));
    const [fleet, zone] = [join(own, "fleet"), join(own, "zone")];
    const config = `publish: {remote: 'file://${remote}', branch: addons}\nsync: {kubeconfigs: ../../kubeconfigs}\nsealed:\n  age: {identities: [../../age.txt]}\n  pgp: {home: ${keyring.home}}\n  barbican: {endpoint: "${service.url}", project: storage}\n`;
    for (const [path, text] of Object.entries({
      ...files,
      "halite.yaml": `roster: roster.yaml\nkubernetes: "1.36"\n${config}`,
      ".gitignore": ".halite/\nout/\n",
      ...other,
    })) {
      mkdirSync(dirname(join(fleet, path)), { recursive: true });
      writeFileSync(join(fleet, path), text);
    }
    mkdirSync(zone);
    writeFileSync(join(zone, "halite.yaml"), config);
    gitIn(fleet, "init", "-q", "-b", "main");
    gitIn(fleet, "add", "-A");
    gitIn(fleet, "commit", "-qm", "first");
    return { fleet, zone, remote };
  }

  const on = (command: string): readonly string[] => [command, "--cluster", "one", "--kubeconfig", join(top, "kubeconfigs/one")];

  test("are in the cluster, and in nothing that plan, apply and sync print, log, report or keep, nor in processes meanwhile", async () => {
    const { fleet, zone, remote } = place("sealed");
    expect(await halite(["publish"], { cwd: fleet })).toMatchObject({ status: 0 });
    const first = await runWatched(search, fleet, [on("plan"), on("apply"), on("plan"), on("status"), ["diff", "--base", "published"]]);
    const second = await runWatched(search, zone, [
      ["sync", "--az", "z1", "--once"],
      ["sync", "--az", "z1", "--once", "--verbose"],
      ["status", "--az", "z1"],
    ]);
    // They were opened, and the refusal came with what was opened in it.
    const secret = await new Other(api, "default").get("secret", "good");
    const opened = Object.fromEntries(
      Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
    );
    expect(opened).toEqual({
      sops: canaries["SOPS file"].value,
      barbican: canaries.Barbican.value,
      there: canaries["Secret of the cluster"].value,
      message: canaries["PGP message"].value,
    });
    expect(first.said).toContain("refused");
    expect(second.said + gitIn(remote, "show", "reports/z1:report.json")).toContain("refused");
    expect(leaksText([...first.leaks, ...second.leaks])).toBe("");
    for (const folder of [fleet, zone]) expect(leaksText(search.folder(folder))).toBe("");
    for (const git of [join(fleet, ".git"), remote]) expect(leaksText(await search.repository(git))).toBe("");
    for (const path of ["/api/v1/events", pathTo("addon", ""), "/api/v1/namespaces/default/configmaps"])
      expect(leaksText(search.text(path, JSON.stringify((await api.call("GET", path)).body)))).toBe("");
  });

  test("and where a source can't be opened, nothing of the others either", async () => {
    const { fleet, zone } = place("closed");
    expect(await halite(["publish"], { cwd: fleet })).toMatchObject({ status: 0 });
    for (const folder of [fleet, zone]) {
      const config = readFileSync(join(folder, "halite.yaml"), "utf8");
      writeFileSync(
        join(folder, "halite.yaml"),
        config.replace(service.url, "http://127.0.0.1:1").replace(keyring.home, join(top, "closed")),
      );
    }
    const applied = await runWatched(search, fleet, [on("plan"), on("apply")]);
    const synced = await runWatched(search, zone, [["sync", "--az", "z1", "--once"]]);
    expect(applied.said).toContain("can't be reached");
    expect(synced.said).toContain("can't be reached");
    expect(leaksText([...applied.leaks, ...synced.leaks])).toBe("");
    for (const folder of [fleet, zone]) expect(leaksText(search.folder(folder))).toBe("");
  });

  test("they would be found in each of these places", async () => {
    const { value } = canaries["SOPS file"];
    const config = (text: string): string =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain, namespace: default}\ndata: {key: "${text}"}\n`;
    const { fleet, zone, remote } = place("plain", { "states/good.yaml": config("before"), "states/refused.yaml": QUOTED("before") });
    expect(await halite(["publish"], { cwd: fleet })).toMatchObject({ status: 0 });
    await halite(on("apply"), { cwd: fleet });
    writeFileSync(join(fleet, "states/good.yaml"), config(value));
    writeFileSync(join(fleet, "states/refused.yaml"), QUOTED(`"${value}"`));
    gitIn(fleet, "commit", "-qam", "in plain");
    expect(await halite(["publish"], { cwd: fleet })).toMatchObject({ status: 0 });
    const kubeconfig = join(top, "kubeconfigs", "one");
    const said = leaksText((await runWatched(search, fleet, [on("plan"), on("apply")])).leaks);
    for (const command of ["plan", "apply"])
      expect(said).toContain(`standard output of ${command} --cluster one --kubeconfig ${kubeconfig}, plain`);
    const synced = leaksText((await runWatched(search, zone, [["sync", "--az", "z1", "--once"]])).leaks);
    expect(synced).toContain("standard output of sync --az z1 --once, plain");
    // Its log.
    expect(synced).toContain("standard error of sync --az z1 --once, plain");
    // What the zone keeps: the pulled branch; and its report.
    expect(leaksText(search.folder(zone))).toContain("canary of SOPS file in .halite/");
    expect(leaksText(search.text("the report", gitIn(remote, "show", "reports/z1:report.json")))).toContain("canary of SOPS file");
    expect(leaksText(await search.repository(remote))).toContain("canary of SOPS file");
    // Arguments, while it runs.
    const argument = await runWatched(search, zone, [["status", "--az", value]]);
    expect(leaksText(argument.leaks)).toContain("cmdline of a process");
  });
});
