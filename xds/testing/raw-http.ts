// Requests as bytes, for what HTTP libraries would mend or refuse to send. Test code.

import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";

/** The whole answer to one request on a connection of its own; `head` is what comes before the empty line, without "connection". */
export function ask(port: number, head: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(Buffer.from(`${head}Connection: close\r\n\r\n`, "utf8")));
    socket.setEncoding("utf8").setTimeout(10_000, () => socket.destroy(new Error("no answer within 10 seconds")));
    socket.on("data", (text) => {
      answer += text.toString();
      // Envoy leaves the end of the connection to us, for a second.
      if (isWhole(answer)) socket.end();
    });
    socket.on("error", (error) => resolve(`${answer}${error.message}`));
    socket.on("close", () => resolve(answer));
  });
}

function isWhole(answer: string): boolean {
  const end = answer.indexOf("\r\n\r\n");
  const length = /^content-length: (\d+)/im.exec(answer.slice(0, end))?.[1];
  return end >= 0 && length !== undefined && Buffer.byteLength(answer.slice(end + 4)) >= Number(length);
}

export interface Request {
  readonly version: "1.1" | "2" | "1.0";
  readonly hosts: readonly string[];
  readonly target: string;
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
}

/** The answer without what differs between any two. */
export async function answerTo(port: number, request: Request): Promise<string> {
  if (request.version === "2") return answerOverHttp2(port, request);
  const lines = [
    `${request.method} ${request.target} HTTP/${request.version}`,
    ...request.hosts.map((value) => `Host: ${value}`),
    ...request.headers.map(([key, value]) => `${key}: ${value}`),
  ];
  return comparable(await ask(port, lines.map((line) => `${line}\r\n`).join("")), port);
}

function answerOverHttp2(port: number, { hosts, target, method, headers }: Request): Promise<string> {
  return new Promise((resolve) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const end = (text: string): void => {
      session.destroy();
      resolve(comparable(text, port));
    };
    session.on("error", (error) => end(error.message));
    const stream = session.request({
      ":authority": hosts[0],
      ":path": target,
      ":method": method,
      ...Object.fromEntries(headers.map(([key, value]) => [key.toLowerCase(), value])),
    });
    let text = "";
    stream.on(
      "response",
      (all) =>
        (text += `${Object.entries(all)
          .map(([key, value]) => `${key}: ${String(value)}`)
          .join("\r\n")}\r\n`),
    );
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    stream.on("error", (error) => end(error.message));
    stream.on("close", () => end(`${text}${stream.rstCode}`));
    stream.end();
  });
}

/** Without what differs between any two answers. */
function comparable(answer: string, port: number): string {
  return answer.replace(/^(date|x-envoy-upstream-service-time): .*$/gim, "").replaceAll(String(port), "PORT");
}
