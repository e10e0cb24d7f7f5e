import type { Place } from "../place.ts";

/** A seccomp profile: a file of its own needs its path, the others have none. */
export function checkSeccomp(profile: Place): void {
  if (!profile.isObject) return;
  const path = profile.at("localhostProfile");
  const local = profile.at("type").text === "Localhost";
  if (local && path.blank) path.refuse("schema-required", "is required with type Localhost");
  if (!local && path.present) path.refuse("schema-conflict", "may be given with type Localhost only");
}
