// Who a client is, from its first request. Pure.

import { decodeRequest, type Node } from "./wire.ts";

export type Identity = { readonly node: Node; readonly proxy: string } | { readonly refusal: string };

/** Which proxy a client may be told about; without a function for it, the one it names as its node cluster. */
export type Authorise = (peer: string, node: Node) => { readonly proxy: string } | { readonly refusal: string };

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
