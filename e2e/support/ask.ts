// One request to a Gateway, without a connection that stays.

import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";

export interface Question {
  readonly address: string;
  readonly host: string;
  readonly path: string;
}

/** The status of the answer; the code of the error when there is none. */
export async function ask({ address, host, path }: Question): Promise<number | string> {
  const request = get({ host: address, port: 80, path, headers: { host }, agent: false, timeout: 5_000 });
  request.on("timeout", () => request.destroy(new Error("timeout")));
  try {
    const [response] = (await once(request, "response")) as [IncomingMessage];
    await response.toArray();
    return response.statusCode!;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
