import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { consoleBase } from './api/addresses.ts';
import { sessionQuery } from './api/session.ts';
import { ScreenError, ScreenNotFound, ScreenPending } from './layout/route-states.tsx';
import { Shell } from './layout/shell.tsx';
import { parseQueryString, toQueryString } from './lib/query-string.ts';

interface RouterContext {
  readonly queryClient: QueryClient;
}

/** Fields of the address: texts, as they came. Each screen decides what they mean. */
type Search = Readonly<Record<string, string | undefined>>;
const anySearch = (search: Record<string, unknown>) => search as Search;

const root = createRootRouteWithContext<RouterContext>()({ component: Outlet });

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    typeof search['next'] === 'string' ? { next: search['next'] } : {},
  component: lazyRouteComponent(() => import('./screens/login/login-screen.tsx'), 'LoginScreen'),
});

/** Everything that needs a session. */
const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    const session = await context.queryClient.query({ ...sessionQuery, staleTime: 'static' });
    if (session === null) redirect({ to: '/login', search: { next: location.publicHref }, throw: true });
  },
});

const overview = createRoute({
  getParentRoute: () => shell,
  path: '/',
  validateSearch: anySearch,
  component: lazyRouteComponent(() => import('./screens/overview/overview-screen.tsx'), 'OverviewScreen'),
});

const timers = createRoute({
  getParentRoute: () => shell,
  path: '/timers',
  validateSearch: anySearch,
  component: lazyRouteComponent(() => import('./screens/timers/timers-screen.tsx'), 'TimersScreen'),
});

const timer = createRoute({
  getParentRoute: () => shell,
  path: '/timers/$id',
  validateSearch: anySearch,
  component: lazyRouteComponent(() => import('./screens/timer/timer-screen.tsx'), 'TimerScreen'),
});

const failures = createRoute({
  getParentRoute: () => shell,
  path: '/failures',
  validateSearch: anySearch,
  component: lazyRouteComponent(() => import('./screens/failures/failures-screen.tsx'), 'FailuresScreen'),
});

const destinations = createRoute({
  getParentRoute: () => shell,
  path: '/destinations',
  validateSearch: anySearch,
  component: lazyRouteComponent(
    () => import('./screens/destinations/destinations-screen.tsx'),
    'DestinationsScreen',
  ),
});

const schedules = createRoute({
  getParentRoute: () => shell,
  path: '/schedules',
  validateSearch: anySearch,
  component: lazyRouteComponent(() => import('./screens/schedules/schedules-screen.tsx'), 'SchedulesScreen'),
});

const schedule = createRoute({
  getParentRoute: () => shell,
  path: '/schedules/$key',
  validateSearch: anySearch,
  component: lazyRouteComponent(() => import('./screens/schedule/schedule-screen.tsx'), 'ScheduleScreen'),
});

const newTimer = createRoute({
  getParentRoute: () => shell,
  path: '/new-timer',
  validateSearch: anySearch,
  component: lazyRouteComponent(() => import('./screens/new-timer/new-timer-screen.tsx'), 'NewTimerScreen'),
});

const newSchedule = createRoute({
  getParentRoute: () => shell,
  path: '/new-schedule',
  validateSearch: anySearch,
  component: lazyRouteComponent(
    () => import('./screens/new-schedule/new-schedule-screen.tsx'),
    'NewScheduleScreen',
  ),
});

const dispatchers = createRoute({
  getParentRoute: () => shell,
  path: '/dispatchers',
  validateSearch: anySearch,
  component: lazyRouteComponent(
    () => import('./screens/dispatchers/dispatchers-screen.tsx'),
    'DispatchersScreen',
  ),
});

const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  validateSearch: anySearch,
  component: lazyRouteComponent(() => import('./screens/audit/audit-screen.tsx'), 'AuditScreen'),
});

const inspector = createRoute({
  getParentRoute: () => shell,
  path: '/inspector',
  validateSearch: anySearch,
  component: lazyRouteComponent(() => import('./screens/inspector/inspector-screen.tsx'), 'InspectorScreen'),
});

const routeTree = root.addChildren([
  login,
  shell.addChildren([
    overview,
    timers,
    timer,
    failures,
    destinations,
    schedules,
    schedule,
    newTimer,
    newSchedule,
    dispatchers,
    audit,
    inspector,
  ]),
]);

/** The router of the console, below the path where the service serves it. */
export function createConsoleRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    basepath: consoleBase(),
    context: { queryClient },
    parseSearch: parseQueryString,
    stringifySearch: (search: Record<string, string | undefined>) => toQueryString(search),
    defaultPreload: 'intent',
    scrollRestoration: true,
    defaultErrorComponent: ScreenError,
    defaultNotFoundComponent: ScreenNotFound,
    defaultPendingComponent: ScreenPending,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
