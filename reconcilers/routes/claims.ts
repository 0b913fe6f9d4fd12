// Which route a connection goes to, where there is no request to look at: of the routes that claim a server name of a listener the oldest
// has it. Knows nothing of where it sends.

import type { Db } from "../../store/db.ts";
import { memo } from "../../store/memo.ts";
import type { ListenerOwner } from "../gateway/listener-owner.ts";
import { type L4RouteId, type ParentAttachment, atHost, atListener, attachments, l4RoutesAt } from "./attachment.ts";
import { compare } from "../order.ts";

/** The route that a listener's host belongs to. Gateway API, conflict resolution: the oldest, then by namespace and name. */
const winner = memo("connectionWinner", (db: Db, proxy: string, place: string, host: string): L4RouteId | undefined => {
  const age = ({ kind, key }: L4RouteId): string => db.get(kind, key)?.metadata.creationTimestamp ?? "";
  const rivals = l4RoutesAt(db, atHost(proxy, place, host));
  return rivals.toSorted((a, b) => compare(age(a), age(b)) || compare(a.key, b.key) || compare(a.kind, b.kind))[0];
});

/** An older route, when others have everything that this one claims of the parent. */
export function winnerOverAll(db: Db, route: L4RouteId, parent: ParentAttachment): L4RouteId | undefined {
  const winners = parent.listeners.flatMap(({ table, hosts }) =>
    table === undefined ? [] : hosts.map((host) => winner(db, parent.proxy, table, host)),
  );
  return winners.some((one) => one === undefined || same(one, route)) ? undefined : winners[0];
}

/** A route with the hosts of one listener that go to it. */
export interface WonHosts {
  readonly route: L4RouteId;
  /** Exact names, "*.suffix" or "*". Sorted, at least one. */
  readonly hosts: readonly string[];
}

/** Who serves what on a listener, by kind and key. */
export const wonHosts = memo("wonHosts", (db: Db, owner: string, listener: string): readonly WonHosts[] =>
  l4RoutesAt(db, atListener(owner as ListenerOwner, listener)).flatMap((route): readonly WonHosts[] => {
    const won = new Set<string>();
    for (const parent of attachments(db, route.kind, route.key)) {
      if (parent?.parent !== owner) continue;
      for (const { listener: name, table, hosts } of parent.listeners) {
        if (name !== listener || table === undefined) continue;
        for (const host of hosts) if (wins(db, route, { proxy: parent.proxy, table, host })) won.add(host);
      }
    }
    return won.size === 0 ? [] : [{ route, hosts: [...won].toSorted() }];
  }),
);

function wins(
  db: Db,
  route: L4RouteId,
  { proxy, table, host }: { readonly proxy: string; readonly table: string; readonly host: string },
): boolean {
  const first = winner(db, proxy, table, host);
  return first !== undefined && same(first, route);
}

function same(a: L4RouteId, b: L4RouteId): boolean {
  return a.kind === b.kind && a.key === b.key;
}
