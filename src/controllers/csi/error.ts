/** gRPC's status codes that CSI gives a meaning (its spec's "Error Scheme"). */
type Code =
  | "INVALID_ARGUMENT"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE";

/** Why a call is refused or has failed. The message ends up in events at the claim: it says what happened, and what to do. */
export class CsiError extends Error {
  override readonly name = "CsiError";
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
