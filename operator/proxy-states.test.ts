// Cells about proxies, from what runs, what is acknowledged and what is refused; each may be told first.

import type { Change } from "../store/db.ts";
import { createProxyStates } from "./proxy-states.ts";

const addresses = [{ type: "IPAddress", value: "192.0.2.1" }] as const;
const stream = { proxy: "default/gw", stream: 1 };

function telling() {
  const changes: Change[] = [];
  const states = createProxyStates((change) => changes.push(change));
  const last = (): unknown => {
    const change = changes.at(-1);
    return change?.type === "applied" ? change.object : change;
  };
  return { states, changes, last };
}

const cell = { metadata: { name: "default~gw" }, proxy: "default/gw" };
const gone = { type: "deleted", kind: "ProxyState", key: "/default~gw" };

test("ready are the Envoys that told us, or those of which a cluster knows that they told another replica", () => {
  const { states, last } = telling();
  states.ready(stream);
  expect(last()).toBeUndefined(); // not known to run: somebody else's
  states.running("default/gw", { wanted: 3, ready: 2, addresses });
  expect(last()).toEqual({ ...cell, ready: 2, wanted: 3, addresses });
  states.ready({ ...stream, stream: 2 });
  states.ready({ ...stream, stream: 3 });
  expect(last()).toEqual({ ...cell, ready: 3, wanted: 3, addresses });
  for (const each of [1, 2, 3]) states.disconnected({ ...stream, stream: each });
  expect(last()).toEqual({ ...cell, ready: 2, wanted: 3, addresses });
  expect(states.allReady()).toBe(true);
  states.gone("default/gw");
  expect(last()).toEqual(gone);
});

test("what is refused is told also when nothing runs yet, and is over when it is taken or nothing is left", () => {
  const { states, last, changes } = telling();
  states.refused("default/gw", undefined);
  expect(changes).toEqual([]);
  states.refused("default/gw", "Service default/gw exists.");
  expect(last()).toEqual({ ...cell, ready: 0, wanted: 0, addresses: [], refused: "Service default/gw exists." });
  expect(states.runs("default/gw")).toBe(false);
  states.running("default/gw", { wanted: 1, addresses });
  states.refused("default/gw", undefined);
  expect(last()).toEqual({ ...cell, ready: 0, wanted: 1, addresses });
  states.refused("default/gw", "no");
  states.gone("default/gw");
  expect(last()).toMatchObject({ wanted: 0, refused: "no" });
  states.refused("default/gw", undefined);
  expect(last()).toEqual(gone);
});
