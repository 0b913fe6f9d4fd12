// On one machine: at which of its addresses a proxy listens. A Gateway that asks for addresses gets those and no others, so that several
// Gateways can have one port; one that asks for none gets what is left. In a cluster every proxy has an address of its own.

import type { Db } from "../../store/db.ts";
import { memo } from "../../store/memo.ts";
import { configKey } from "../envoyproxy.ts";
import { gatewaysOf } from "./proxies.ts";
import { type WantedAddress, wantedAddresses } from "./wanted-addresses.ts";

export function onHost(db: Db): boolean {
  return db.get("Config", configKey)?.infrastructure === "host";
}

/** Whether a socket of this machine can be bound to the address; where nobody knows its addresses, each is taken for one. */
export function isOfMachine(db: Db, { type, value }: Pick<WantedAddress, "type" | "value">): boolean {
  if (type !== "IPAddress") return false;
  const machine = db.get("Machine", "/machine");
  if (machine === undefined) return true;
  return machine.addresses.includes(value.toLowerCase()) || (machine.wholeLoopback && /^127(\.\d{1,3}){3}$/.test(value));
}

/**
 * Where the sockets of a proxy are bound: "everywhere", or at these addresses. None: all that its Gateways ask for are not of this machine,
 * and they must not be served where nobody asked for it.
 */
export const boundAddresses = memo("boundAddresses", (db: Db, proxy: string): "everywhere" | readonly string[] => {
  if (!onHost(db)) return "everywhere";
  const requests = gatewaysOf(db, proxy).map((gateway) =>
    wantedAddresses(db, gateway).filter(({ type }) => type === "IPAddress"),
  );
  if (requests.some((addresses) => addresses.length === 0)) return "everywhere";
  const usable = requests.flat().filter((address) => isOfMachine(db, address));
  return [...new Set(usable.map(({ value }) => value.toLowerCase()))].toSorted();
});
