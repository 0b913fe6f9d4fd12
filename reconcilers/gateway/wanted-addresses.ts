// Gateway.spec.addresses as far as they name an address: an entry without a value leaves the choice to us.

import type { Db } from "../../store/db.ts";
import type { ObjectKey } from "../../store/key.ts";

export interface WantedAddress {
  /** In spec.addresses. */
  readonly position: number;
  readonly type: string;
  readonly value: string;
}

export function wantedAddresses(db: Db, gateway: ObjectKey): readonly WantedAddress[] {
  return (db.get("Gateway", gateway)?.spec.addresses ?? []).flatMap(({ type, value }, position) =>
    value === undefined || value === "" ? [] : [{ position, type: type ?? "IPAddress", value }],
  );
}
