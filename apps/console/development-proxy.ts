import type { IncomingMessage } from 'node:http';
import type { ProxyOptions } from 'vite';

/** Paths of the service that the development server passes on. */
const API_PATHS = [
  'timers',
  'schedules',
  'stats',
  'forecast',
  'destinations',
  'dispatchers',
  'actions',
  'events',
  'healthz',
  'dev',
  'inspector',
];

/** Pages asked for by a browser stay with Vite: /timers is an address of the console, too, when it is opened. */
function isPage(request: IncomingMessage): boolean {
  return request.headers.accept?.includes('text/html') === true;
}

/** @param target the running service whose API the development server passes on */
export function developmentProxy(target: string): Record<string, ProxyOptions> {
  const options: ProxyOptions = {
    target,
    // The service compares Origin with Host.
    changeOrigin: false,
    bypass: (request) => (isPage(request) ? '/index.html' : undefined),
  };
  return Object.fromEntries(['console/api', ...API_PATHS].map((path) => [`/${path}`, options]));
}
