-- The language and the forms of numbers and dates of a customer, and mail to people of its own: who is told, and what waits to be sent.

-- BCP 47, such as de-AT; null for the language of whoever looks.
alter table customer add column locale text;
-- Of the people who open the page; null for that of the customer.
alter table portal_session add column locale text;

-- Where mail is handed in. The password is sealed.
create table mail_server (
  only_row boolean primary key default true check (only_row),
  host text not null,
  port integer not null check (port between 1 and 65535),
  security text not null check (security in ('tls', 'starttls', 'none')),
  username text,
  password_sealed text,
  sender text not null,
  updated_at timestamptz not null default now(),
  updated_by text not null
);

-- A person of a customer who is told of its budgets and credits. Nothing but the question itself is sent before the address was confirmed.
create table alert_recipient (
  customer_id text not null references customer,
  id text not null,
  email text not null,
  locale text,
  -- Percent of a budget's limit.
  shares integer[] not null,
  -- Budgets it is told of; null for all.
  budgets text[],
  credits boolean not null,
  state text not null check (state in ('waiting', 'confirmed', 'left', 'refused')),
  -- Why the address was given up, in the words of the server that refused it.
  reason text,
  asked_at timestamptz not null,
  confirmed_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (customer_id, id)
);
create unique index alert_recipient_email on alert_recipient (customer_id, lower(email));
create unique index alert_recipient_id on alert_recipient (id);

-- One message to one person, once: `cause` is the message of the outbox, or when it was asked.
create table mail (
  id bigint generated always as identity primary key,
  customer_id text not null,
  recipient_id text not null,
  cause text not null,
  kind text not null,
  payload jsonb not null,
  -- Whoever it goes to, so that asking is bounded for each address across customers: a hash, which outlives the recipient.
  address_hash text not null,
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'failed')),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null,
  last_error text,
  created_at timestamptz not null,
  unique (customer_id, recipient_id, cause)
);
create index mail_due on mail (next_attempt_at) where state = 'waiting';
create index mail_asked on mail (address_hash, created_at) where kind = 'confirm';
create index mail_asked_by on mail (customer_id, created_at) where kind = 'confirm';

-- How far each reader of the outbox is; until now there was one.
create table outbox_reader (
  name text primary key,
  tx xid8 not null,
  id bigint not null
);
insert into outbox_reader (name, tx, id) select 'webhooks', tx, id from webhook_cursor;
drop table webhook_cursor;
