// Backends and clients of stories that speak no HTTP: lines over TCP and TLS, and datagrams. Each backend says who it is: "v1: hello".

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import type { StoryCertificate } from "./certificates.ts";

export interface SocketBackend {
  readonly port: number;
  close(): void;
}

/** Answers each piece of text with its name before it; over TLS when there is a certificate. */
export async function startLineBackend(name: string, certificate?: StoryCertificate): Promise<SocketBackend> {
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    sockets.add(socket.once("close", () => sockets.delete(socket)));
    socket.on("error", () => socket.destroy());
    socket.on("data", (data: Buffer) => void socket.write(`${name}: ${data.toString()}`));
  };
  const server: Server = certificate === undefined ? createServer(serve) : createTlsServer(certificate.pem, serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Answers each datagram with its name before it. */
export async function startDatagramBackend(name: string): Promise<SocketBackend> {
  const socket = createSocket("udp4");
  socket.on("message", (text, from) => socket.send(`${name}: ${text.toString()}`, from.port, from.address));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { port: socket.address().port, close: () => void socket.close() };
}

/** One connection to a port of this machine. */
export interface LineConnection {
  /** What comes back of a text; "closed" when the other side ends the connection instead. */
  say(text: string): Promise<string>;
  readonly ended: boolean;
  /** Fingerprint (SHA-256) of the server's certificate, over TLS. */
  certificate(): string | undefined;
  close(): void;
}

/** With `sni` over TLS; an empty one sends no server name. */
export function openLine(port: number, sni?: string): LineConnection {
  const host = "127.0.0.1";
  const name = sni === undefined || sni === "" ? {} : { servername: sni };
  const secure = sni === undefined ? undefined : connectTls({ host, port, rejectUnauthorized: false, ...name });
  const socket = secure ?? connectTcp({ host, port });
  let ended = false;
  socket.on("error", () => (ended = true)).on("close", () => (ended = true));
  return {
    async say(text) {
      if (ended) return "closed";
      const answer = new Promise<string>((resolve) => {
        const closed = (): void => resolve("closed");
        socket.once("close", closed).once("data", (data: Buffer) => {
          socket.off("close", closed);
          resolve(data.toString());
        });
      });
      socket.write(text);
      return answer;
    },
    get ended() {
      return ended;
    },
    certificate: () => secure?.getPeerCertificate().fingerprint256,
    close: () => void socket.destroy(),
  };
}

/** What comes back of one text over a connection of its own. */
export async function askLine(port: number, sni?: string): Promise<string> {
  const connection = openLine(port, sni);
  const answer = await connection.say("hello");
  connection.close();
  return answer;
}

/** What comes back of a datagram; "nothing" when that takes too long. Each call is a session of its own. */
export async function askDatagram(port: number, patienceMs = 2_000): Promise<string> {
  const socket = createSocket("udp4");
  const answer = new Promise<string>((resolve) => {
    socket.once("message", (data: Buffer) => resolve(data.toString())).once("error", () => resolve("refused"));
    setTimeout(() => resolve("nothing"), patienceMs).unref();
  });
  socket.send("hello", port, "127.0.0.1");
  return answer.finally(() => socket.close());
}
