// gRPC as programs speak it: a server and a client that know a few methods of the service pkg.Echo. Bytes are messages as they are.

import {
  Client,
  credentials,
  type ClientDuplexStream,
  Metadata,
  Server,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  ServerCredentials,
  type ServiceError,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import type { StoryCertificate } from "./certificates.ts";

/** What a server saw of one call. */
interface SeenCall {
  readonly path: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface CallServer {
  readonly port: number;
  readonly seen: SeenCall[];
  close(): void;
}

const bytes = (message: Buffer): Buffer => message;

const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/pkg.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
});

/** Say answers its name, Fail says NOT_FOUND, Count sends as many messages as the request has bytes, Chat sends back what comes. */
export async function startCallServer(name: string, certificate?: StoryCertificate): Promise<CallServer> {
  const seen: SeenCall[] = [];
  const note = (call: { getPath(): string; readonly metadata: Metadata }): void =>
    void seen.push({ path: call.getPath(), metadata: call.metadata.getMap() });
  const server = new Server();
  server.addService(
    {
      Say: method("Say", false, false),
      Fail: method("Fail", false, false),
      Count: method("Count", false, true),
      Chat: method("Chat", true, true),
    },
    {
      Say(call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
        note(call);
        answer(null, Buffer.from(name));
      },
      Fail(call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
        note(call);
        answer({ code: status.NOT_FOUND, details: `${name} has no such thing` });
      },
      Count(call: ServerWritableStream<Buffer, Buffer>) {
        note(call);
        for (let count = 1; count <= call.request.length; count++) call.write(Buffer.from(`${name} ${count}`));
        call.end();
      },
      Chat(call: ServerDuplexStream<Buffer, Buffer>) {
        note(call);
        call.on("data", (message: Buffer) => call.write(message));
        call.on("end", () => call.end());
      },
    },
  );
  const secured =
    certificate === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [
          { cert_chain: Buffer.from(certificate.pem.cert), private_key: Buffer.from(certificate.pem.key) },
        ]);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", secured, (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
  return { port, seen, close: () => server.forceShutdown() };
}

export interface CallClient {
  /** The answer, or the name of the status that came in its place, with its text. */
  say(headers?: Readonly<Record<string, string>>): Promise<string>;
  /** The same of any method with one request and one answer. */
  call(path: string, headers?: Readonly<Record<string, string>>): Promise<string>;
  /** The same, with the metadata that came before the answer. */
  exchange(path: string, headers?: Readonly<Record<string, string>>): Promise<Exchange>;
  /** The messages of pkg.Echo/Count. */
  count(messages: number): Promise<readonly string[]>;
  chat(): Chat;
  close(): void;
}

interface Exchange {
  readonly answer: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A stream of messages in both directions. */
export interface Chat {
  /** Sends a message and gives the one that comes back. */
  say(text: string): Promise<string>;
  /** Resolves when the other side has ended it, with the name of its status. */
  end(): Promise<string>;
}

/** A client with one connection. With a certificate it speaks TLS and checks that the server has this one. */
export function callClient(port: number, host: string, trusted?: StoryCertificate): CallClient {
  const channel = trusted === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(trusted.pem.cert));
  const client = new Client(`127.0.0.1:${port}`, channel, {
    "grpc.default_authority": host,
    "grpc.ssl_target_name_override": host,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_retries": 0,
  });
  const exchange: CallClient["exchange"] = (path, headers = {}) => {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return new Promise((resolve) => {
      let before = {};
      const take = (error: ServiceError | null, answer?: Buffer): void =>
        resolve({ answer: error === null ? String(answer) : failed(error), metadata: before });
      const request = client.makeUnaryRequest(path, bytes, bytes, Buffer.from(""), metadata, take);
      request.on("metadata", (sent: Metadata) => (before = sent.getMap()));
    });
  };
  const call: CallClient["call"] = async (path, headers) => (await exchange(path, headers)).answer;
  return {
    exchange,
    call,
    say: (headers) => call("/pkg.Echo/Say", headers),
    async count(messages) {
      const got: string[] = [];
      for await (const message of client.makeServerStreamRequest("/pkg.Echo/Count", bytes, bytes, Buffer.alloc(messages))) {
        got.push(String(message));
      }
      return got;
    },
    chat: () => chatOver(client.makeBidiStreamRequest("/pkg.Echo/Chat", bytes, bytes, new Metadata())),
    close: () => client.close(),
  };
}

function failed({ code, details }: ServiceError): string {
  return `${status[code]}: ${details}`;
}

function chatOver(stream: ClientDuplexStream<Buffer, Buffer>): Chat {
  const ended = new Promise<string>((resolve) => {
    stream.on("status", ({ code }: { readonly code: status }) => resolve(status[code]));
  });
  stream.on("error", () => undefined); // `ended` tells
  return {
    async say(text) {
      const answer = new Promise<string>((resolve) => void stream.once("data", (message: Buffer) => resolve(String(message))));
      stream.write(Buffer.from(text));
      return Promise.race([answer, ended]);
    },
    end() {
      stream.end();
      return ended;
    },
  };
}
