/** What a connection to an API server needs. Nothing of it is ever printed. */
export interface Credentials {
  readonly ca: string | Buffer | undefined;
  readonly cert: string | Buffer | undefined;
  readonly key: string | Buffer | undefined;
  readonly rejectUnauthorized: boolean;
  readonly servername: string | undefined;
  /** Header fields of each request: Authorization, Impersonate-User. */
  readonly headers: Readonly<Record<string, string>>;
  /** Differs when a connection made with other credentials can't be used on. */
  readonly fingerprint: string;
}

/** An API server and how to prove who one is. */
export interface Endpoint {
  /** `https://10.0.7.1:6443`, with a path where it is behind a proxy. */
  readonly server: string;
  /** Where the credentials come from, for messages: a context's name, never a secret. */
  readonly from: string;
  /** Reads them anew: tokens expire and files are rotated. */
  credentials(): Promise<Credentials>;
}
