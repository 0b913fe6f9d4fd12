// The addresses of this machine, as the Machine cell: told at start and when they have changed, since networks come and go under a process.

import { networkInterfaces, platform } from "node:os";
import { isDeepStrictEqual } from "node:util";
import type { Machine } from "../../store/cells.ts";
import type { Change } from "../../store/db.ts";
import type { Clock } from "../clock.ts";

const lookMs = 2_000;

/** Tells until the returned function is called. */
export function followMachine(push: (change: Change) => void, clock: Clock, read: () => Machine = machine): () => void {
  let told: Machine | undefined;
  let cancel = (): void => undefined;
  const look = (): void => {
    const now = read();
    if (!isDeepStrictEqual(now, told)) push({ type: "applied", kind: "Machine", object: now });
    told = now;
    cancel = clock.after(lookMs, look);
  };
  look();
  return () => cancel();
}

function machine(): Machine {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  // An IPv6 address of one link is none without the name of the link, which an address of a Gateway cannot have.
  const usable = all.filter(({ address }) => !address.startsWith("fe80:"));
  return {
    metadata: { name: "machine" },
    addresses: [...new Set(usable.map(({ address }) => address.toLowerCase()))].toSorted(),
    wholeLoopback: platform() === "linux",
  };
}
