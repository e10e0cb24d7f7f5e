import type { ApiError, StatusCause } from "../kubernetes/index.ts";

/** What the server says of a refusal, in its own words. */
export function serverWords(error: ApiError): string {
  return error.causes.length > 0 ? error.causes.map(causeWords).join("; ") : error.message;
}

/**
 * What the server says of a refusal of an object that holds secret values, without anything that may quote one: validation repeats the value
 * that it refuses, a forbidden update the difference, and admission policies and webhooks say whatever their authors let them. What is known to
 * be free of it is shown: who refuses, which field, and what kind of mistake it is.
 */
export function guardedWords(error: ApiError): string {
  if (error.causes.length > 0 && error.causes.every(({ field }) => field !== "")) return error.causes.map(guardedCause).join("; ");
  const { message, reason, status } = error;
  for (const pattern of DENIALS) {
    const denial = pattern.exec(message)?.[0];
    if (denial !== undefined) return `${denial}, in words that are not shown as they may quote a secret value`;
  }
  if (FREE_OF_VALUES.some((pattern) => pattern.test(message))) return message;
  return `the API server answers ${status}${reason === "" ? "" : ` ${reason}`}, in words that are not shown as they may quote a secret value`;
}

/** Who has denied it, up to where its own words begin (k8s.io/apiserver v1.36, plugin/pkg/admission). */
const DENIALS = [
  /ValidatingAdmissionPolicy '[^'\n]{1,253}' with binding '[^'\n]{1,253}' denied request/,
  /admission webhook "[^"\n]{1,253}" denied the request/,
  // It was not asked at all, or gave no answer in time.
  /failed calling webhook "[^"\n]{1,253}"/,
];

/** Whole messages of which no part comes from the object's values. */
const FREE_OF_VALUES = [
  // Authorization: names and verbs alone.
  /^\S+ "[^"\n]{0,253}" is forbidden: User "[^"\n]*" cannot [a-z]+ resource "[^"\n]*" in API group "[^"\n]*"(?: in the namespace "[^"\n]*"| at the cluster scope)?$/,
  /^namespaces "[^"\n]{1,63}" not found$/,
  /^\S+ "[^"\n]{0,253}" not found$/,
  /^the server could not find the requested resource$/,
  /^\S+ "[^"\n]{0,253}" is forbidden: unable to create new content in namespace [a-z0-9-]+ because it is being terminated$/,
];

/** The kinds of mistakes of validation (k8s.io/apimachinery v0.36, pkg/util/validation/field). */
const KINDS = [
  "Required value",
  "Duplicate value",
  "Invalid value",
  "Unsupported value",
  "Forbidden",
  "Too long",
  "Too many",
  "Not found",
  "Internal error",
];
/** What validation says of fields that can't change. */
const UNCHANGEABLE = /(?:field is immutable(?: when `immutable` is set)?|may not change once set|immutable after creation)$/;

function guardedCause({ field, message }: StatusCause): string {
  const kind = KINDS.find((each) => message.startsWith(each));
  const unchangeable = UNCHANGEABLE.exec(message)?.[0];
  if (unchangeable !== undefined) return `${field}: ${unchangeable}`;
  return `${field}: ${kind ?? "refused"}, in words that are not shown as they may quote a secret value`;
}

function causeWords({ field, message }: StatusCause): string {
  return field === "" ? message : `${field}: ${message}`;
}
