-- Hand-over of usage: to whom, which meters under which names, and what the receiver has of each span.

create table usage_handover_setting (
  only_row boolean primary key default true check (only_row),
  target text not null,
  -- The first instant of the first span that is handed over.
  since timestamptz not null,
  span text not null check (span in ('hour', 'day')),
  -- Many records in a call, where the receiver checks them later.
  in_batches boolean not null,
  -- The receiver's name of each meter.
  meters jsonb not null,
  -- Settlement batches up to here are looked at.
  tx xid8 not null,
  id bigint not null,
  updated_at timestamptz not null default now(),
  updated_by text not null
);

create table handed_usage (
  target text not null,
  customer_id text not null references customer (id),
  meter text not null,
  start timestamptz not null,
  span text not null check (span in ('hour', 'day')),
  -- The receiver's name of the meter when the span was first queued: what corrects it goes to the same.
  name text not null,
  -- What the receiver has confirmed, and how often something was sent.
  sent numeric(38,9) not null default 0,
  sendings integer not null default 0,
  -- What is being sent: written before it is sent, and never changed until its outcome is known.
  sending numeric(38,9),
  sending_to text,
  sending_since timestamptz,
  -- How often usage of the span was seen to change.
  marks integer not null default 1,
  state text not null check (state in ('waiting', 'sent', 'stopped')),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null,
  reason text,
  sent_at timestamptz,
  primary key (target, customer_id, meter, start, span)
);
create index handed_usage_due on handed_usage (target, next_attempt_at) where state = 'waiting';
create index handed_usage_state on handed_usage (state, start) where state <> 'sent';
