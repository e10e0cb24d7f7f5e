/** gRPC's status codes, as far as CSI gives them a meaning (its spec's "Error Scheme"). */
export const CODES = {
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const;
export type Code = keyof typeof CODES;

/** Why a call is refused or has failed. The message ends up in events at the claim: it says what happened, and what to do. */
export class CsiError extends Error {
  override readonly name = "CsiError";
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
