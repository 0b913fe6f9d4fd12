// Which proxy a client of the xDS server is, in a cluster: its token says as which ServiceAccount it runs, the store says which proxy runs as
// that. What the client says of itself is only compared.

import { servesAccount } from "../../reconcilers/gateway/service-account.ts";
import type { Db } from "../../store/db.ts";
import type { Authenticate, Authorise } from "../../xds/identify.ts";
import type { WallClock } from "../clock.ts";
import type { Reviewed } from "./token-review.ts";

export interface ProxyIdentityOptions {
  readonly review: (token: string) => Promise<Reviewed>;
  readonly db: () => Db;
  /** Resolves when the store knows what there is: before that everybody would be a stranger. */
  readonly synced: Promise<unknown>;
  readonly clock: WallClock;
}

export function createProxyIdentity({ review, db, synced, clock }: ProxyIdentityOptions): Authenticate {
  return async ({ token }) => {
    if (token === undefined) return { refusal: "the client shows no token", because: "unauthenticated" };
    const who = await review(token);
    if ("problem" in who)
      return { refusal: `the client is refused: ${who.problem}`, because: who.unavailable ? "unavailable" : "unauthenticated" };
    await synced;
    const validMs = who.expires === undefined ? {} : { validMs: Math.max(0, who.expires - clock.today().getTime()) };
    return { authorise: authoriseAs(who, db), ...validMs };
  };
}

function authoriseAs({ account, pod }: Extract<Reviewed, { readonly account: string }>, db: () => Db): Authorise {
  const [namespace] = account.split("/");
  const client = pod === undefined ? `ServiceAccount ${account}` : `pod ${namespace}/${pod} (ServiceAccount ${account})`;
  return (_, { id, cluster }) => {
    if (pod !== undefined && id !== pod) return { refusal: `${client} calls itself ${id}` };
    return servesAccount(db(), cluster, account) ? { proxy: cluster } : { refusal: `${client} is no proxy of ${cluster}` };
  };
}
