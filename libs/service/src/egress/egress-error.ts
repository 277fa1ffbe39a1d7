/** A request that was not made, or given up: its `code` says why, and it never carries an address. */
export class EgressError extends Error {
  readonly code: 'egress_refused' | 'egress_redirects' | 'egress_too_large' | 'egress_timeout';

  constructor(code: EgressError['code'], message: string) {
    super(message);
    this.name = 'EgressError';
    this.code = code;
  }
}
