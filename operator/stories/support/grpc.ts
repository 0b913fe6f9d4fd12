// Calls of stories: a unary gRPC call without a message, which is a POST over HTTP/2 whose answer carries a grpc-status.

import { connect } from "node:http2";

/** The name of the backend that answered, or "status 12" when nobody did. */
export function call(
  port: number,
  host: string,
  method: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const session = connect(`http://127.0.0.1:${port}`);
  return new Promise<string>((resolve, reject) => {
    session.on("error", reject);
    const stream = session.request({
      ":method": "POST",
      ":path": method,
      ":authority": host,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    stream.on("error", reject);
    stream.on("response", (head) => {
      stream.resume();
      const backend = head["x-backend"];
      resolve(typeof backend === "string" ? backend : `status ${String(head["grpc-status"])}`);
    });
    stream.end();
  }).finally(() => session.destroy());
}
