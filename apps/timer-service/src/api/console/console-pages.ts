import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fastifyStatic, { type FastifyStaticOptions } from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Api } from '../api-instance.ts';
import type { ConsoleSettings } from '../api-settings.ts';
import { ApiError, errorOf } from '../http/api-error.ts';
import { indexPage } from './index-page.ts';
import { PAGE_HEADERS } from './page-headers.ts';

const YEAR_MS = 365 * 86_400_000;
/** Precompressed forms of files, which are not files of their own. */
const COMPRESSED = '**/*.{br,gz}';
/** Paths below the console that are no pages, so that a missing file is not answered with a page. */
const NO_PAGE = /^(?:api|assets)(?:\/|$)/;
const BUILD = 'npx nx run console:build';

export interface ConsolePagesOptions {
  /** Where the console was built. */
  readonly directory: string;
  readonly settings: ConsoleSettings;
  /** Why the page must not be served to a browser, which would send a key; undefined if it may. */
  readonly whyInsecure: (request: FastifyRequest) => string | undefined;
}

/**
 * Serves the console: its files, and its page at every other path below that of the console, since the page shows what the
 * path says. The files are listed once, at the start: no path leads to another.
 */
export async function consolePages(app: Api, options: ConsolePagesOptions): Promise<void> {
  const { directory, settings, whyInsecure } = options;
  app.addHook('onRequest', (_, reply, done) => {
    void reply.headers(PAGE_HEADERS);
    done();
  });
  const file = path.join(directory, 'index.html');
  if (!existsSync(file)) {
    app.log.warn({ directory }, `the console is not built: run ${BUILD} and restart`);
    addPage(app, settings.path, () => {
      throw errorOf('path_not_found', `the console is not built: run ${BUILD} and restart the service`);
    });
    return;
  }
  const html = indexPage(readFileSync(file, 'utf8'), settings.path, settings.publicPath);
  const etag = `"${createHash('sha256').update(html).digest('base64url')}"`;

  const files = {
    wildcard: false,
    index: false,
    decorateReply: false,
    preCompressed: true,
  } satisfies Partial<FastifyStaticOptions>;
  await app.register(fastifyStatic, {
    ...files,
    root: directory,
    prefix: settings.path,
    globIgnore: ['index.html', 'assets/**', COMPRESSED],
  });
  // Their names change with their content.
  const assets = path.join(directory, 'assets');
  if (existsSync(assets))
    await app.register(fastifyStatic, {
      ...files,
      root: assets,
      prefix: `${settings.path}/assets`,
      globIgnore: [COMPRESSED],
      immutable: true,
      maxAge: YEAR_MS,
    });

  addPage(app, settings.path, (request, reply) => {
    const why = whyInsecure(request);
    if (why !== undefined) throw new ApiError('forbidden', why);
    void reply.headers({ 'cache-control': 'no-cache', etag });
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    return reply.type('text/html; charset=utf-8').send(html);
  });
}

type PageHandler = (request: FastifyRequest, reply: FastifyReply) => FastifyReply;

function addPage(app: Api, root: string, handler: PageHandler): void {
  app.get(root, { schema: { hide: true } }, handler);
  app.get<{ Params: { '*': string } }>(`${root}/*`, { schema: { hide: true } }, (request, reply) => {
    if (NO_PAGE.test(request.params['*'])) throw errorOf('path_not_found', 'not found: no such path');
    return handler(request, reply);
  });
}
