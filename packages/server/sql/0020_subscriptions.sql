-- Subscriptions as dated facts, and what was told of them. The row of `subscription` is what follows from the facts: compiled at
-- each change and at each instant at which something happens by itself.

create table subscription_fact (
  customer_id text not null references customer,
  id text not null,
  subscription_id text not null,
  source text not null check (source in ('tollgate', 'stripe', 'chargebee', 'recurly')),
  -- When it was so, by the clock of its source; milliseconds, because its order decides.
  at timestamptz not null,
  kind text not null,
  reason text not null,
  body jsonb not null,
  actor text not null,
  recorded_at timestamptz not null default now(),
  primary key (customer_id, id)
);
create trigger subscription_fact_append_only before update or delete on subscription_fact for each row execute function refuse_change();

-- What was told, with a number per customer without gaps. A row that turned out not to have happened is voided by a later one.
create table subscription_event (
  customer_id text not null references customer,
  sequence bigint not null,
  key text not null,
  name text not null,
  subscription_id text not null,
  at timestamptz not null,
  state text not null,
  plan text not null,
  reason text not null,
  data jsonb not null,
  voids bigint,
  told_at timestamptz not null default now(),
  primary key (customer_id, sequence)
);
create unique index subscription_event_voids on subscription_event (customer_id, voids) where voids is not null;
create trigger subscription_event_append_only before update or delete on subscription_event for each row execute function refuse_change();

alter table subscription drop constraint subscription_standing_check;
alter table subscription add check (standing in ('good', 'grace', 'suspended', 'paused', 'disputed', 'incomplete', 'cancelled', 'expired'));
alter table subscription add column timeline jsonb not null default '[]';
-- When something happens by itself next; the job looks for what is due.
alter table subscription add column next_at timestamptz;
create index subscription_due on subscription (next_at) where next_at is not null;
-- Several agreements follow each other on one customer, and an id of a provider may be any.
alter table subscription drop constraint subscription_id_key;

-- What there was before becomes a fact.
insert into subscription_fact (customer_id, id, subscription_id, source, at, kind, reason, body, actor)
select customer_id, 'fct_' || id, id, 'tollgate', anchor_at, 'started', 'it existed before facts were kept',
  jsonb_build_object('kind', 'started', 'plan', plan, 'seats', 1, 'addOns', '[]'::jsonb, 'anchorAt', (extract(epoch from anchor_at) * 1000)::bigint, 'trialEndsAt', null,
    'awaitsPayment', false, 'endsAt', null,
    'terms', jsonb_build_object('dunning', jsonb_build_array(jsonb_build_object('day', 0, 'action', 'notify', 'message', null), jsonb_build_object('day', 7, 'action', 'suspend', 'message', null)),
      'trialNotices', '[]'::jsonb, 'trialEnd', 'activate', 'disputeLost', 'suspend', 'every', 'month')), 'system'
from subscription;
insert into subscription_fact (customer_id, id, subscription_id, source, at, kind, reason, body, actor)
select customer_id, 'fct_' || id || '_standing', id, 'tollgate', greatest(now(), anchor_at), k.kind, 'its standing before facts were kept',
  jsonb_build_object('kind', k.kind, 'ref', 'operator', 'invoice', null, 'resumesAt', null), 'system'
from subscription join (values ('grace', 'payment_failed'), ('suspended', 'hold_placed'), ('paused', 'paused'), ('cancelled', 'cancelled')) as k (standing, kind) using (standing);
update subscription set next_at = now();

-- What is granted or denied beside the plan, for a time. Withdrawing sets its end; a row is never deleted.
create table entitlement_grant (
  customer_id text not null references customer,
  id text not null,
  kind text not null check (kind in ('promotion', 'grant', 'replace', 'denial')),
  name text not null,
  promotion text,
  entitlements jsonb not null,
  allowances jsonb not null,
  limits jsonb not null,
  starts_at timestamptz not null,
  ends_at timestamptz check (ends_at >= starts_at),
  reason text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (customer_id, id)
);

-- A clock that the API turns: it runs on from where it was put. Customers on it live in its time, in everything that is about them.
create table test_clock (
  id text primary key,
  name text not null,
  offset_ms bigint not null,
  created_at timestamptz not null default now()
);
alter table customer add column test_clock_id text references test_clock;
create index customer_test_clock on customer (test_clock_id) where test_clock_id is not null;

alter table audit_entry add column reason text;
create index audit_entry_at on audit_entry (at);
