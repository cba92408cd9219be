-- Budgets as a product: windows from a second to a year, rolling ones, templates with members, conditions, actions; freezes.

alter table budget_rule drop constraint budget_rule_window_check, drop constraint budget_rule_enforcement_check;
alter table budget_rule
  add constraint budget_rule_window_check check ("window" in ('second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year', 'billing_period', 'lifetime')),
  add constraint budget_rule_enforcement_check check (enforcement in ('hard', 'soft', 'metered')),
  -- Conditions, template, action at exhaustion, fail mode: what few rules have.
  add column terms jsonb not null default '{}',
  add column owner text not null default 'operator' check (owner in ('operator', 'tenant'));

alter table entity drop constraint entity_kind_check;
alter table entity add constraint entity_kind_check check (kind in ('organisation', 'department', 'team', 'project', 'user', 'agent'));

-- The limit of one member of a template, by the id of its budget.
create table budget_override (
  customer_id text not null references customer,
  rule_id text not null,
  budget_id text not null,
  limit_amount numeric(38, 12) not null check (limit_amount >= 0),
  primary key (customer_id, budget_id)
);
create index budget_override_rule on budget_override (customer_id, rule_id);

alter table budget_state
  -- Percent of the limit that was told last: each threshold is told once a period.
  add column alerted smallint not null default 0,
  -- Settled units a second, decayed over ten minutes, and when that was so: a forecast, never an amount.
  add column velocity double precision not null default 0,
  add column settled_at timestamptz;
-- Finds the budgets of one template.
create index budget_state_rule on budget_state (customer_id, split_part(budget_id, '@', 1), period_end);

alter table customer add column observe boolean not null default false;
alter table api_key add column observe boolean not null default false, add column clamps_output boolean not null default false;

-- What was stopped by hand. Without a customer: a feature for all of them.
create table frozen_target (
  id text primary key,
  customer_id text references customer,
  kind text not null check (kind in ('customer', 'entity', 'key', 'feature')),
  target text not null,
  reason text not null default '',
  actor text not null,
  owner text not null check (owner in ('operator', 'tenant')),
  created_at timestamptz not null default now(),
  check (customer_id is not null or kind = 'feature')
);
create unique index frozen_target_once on frozen_target (coalesce(customer_id, ''), kind, target);
