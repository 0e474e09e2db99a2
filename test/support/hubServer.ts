import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A file on a {@link HubServer} and what goes wrong with it. */
export interface ServedFile {
  readonly body: Uint8Array;
  readonly headers?: Record<string, string>;
  /** The hub's answer is a redirect with these headers to a storage with tags of its own. */
  readonly linkHeaders?: Record<string, string>;
  /** One entry per request: the connection is cut after so many bytes of the answer. */
  readonly cuts?: number[];
  /** One entry per request: it is answered by this status alone. */
  readonly refusals?: number[];
  readonly ignoresRange?: boolean;
  /** Called once half of the body was sent; the rest follows when it resolves. */
  readonly halfway?: () => Promise<void>;
}

/** A hub of our own on the loopback interface: the files of a map, ranges, redirects, accidents. */
export class HubServer {
  /** By path, such as `/owner/name/resolve/main/config.json`. */
  readonly files = new Map<string, ServedFile>();
  /** `PATH` or `PATH RANGE` of each request, in order. */
  readonly requests: string[] = [];
  /** Known from the first start on. */
  address = '';
  readonly #server = createServer((request, response) => {
    void this.#answer(request, response);
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.address = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(request.url ?? '');
    const range = request.headers.range;
    this.requests.push(range === undefined ? path : `${path} ${range}`);
    const isStorage = path.startsWith('/storage');
    const file = this.files.get(path.replace(/^\/storage/, ''));
    if (file === undefined) {
      response.writeHead(404, { 'X-Error-Message': 'Entry not found' }).end();
      return;
    }
    const refusal = isStorage ? undefined : file.refusals?.shift();
    if (refusal !== undefined) {
      response.writeHead(refusal).end();
      return;
    }
    if (file.linkHeaders !== undefined && !isStorage) {
      response.writeHead(302, { ...file.linkHeaders, Location: `/storage${request.url}` }).end();
      return;
    }
    const size = file.body.length;
    const from = file.ignoresRange ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    if (from > 0 && from >= size) {
      response.writeHead(416, { ...file.headers, 'Content-Range': `bytes */${size}` }).end();
      return;
    }
    response.writeHead(from > 0 ? 206 : 200, {
      ...file.headers,
      'Content-Length': size - from,
      ...(from > 0 && { 'Content-Range': `bytes ${from}-${size - 1}/${size}` }),
    });
    const body = file.body.subarray(from);
    const cut = file.cuts?.shift();
    if (cut !== undefined) {
      response.write(body.subarray(0, cut), () => setImmediate(() => response.destroy()));
      return;
    }
    const half = Math.floor(body.length / 2);
    response.write(body.subarray(0, half));
    await file.halfway?.();
    response.end(body.subarray(half));
  }
}
