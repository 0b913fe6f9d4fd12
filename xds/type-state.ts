// What people see of one type on one stream (/config_dump): numbers and names drawn from its lane, none of it used to decide anything.

import type { Lane } from "./lane.ts";
import type { RefusedVersion } from "./quarantine.ts";
import type { TypeUrl } from "./resource.ts";

export interface TypeState {
  readonly typeUrl: TypeUrl;
  readonly wildcard: boolean;
  /** Names asked for one by one. */
  readonly names: number;
  /** Resources the client holds. */
  readonly held: number;
  readonly sentVersion: number;
  readonly acknowledgedVersion: number;
  readonly refused: readonly RefusedVersion[];
  /** Nonces that are not answered yet. */
  readonly outstanding: readonly string[];
  /** Resources that wait for a cluster. */
  readonly waiting: readonly string[];
  /** Responses still to be sent because one was refused. */
  readonly repairs: number;
  /** Names that will be removed; `due` is milliseconds from now, undefined until the routes are acknowledged. */
  readonly removals: readonly { readonly name: string; readonly due: number | undefined }[];
}

/** The types that were asked for; `now` is the clock's time, ms. */
export function typeStates(lanes: readonly Lane[], refused: readonly RefusedVersion[], now: number): readonly TypeState[] {
  return lanes.flatMap((lane): TypeState[] => {
    const { subscription } = lane;
    if (subscription === undefined) return [];
    return [
      {
        typeUrl: lane.typeUrl,
        wildcard: subscription.wildcard,
        names: subscription.names.reduce((sum, names) => sum + names.size, 0),
        held: subscription.held.reduce((sum, held) => sum + held.size, 0),
        sentVersion: lane.written,
        acknowledgedVersion: lane.settled,
        refused: refused.filter((each) => each.typeUrl === lane.typeUrl),
        outstanding: lane.outstanding.map((response) => response.nonce),
        waiting: lane.waiting,
        repairs: lane.repairs.length,
        removals: [...lane.removals].map(([name, { due }]) => ({ name, due: due === undefined ? undefined : due - now })),
      },
    ];
  });
}
