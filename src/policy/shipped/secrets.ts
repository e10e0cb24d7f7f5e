import { At } from "../../schema/index.ts";
import { holdsReference, mayHoldEncoded, privateKeyAt } from "../../sealed/index.ts";
import { anyMatches } from "../glob.ts";
import type { JudgedObject, JudgedIn, Objection, Policy } from "../types.ts";
import { podOf, WORKLOADS } from "./pods.ts";

/** Whether patterns of settings (`publicSecrets`) say of a Secret's value, `NAMESPACE/NAME/KEY`, that anybody may read it. */
export function isPublicSecret(patterns: readonly string[], name: string): boolean {
  return anyMatches(patterns, name);
}

/** Names of environment variables that say that their value is secret. */
const SECRET_NAME = /(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|SECRET_?KEY|USERKEY)$/i;

/** Policies of values that nobody may read in git. */
export const SECRET_POLICIES: readonly Policy[] = [
  {
    code: "policy-secret-plain",
    title: "Secret in plain text",
    severity: "error",
    reason:
      "What is in out/ is in git, on every machine that ever cloned it and in every log that shows a diff. base64 is no protection, and a value once published has to be changed.",
    advice: "seal it and write the reference: ?{…} in the Secret, or a SealedSecret",
    looksAt:
      "Every value in `data` and `stringData` of a Secret that holds no reference to a sealed source (`?{…}`, also inside a larger text, or base64 of one) and is not empty; environment variables whose name says that they are secret and that have a literal `value`; private keys (PEM, OpenSSH, OpenPGP, age) in a ConfigMap. `publicSecrets` of the settings lists keys, as `NAMESPACE/NAME/KEY`, whose values anybody may read (a CA certificate, a user name). No value is ever printed.",
    kinds: new Set(["Secret", "ConfigMap", ...WORKLOADS]),
    *check(object, within) {
      if (object.kind === "Secret" && object.apiVersion === "v1") yield* secretValues(object, within);
      if (object.kind === "ConfigMap" && object.apiVersion === "v1") yield* privateKeys(object);
      yield* environment(object);
    },
  },
];

function* secretValues(object: JudgedObject, { limits }: JudgedIn): Iterable<Objection> {
  const root = new At(object.json);
  for (const field of ["stringData", "data"]) {
    for (const [key, value] of root.at(field).entries) {
      const text = value.text ?? "";
      if (text.trim() === "" || holdsReference(text) || mayHoldEncoded(text)) continue;
      if (isPublicSecret(limits.publicSecrets, `${object.namespace ?? ""}/${object.name}/${key}`)) continue;
      yield { message: `${field}.${key} of Secret ${object.name} stands there in plain text`, pointer: value.path, subject: key };
    }
  }
}

function* privateKeys(object: JudgedObject): Iterable<Objection> {
  const root = new At(object.json);
  for (const field of ["data", "binaryData"]) {
    for (const [key, value] of root.at(field).entries) {
      const text = field === "data" ? (value.text ?? "") : decoded(value.text ?? "");
      if (privateKeyAt(text) === undefined) continue;
      yield { message: `${field}.${key} of ConfigMap ${object.name} holds a private key`, pointer: value.path, subject: key };
    }
  }
}

function* environment(object: JudgedObject): Iterable<Objection> {
  for (const { name, at } of podOf(object)?.containers ?? []) {
    for (const variable of at.at("env").items) {
      const called = variable.at("name").text ?? "";
      const value = variable.at("value").text ?? "";
      if (!SECRET_NAME.test(called) || value.trim() === "" || /^\$\([\w.-]+\)$/.test(value) || holdsReference(value)) continue;
      yield {
        message: `environment variable ${called} of container ${name} has its value in plain text`,
        pointer: variable.at("value").path,
        subject: called,
        advice: "take it from a Secret: valueFrom.secretKeyRef",
      };
    }
  }
}

function decoded(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}
