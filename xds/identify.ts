// Who a client is: by what it shows when it connects, and by its first request. Pure.

import { decodeRequest, type Node } from "./wire.ts";

export type Identity = { readonly node: Node; readonly proxy: string } | { readonly refusal: string };

/** Which proxy a client may be told about; without a function for it, the one it names as its node cluster. */
export type Authorise = (peer: string, node: Node) => { readonly proxy: string } | { readonly refusal: string };

/** Why a client is not let in. "unavailable": not its fault, it should come again. */
export interface Refusal {
  readonly refusal: string;
  readonly because: "unauthenticated" | "denied" | "unavailable";
}

/** What a client shows before a request of it is read. */
export interface Shown {
  readonly peer: string;
  /** From "authorization: Bearer <token>". */
  readonly token: string | undefined;
}

/** Which proxies the bearer of a token may be told about, and for how long the answer holds: then the stream ends, and the client asks again. */
export type Authenticate = (shown: Shown) => Promise<{ readonly authorise: Authorise; readonly validMs?: number } | Refusal>;

export function identify(first: {
  readonly authorise: Authorise | undefined;
  readonly peer: string;
  readonly bytes: Buffer;
}): Identity {
  let node: Node | undefined;
  try {
    ({ node } = decodeRequest(first.bytes, true));
  } catch (cause) {
    return { refusal: `the first request cannot be read: ${cause instanceof Error ? cause.message : String(cause)}` };
  }
  if (node === undefined || node.cluster === "") return { refusal: "the first request names no node cluster" };
  const answer = first.authorise?.(first.peer, node) ?? { proxy: node.cluster };
  return "refusal" in answer ? answer : { node, proxy: answer.proxy };
}
