// Ports for Gateways of tests. Not from the range that the system deals out by itself (32768 and up on Linux): between our look and Envoy's
// bind, any connection of another test could be given such a port.

import { once } from "node:events";
import { createServer } from "node:net";

const lowest = 20_000;
const highest = 32_000;

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "0.0.0.0");
    await once(server, "listening");
    server.close();
    await once(server, "close");
    return true;
  } catch {
    return false; // somebody has it
  }
}
