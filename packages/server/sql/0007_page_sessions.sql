-- Sessions of people: an operator signed in to the console, and a tenant's people in the portal. Both are known by the hash of their
-- token only. A console session stands on a key: when the key is revoked, the session is over.

create table console_session (
  hash text primary key,
  key_id text not null references api_key,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index console_session_expiry on console_session (expires_at);

create table portal_session (
  id text primary key,
  hash text not null unique,
  customer_id text not null references customer,
  -- May set the customer's own caps and alerts; else it only reads.
  is_admin boolean not null,
  -- Web origins that may show it in a frame; empty: none.
  allowed_origins text[] not null,
  theme text not null check (theme in ('auto', 'light', 'dark')),
  return_url text,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);
create index portal_session_customer on portal_session (customer_id);
create index portal_session_expiry on portal_session (expires_at);

-- Roles of the operator's people, and a customer's own administrators.
alter table api_key drop constraint api_key_scopes_check;
alter table api_key add constraint api_key_scopes_check
  check (scopes <@ array['gateway', 'ingest', 'customer', 'tenant_admin', 'viewer', 'support', 'finance', 'admin'] and cardinality(scopes) > 0);
alter table api_key drop constraint api_key_check;
alter table api_key add constraint api_key_owner_check
  check (case when customer_id is null then scopes <@ array['ingest', 'viewer', 'support', 'finance', 'admin'] else not scopes && array['viewer', 'support', 'finance', 'admin'] end);
