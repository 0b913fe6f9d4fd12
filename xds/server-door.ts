// Before a stream is a client's: who is there, and which proxy it may be told about. While that is asked, flow control holds the client back:
// a stranger cannot make us read a request.

import { status, type ServerDuplexStream } from "@grpc/grpc-js";
import type { Clock } from "./clock.ts";
import { identify, type Authenticate, type Authorise, type Identity, type Refusal } from "./identify.ts";

export interface DoorOptions {
  readonly clock: Clock;
  readonly authenticate?: Authenticate;
  readonly authorise?: Authorise;
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

type Call = ServerDuplexStream<Buffer, readonly Uint8Array[]>;
type Known = Exclude<Identity, { readonly refusal: string }>;

const answerWithinMs = 10_000;
const codes = {
  unauthenticated: status.UNAUTHENTICATED,
  denied: status.PERMISSION_DENIED,
  unavailable: status.UNAVAILABLE,
} as const;

/** Lets calls in: `receive` gets each request of a client that may ask. Turns all others away. The answer ends what waits, when the call is gone. */
export function createDoor({ clock, authenticate, authorise, log }: DoorOptions) {
  return (call: Call, receive: (asked: Known, bytes: Buffer) => void): (() => void) => {
    const peer = call.getPeer();
    let cancel = (): void => {};
    let left = false;

    const turnAway = ({ refusal, because }: Refusal): void => {
      if (left) return;
      log("xDS client refused", { peer, reason: refusal });
      call.emit("error", { code: codes[because], details: refusal });
    };
    const letIn = (authoriseThis: Authorise | undefined): void => {
      let asked: Known | undefined;
      call.on("data", (bytes: Buffer) => {
        if (left) return;
        if (asked === undefined) {
          const answer = identify({ authorise: authoriseThis, peer, bytes });
          if ("refusal" in answer) return turnAway({ ...answer, because: "denied" });
          asked = answer;
        }
        receive(asked, bytes);
      });
    };
    const ask = async (who: Authenticate): Promise<void> => {
      const late = {
        refusal: `nobody could say within ${answerWithinMs / 1000} s who the client is`,
        because: "unavailable",
      } as const;
      cancel = clock.after(answerWithinMs, () => turnAway(late));
      const answer = await who({ peer, token: bearerToken(call) });
      if (left) return;
      cancel();
      if ("refusal" in answer) return turnAway(answer);
      // Envoy comes again at once with its new token, says what it has, and is sent nothing.
      if (answer.validMs !== undefined) cancel = clock.after(answer.validMs, () => call.end());
      letIn(answer.authorise);
    };

    if (authenticate === undefined) letIn(authorise);
    else
      ask(authenticate).catch((cause: unknown) =>
        turnAway({ refusal: `the client could not be authenticated: ${String(cause)}`, because: "unavailable" }),
      );
    return () => {
      left = true;
      cancel();
    };
  };
}

function bearerToken(call: Call): string | undefined {
  const [value] = call.metadata.get("authorization");
  return typeof value === "string" ? /^Bearer (\S+)$/i.exec(value)?.[1] : undefined;
}
