// Entry of the tenant's portal.

import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createQueryClient } from './api/queries.ts'
import { Portal } from './portal/portal.tsx'
import './style/base.css'

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={createQueryClient()}>
      <Portal />
    </QueryClientProvider>
  </StrictMode>,
)
