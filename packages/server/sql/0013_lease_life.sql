-- The life of a lease: when its node was last heard of, what of it is in doubt, and what was given up.

-- One row for each start of a node. Its leases are kept for it until they are closed (its journal was read) or given up.
create table node_incarnation (
  node_id text not null references node,
  incarnation integer not null,
  standing text not null default 'active' check (standing in ('active', 'silent', 'replaced', 'given_up')),
  renewed_at timestamptz not null default now(),
  primary key (node_id, incarnation)
);
create index node_incarnation_waiting on node_incarnation (renewed_at) where standing <> 'given_up';
insert into node_incarnation (node_id, incarnation, standing)
select id, n, case when n = incarnation then 'active' else 'replaced' end from node, generate_series(1, incarnation) as n;

alter table lease add column phase text not null default 'open' check (phase in ('open', 'closed', 'given_up'));

-- Held for requests that were in flight when their process died: part of the escrow of the lease they were held on.
create table lease_doubt (
  reservation_id text not null,
  customer_id text not null,
  budget_id text not null,
  period_start timestamptz not null,
  node_id text not null,
  incarnation integer not null,
  amount numeric(38, 12) not null check (amount > 0),
  ends_at timestamptz not null,
  primary key (reservation_id, customer_id, budget_id, period_start),
  foreign key (customer_id, budget_id, period_start, node_id, incarnation) references lease
);
create index lease_doubt_end on lease_doubt (ends_at);
create index lease_doubt_customer on lease_doubt (customer_id);

-- Claimed on leases that were given up. Never settled, so that no limit is passed, and never billed: the operator's loss.
alter table budget_state add column lost numeric(38, 12) not null default 0;
create table lost_usage (
  id bigint primary key generated always as identity,
  customer_id text not null references customer,
  event_id text not null,
  node_id text not null,
  incarnation integer not null,
  amount numeric(38, 12) not null,
  currency text not null,
  record jsonb not null,
  lost_at timestamptz not null default now()
);
create index lost_usage_customer on lost_usage (customer_id, id);
