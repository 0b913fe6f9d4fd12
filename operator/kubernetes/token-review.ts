// Whose a ServiceAccount token is, by asking the API server (TokenReview). Answers are remembered for a short time, by the hash of the token: a
// proxy that loses its connection may come back also while there is no API server. Does not know proxies.

import { createHash } from "node:crypto";
import type { WallClock } from "../clock.ts";
import { hasStatus, type KubernetesClient } from "./client.ts";

export type Reviewed =
  | {
      /** "namespace/name" of the ServiceAccount. */
      readonly account: string;
      /** Name of the pod that the token is bound to; undefined for tokens that are bound to none. */
      readonly pod: string | undefined;
      /** Epoch milliseconds; undefined for tokens that never do. */
      readonly expires: number | undefined;
    }
  /** `unavailable`: nobody could say. */
  | { readonly problem: string; readonly unavailable: boolean };

export interface TokenReviewOptions {
  readonly client: Pick<KubernetesClient, "call">;
  /** Whom the token must be for. */
  readonly audience: string;
  readonly clock: WallClock;
}

interface Remembered {
  readonly until: number;
  readonly answer: Promise<Reviewed>;
}

interface ReviewStatus {
  readonly authenticated?: boolean;
  readonly error?: string;
  readonly audiences?: readonly string[];
  readonly user?: { readonly username?: string; readonly extra?: Readonly<Record<string, readonly string[]>> };
}

const goodForMs = 60_000;
const badForMs = 10_000;
const reviewWithinMs = 8_000;
const mostRemembered = 10_000;

export function createTokenReview({ client, audience, clock }: TokenReviewOptions): (token: string) => Promise<Reviewed> {
  const memory = new Map<string, Remembered>();
  const now = (): number => clock.today().getTime();

  async function ask(token: string): Promise<Reviewed> {
    // What cannot be a token costs no call.
    const claims = claimsOf(token);
    if (claims === undefined) return { problem: "what it shows is no token", unavailable: false };
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token, audiences: [audience] } };
    try {
      const path = "/apis/authentication.k8s.io/v1/tokenreviews";
      const { status } = (await client.call({ method: "POST", path, body, timeoutMs: reviewWithinMs, urgent: true })) as {
        status?: ReviewStatus;
      };
      return reviewed(status ?? {}, { audience, claims });
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const hint = hasStatus(cause, 403) ? " (the operator needs the right to create tokenreviews)" : "";
      return { problem: `its token cannot be reviewed: ${why}${hint}`, unavailable: true };
    }
  }

  return (token) => {
    const key = createHash("sha256").update(token).digest("base64");
    const found = memory.get(key);
    if (found !== undefined && now() < found.until) return found.answer;
    const answer = ask(token);
    remember(memory, key, { until: now() + badForMs, answer });
    void answer.then((result) => {
      if ("account" in result) remember(memory, key, { until: Math.min(now() + goodForMs, result.expires ?? Infinity), answer });
      else if (result.unavailable) memory.delete(key);
    });
    return answer;
  };
}

/** The oldest is forgotten first: Maps keep their order. */
function remember(memory: Map<string, Remembered>, key: string, entry: Remembered): void {
  memory.delete(key);
  memory.set(key, entry);
  for (const oldest of memory.keys()) {
    if (memory.size <= mostRemembered) return;
    memory.delete(oldest);
  }
}

function reviewed(status: ReviewStatus, { audience, claims }: { readonly audience: string; readonly claims: Claims }): Reviewed {
  const refused = (problem: string): Reviewed => ({ problem, unavailable: false });
  if (status.authenticated !== true) return refused(`its token is not valid${status.error ? `: ${status.error}` : ""}`);
  // An API server whose authenticators know no audiences names none.
  if (status.audiences?.includes(audience) !== true) return refused(`its token is not for ${audience}`);
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(status.user?.username ?? "") ?? [];
  if (namespace === undefined || name === undefined)
    return refused(`its token is of ${status.user?.username ?? "nobody"}, which is no ServiceAccount`);
  return {
    account: `${namespace}/${name}`,
    pod: status.user?.extra?.["authentication.kubernetes.io/pod-name"]?.[0],
    expires: typeof claims.exp === "number" ? claims.exp * 1000 : undefined,
  };
}

interface Claims {
  readonly exp?: unknown;
}

/** What a token (JWT) says of itself, unverified; undefined when it is none. */
function claimsOf(token: string): Claims | undefined {
  const [, payload = "", signature] = token.split(".");
  if (signature === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return typeof claims === "object" && claims !== null ? claims : undefined;
  } catch {
    return undefined;
  }
}
