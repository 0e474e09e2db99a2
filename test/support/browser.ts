import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

/** Where Chromium is: `$CHROMIUM`, else where Linux, macOS and Windows have it; nothing where it is not. */
export const chromiumPath = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
].find((path) => path !== undefined && existsSync(path));

/** What a browser needs to run without a screen and to leave the network alone. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A headless Chromium, and the addresses that its pages and their workers asked for. */
export interface Browser {
  readonly context: BrowserContext;
  readonly requests: readonly string[];
  close(): Promise<void>;
}

export async function startBrowser(colorScheme: 'light' | 'dark' = 'light'): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'iqe-clip-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath!,
    args: flags,
    colorScheme,
  });
  const requests: string[] = [];
  context.on('request', (request) => requests.push(request.url()));
  return {
    context,
    requests,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
};

/** A server of files on this machine. */
export interface FileServer {
  /** `http://localhost:PORT` */
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * Serves folders on localhost, under the first part of the address (`/run/run.json` is `run.json` in
 * `folders.run`), the folder `''` at the root; isolated from other origins, so that threads work.
 */
export async function serveFolders(folders: Readonly<Record<string, string>>): Promise<FileServer> {
  const server = createServer(async (request, response) => {
    const address = decodeURIComponent(new URL(request.url!, 'http://localhost').pathname);
    const path = normalize(address.endsWith('/') ? `${address}index.html` : address);
    const [, first = '', ...rest] = path.split('/');
    const named = rest.length > 0 ? folders[first] : undefined;
    const file = named === undefined ? join(folders['']!, path) : join(named, ...rest);
    const content = await readFile(file).catch(() => undefined);
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream');
    response.statusCode = content ? 200 : 404;
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://localhost:${port}`, close: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
