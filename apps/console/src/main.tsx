import './styles/tokens.css';
import './styles/global.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createQueryClient } from './api/query-client.ts';
import { applyTheme } from './preferences/preferences.ts';
import { createConsoleRouter } from './router.tsx';

applyTheme();
const queryClient = createQueryClient();
const router = createConsoleRouter(queryClient);

const element = document.getElementById('root');
if (element === null) throw new Error('index.html has no element "root"');
createRoot(element).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
