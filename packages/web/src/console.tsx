// Entry of the operator's console.

import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createQueryClient } from './api/queries.ts'
import { createConsoleRouter } from './console/routes.tsx'
import { SessionGate } from './console/session.tsx'
import { SettingsProvider } from './parts/settings.tsx'
import './style/base.css'

const router = createConsoleRouter()

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <SettingsProvider>
      <QueryClientProvider client={createQueryClient()}>
        <SessionGate>
          <RouterProvider router={router} />
        </SessionGate>
      </QueryClientProvider>
    </SettingsProvider>
  </StrictMode>,
)
