/**
 * The room of policies: what is dangerous in production although the API server would take it. Shipped ones for storage addons, and the
 * user's own. Pure: files come in as text.
 */
export { acceptsPlainValue } from "./acceptance.ts";
export { POLICY_CODES, shippedPolicies } from "./catalogue.ts";
export { Policies } from "./policies.ts";
export { publicSecretsIn } from "./settings.ts";
export { isPublicSecret } from "./shipped/secrets.ts";
export { loadUserPolicies, type PolicyFile } from "./user/load.ts";
