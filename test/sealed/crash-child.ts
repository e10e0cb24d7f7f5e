/** Ends with an uncaught error that carries a secret value in every way an error can. */
import { SecretValue } from "../../src/sealed/index.ts";

const value = SecretValue.of(Buffer.from("canary-7f3a"));
throw Object.assign(new Error("crash", { cause: value }), { value, list: [{ value }] });
