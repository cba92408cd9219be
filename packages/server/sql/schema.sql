-- The schema after all migrations. Made by `npm run gen`; change it with a new migration beside this file.

CREATE OR REPLACE FUNCTION public.keep_invoice()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'DELETE' then
    if old.state <> 'draft' then raise exception 'an invoice with a number is kept: write a credit note' using errcode = 'restrict_violation'; end if;
    return old;
  end if;
  if old.state <> 'draft' and (old.document, old.number, old.series, old.subtotal, old.net, old.tax, old.amount_due, old.currency, old.finalized_at) is distinct from
     (new.document, new.number, new.series, new.subtotal, new.net, new.tax, new.amount_due, new.currency, new.finalized_at) then
    raise exception 'an invoice with a number does not change: write a credit note' using errcode = 'restrict_violation';
  end if;
  return new;
end $function$;

CREATE OR REPLACE FUNCTION public.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception '% is append-only: correct it with another row', tg_table_name using errcode = 'restrict_violation';
end $function$;

create table accumulator (
  customer_id text not null,
  period_start timestamp with time zone not null,
  price_id text not null,
  quantity numeric(38,9) not null,
  included numeric(38,9) not null,
  billable numeric(38,9) not null,
  amount numeric(38,12) not null,
  events bigint not null,
  entry text default ''::text not null,
  asset text not null,
  constraint accumulator_pkey PRIMARY KEY (customer_id, period_start, price_id, entry),
  constraint accumulator_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);

create table alert_recipient (
  customer_id text not null,
  id text not null,
  email text not null,
  locale text,
  shares integer[] not null,
  budgets text[],
  credits boolean not null,
  state text not null,
  reason text,
  asked_at timestamp with time zone not null,
  confirmed_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  constraint alert_recipient_pkey PRIMARY KEY (customer_id, id),
  constraint alert_recipient_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint alert_recipient_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'confirmed'::text, 'left'::text, 'refused'::text])))
);
CREATE UNIQUE INDEX alert_recipient_email ON public.alert_recipient USING btree (customer_id, lower(email));
CREATE UNIQUE INDEX alert_recipient_id ON public.alert_recipient USING btree (id);

create table api_key (
  id text not null,
  hash text not null,
  hint text not null,
  name text default ''::text not null,
  scopes text[] not null,
  customer_id text,
  entity_id text,
  feature text,
  models text[],
  shows_cost boolean default false not null,
  expires_at timestamp with time zone,
  revoked_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  observe boolean default false not null,
  clamps_output boolean default false not null,
  tags jsonb,
  refusal_status integer,
  constraint api_key_pkey PRIMARY KEY (id),
  constraint api_key_hash_key UNIQUE (hash),
  constraint api_key_customer_id_entity_id_fkey FOREIGN KEY (customer_id, entity_id) REFERENCES entity(customer_id, id),
  constraint api_key_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint api_key_owner_check CHECK (
CASE
    WHEN (customer_id IS NULL) THEN (scopes <@ ARRAY['ingest'::text, 'viewer'::text, 'support'::text, 'finance'::text, 'admin'::text])
    ELSE (NOT (scopes && ARRAY['viewer'::text, 'support'::text, 'finance'::text, 'admin'::text]))
END),
  constraint api_key_refusal_status_check CHECK ((refusal_status = 429)),
  constraint api_key_scopes_check CHECK (((scopes <@ ARRAY['gateway'::text, 'ingest'::text, 'customer'::text, 'tenant_admin'::text, 'viewer'::text, 'support'::text, 'finance'::text, 'admin'::text]) AND (cardinality(scopes) > 0)))
);
CREATE INDEX api_key_customer ON public.api_key USING btree (customer_id);

create table audit_entry (
  id bigint generated always as identity not null,
  at timestamp with time zone default now() not null,
  actor text not null,
  action text not null,
  customer_id text,
  target text not null,
  before jsonb,
  after jsonb,
  reason text,
  constraint audit_entry_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_entry_at ON public.audit_entry USING btree (at);
CREATE INDEX audit_entry_customer ON public.audit_entry USING btree (customer_id, id);
CREATE TRIGGER audit_entry_append_only BEFORE DELETE OR UPDATE ON public.audit_entry FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table background_job (
  id text not null,
  customer_id text not null,
  kind text not null,
  provider_id text not null,
  job jsonb not null,
  claimed_by text not null,
  claimed_until timestamp with time zone not null,
  opened_at timestamp with time zone default now() not null,
  finished_at timestamp with time zone,
  constraint background_job_pkey PRIMARY KEY (id),
  constraint background_job_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint background_job_kind_check CHECK ((kind = ANY (ARRAY['response'::text, 'message_batch'::text, 'batch'::text, 'file'::text])))
);
CREATE INDEX background_job_open ON public.background_job USING btree (claimed_until) WHERE (finished_at IS NULL);
CREATE INDEX background_job_provider ON public.background_job USING btree (customer_id, provider_id);

create table billing_profile (
  customer_id text not null,
  document jsonb not null,
  changed_at timestamp with time zone default now() not null,
  constraint billing_profile_pkey PRIMARY KEY (customer_id),
  constraint billing_profile_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);
CREATE INDEX billing_profile_progressive ON public.billing_profile USING btree (customer_id) WHERE ((document ->> 'progressiveAt'::text) IS NOT NULL);
CREATE INDEX billing_profile_tax_service ON public.billing_profile USING btree (customer_id) WHERE (((document -> 'tax'::text) ->> 'kind'::text) = 'service'::text);

create table billing_schedule (
  customer_id text not null,
  period_start timestamp with time zone not null,
  step text not null,
  due_at timestamp with time zone not null,
  opened timestamp with time zone,
  constraint billing_schedule_pkey PRIMARY KEY (customer_id),
  constraint billing_schedule_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint billing_schedule_step_check CHECK ((step = ANY (ARRAY['open'::text, 'close'::text])))
);
CREATE INDEX billing_schedule_due ON public.billing_schedule USING btree (due_at);

create table billing_settings (
  only_one boolean default true not null,
  document jsonb not null,
  changed_at timestamp with time zone default now() not null,
  constraint billing_settings_pkey PRIMARY KEY (only_one),
  constraint billing_settings_only_one_check CHECK (only_one)
);

create table book_day (
  day date not null,
  closed_at timestamp with time zone default now() not null,
  transfers bigint not null,
  constraint book_day_pkey PRIMARY KEY (day)
);
CREATE TRIGGER book_day_append_only BEFORE DELETE OR UPDATE ON public.book_day FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table book_day_sum (
  day date not null,
  asset text not null,
  account text not null,
  cause text not null,
  debits numeric(38,12) not null,
  credits numeric(38,12) not null,
  constraint book_day_sum_pkey PRIMARY KEY (day, asset, account, cause),
  constraint book_day_sum_day_fkey FOREIGN KEY (day) REFERENCES book_day(day),
  constraint book_day_sum_credits_check CHECK ((credits >= (0)::numeric)),
  constraint book_day_sum_debits_check CHECK ((debits >= (0)::numeric))
);
CREATE TRIGGER book_day_sum_append_only BEFORE DELETE OR UPDATE ON public.book_day_sum FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table book_settings (
  only_one boolean default true not null,
  document jsonb not null,
  changed_at timestamp with time zone default now() not null,
  constraint book_settings_pkey PRIMARY KEY (only_one),
  constraint book_settings_only_one_check CHECK (only_one)
);

create table budget_move (
  customer_id text not null,
  id text not null,
  from_budget text not null,
  to_budget text not null,
  amount numeric(38,12) not null,
  reason text not null,
  moved_at timestamp with time zone not null,
  moved_by text not null,
  constraint budget_move_pkey PRIMARY KEY (customer_id, id),
  constraint budget_move_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint budget_move_amount_check CHECK ((amount > (0)::numeric))
);
CREATE TRIGGER budget_move_append_only BEFORE DELETE OR UPDATE ON public.budget_move FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table budget_override (
  customer_id text not null,
  rule_id text not null,
  budget_id text not null,
  limit_amount numeric(38,12) not null,
  constraint budget_override_pkey PRIMARY KEY (customer_id, budget_id),
  constraint budget_override_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint budget_override_limit_amount_check CHECK ((limit_amount >= (0)::numeric))
);
CREATE INDEX budget_override_rule ON public.budget_override USING btree (customer_id, rule_id);

create table budget_rule (
  customer_id text not null,
  id text not null,
  name text not null,
  unit jsonb not null,
  "window" text not null,
  enforcement text not null,
  limit_amount numeric(38,12) not null,
  entity_id text,
  features text[],
  created_at timestamp with time zone default now() not null,
  terms jsonb default '{}'::jsonb not null,
  owner text default 'operator'::text not null,
  constraint budget_rule_pkey PRIMARY KEY (customer_id, id),
  constraint budget_rule_customer_id_entity_id_fkey FOREIGN KEY (customer_id, entity_id) REFERENCES entity(customer_id, id),
  constraint budget_rule_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint budget_rule_enforcement_check CHECK ((enforcement = ANY (ARRAY['hard'::text, 'soft'::text, 'metered'::text]))),
  constraint budget_rule_limit_amount_check CHECK ((limit_amount >= (0)::numeric)),
  constraint budget_rule_owner_check CHECK ((owner = ANY (ARRAY['operator'::text, 'tenant'::text]))),
  constraint budget_rule_window_check CHECK (("window" = ANY (ARRAY['second'::text, 'minute'::text, 'hour'::text, 'day'::text, 'week'::text, 'month'::text, 'quarter'::text, 'year'::text, 'billing_period'::text, 'lifetime'::text])))
);

create table budget_state (
  customer_id text not null,
  budget_id text not null,
  period_start timestamp with time zone not null,
  period_end timestamp with time zone not null,
  limit_amount numeric(38,12) not null,
  settled numeric(38,12) default 0 not null,
  escrow numeric(38,12) default 0 not null,
  carried numeric(38,12) default 0 not null,
  alerted smallint default 0 not null,
  velocity double precision default 0 not null,
  settled_at timestamp with time zone,
  lost numeric(38,12) default 0 not null,
  constraint budget_state_pkey PRIMARY KEY (customer_id, budget_id, period_start),
  constraint budget_state_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint budget_state_carried_check CHECK ((carried >= (0)::numeric)),
  constraint budget_state_escrow_check CHECK ((escrow >= (0)::numeric))
);
CREATE INDEX budget_state_end ON public.budget_state USING btree (period_end);
CREATE INDEX budget_state_rule ON public.budget_state USING btree (customer_id, split_part(budget_id, '@'::text, 1), period_end);
CREATE INDEX budget_state_wallet ON public.budget_state USING btree (customer_id, budget_id) WHERE (budget_id ~~ 'wallet:%'::text);

create table catalog_force (
  version integer not null,
  taken_at timestamp with time zone default now() not null,
  constraint catalog_force_pkey PRIMARY KEY (version),
  constraint catalog_force_version_fkey FOREIGN KEY (version) REFERENCES catalog_version(version)
);

create table catalog_version (
  version integer generated always as identity not null,
  document jsonb not null,
  source text not null,
  applied_at timestamp with time zone default now() not null,
  applied_by text not null,
  rates_version integer default 0 not null,
  in_force_from timestamp with time zone default now() not null,
  overlays jsonb default '[]'::jsonb not null,
  kept_plans jsonb default '[]'::jsonb not null,
  restores integer,
  constraint catalog_version_pkey PRIMARY KEY (version)
);
CREATE TRIGGER catalog_version_append_only BEFORE DELETE OR UPDATE ON public.catalog_version FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table catalog_withdrawal (
  version integer not null,
  withdrawn_at timestamp with time zone default now() not null,
  withdrawn_by text not null,
  constraint catalog_withdrawal_pkey PRIMARY KEY (version),
  constraint catalog_withdrawal_version_fkey FOREIGN KEY (version) REFERENCES catalog_version(version)
);
CREATE TRIGGER catalog_withdrawal_append_only BEFORE DELETE OR UPDATE ON public.catalog_withdrawal FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table charged_run (
  customer_id text not null,
  price_id text not null,
  run text not null,
  source text not null,
  event_id text not null,
  charged_at timestamp with time zone default now() not null,
  constraint charged_run_pkey PRIMARY KEY (customer_id, run, price_id),
  constraint charged_run_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);

create table code (
  hash bytea not null,
  batch_id text not null,
  redemptions integer default 0 not null,
  constraint code_pkey PRIMARY KEY (hash),
  constraint code_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES code_batch(id),
  constraint code_redemptions_check CHECK ((redemptions >= 0))
);
CREATE INDEX code_batch_codes ON public.code USING btree (batch_id);

create table code_batch (
  id text not null,
  name text not null,
  grants jsonb not null,
  codes integer not null,
  redemptions_max integer,
  per_customer_max integer not null,
  starts_at timestamp with time zone,
  expires_at timestamp with time zone,
  ended_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  created_by text not null,
  constraint code_batch_pkey PRIMARY KEY (id),
  constraint code_batch_codes_check CHECK ((codes > 0)),
  constraint code_batch_per_customer_max_check CHECK ((per_customer_max > 0)),
  constraint code_batch_redemptions_max_check CHECK ((redemptions_max > 0))
);

create table code_failure (
  customer_id text not null,
  hour timestamp with time zone not null,
  failures integer not null,
  constraint code_failure_pkey PRIMARY KEY (customer_id, hour),
  constraint code_failure_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);

create table code_redemption (
  customer_id text not null,
  id text not null,
  batch_id text not null,
  code_hash bytea not null,
  given jsonb not null,
  redeemed_at timestamp with time zone not null,
  redeemed_by text not null,
  constraint code_redemption_pkey PRIMARY KEY (customer_id, id),
  constraint code_redemption_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES code_batch(id),
  constraint code_redemption_code_hash_fkey FOREIGN KEY (code_hash) REFERENCES code(hash),
  constraint code_redemption_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);
CREATE INDEX code_redemption_batch ON public.code_redemption USING btree (batch_id, customer_id);

create table console_session (
  hash text not null,
  key_id text,
  created_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  subject text,
  name text,
  role text,
  constraint console_session_pkey PRIMARY KEY (hash),
  constraint console_session_key_id_fkey FOREIGN KEY (key_id) REFERENCES api_key(id),
  constraint console_session_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'support'::text, 'finance'::text, 'admin'::text]))),
  constraint console_session_stands CHECK ((((key_id IS NOT NULL) AND (subject IS NULL) AND (role IS NULL)) OR ((key_id IS NULL) AND (subject IS NOT NULL) AND (name IS NOT NULL) AND (role IS NOT NULL))))
);
CREATE INDEX console_session_expiry ON public.console_session USING btree (expires_at);

create table contract_version (
  customer_id text not null,
  version integer not null,
  document jsonb,
  applied_at timestamp with time zone default now() not null,
  applied_by text not null,
  constraint contract_version_pkey PRIMARY KEY (customer_id, version),
  constraint contract_version_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);
CREATE TRIGGER contract_version_append_only BEFORE DELETE OR UPDATE ON public.contract_version FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table correction (
  customer_id text not null,
  source text not null,
  id text not null,
  by_source text not null,
  by_id text not null,
  at timestamp with time zone not null,
  is_void boolean not null,
  patch jsonb,
  reason text,
  refused text,
  received_at timestamp with time zone default now() not null,
  constraint correction_pkey PRIMARY KEY (customer_id, source, id, by_source, by_id),
  constraint correction_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint correction_check CHECK ((is_void = (patch IS NULL)))
);

create table coupon (
  code text not null,
  document jsonb not null,
  redemptions integer default 0 not null,
  redemptions_max integer,
  created_at timestamp with time zone default now() not null,
  ended_at timestamp with time zone,
  constraint coupon_pkey PRIMARY KEY (code),
  constraint coupon_check CHECK (((redemptions >= 0) AND ((redemptions_max IS NULL) OR (redemptions <= redemptions_max))))
);

create table coupon_redemption (
  customer_id text not null,
  code text not null,
  redeemed_at timestamp with time zone default now() not null,
  from_period timestamp with time zone not null,
  constraint coupon_redemption_pkey PRIMARY KEY (customer_id, code),
  constraint coupon_redemption_code_fkey FOREIGN KEY (code) REFERENCES coupon(code),
  constraint coupon_redemption_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);

create table credit_block (
  customer_id text not null,
  id text not null,
  asset text not null,
  category text not null,
  priority integer default 100 not null,
  granted numeric(38,12) not null,
  remaining numeric(38,12) not null,
  effective_at timestamp with time zone not null,
  expires_at timestamp with time zone,
  reference text,
  created_at timestamp with time zone default now() not null,
  cost numeric(38,12),
  cost_currency text,
  taken numeric(38,12) default 0 not null,
  begun boolean default true not null,
  voided_at timestamp with time zone,
  void_reason text,
  features text[] default '{}'::text[] not null,
  pays_until timestamp with time zone,
  constraint credit_block_pkey PRIMARY KEY (customer_id, id),
  constraint credit_block_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint credit_block_category_check CHECK ((category = ANY (ARRAY['paid'::text, 'promotional'::text]))),
  constraint credit_block_check CHECK (((remaining >= (0)::numeric) AND (remaining <= granted))),
  constraint credit_block_check1 CHECK (((cost IS NULL) = (cost_currency IS NULL))),
  constraint credit_block_granted_check CHECK ((granted > (0)::numeric)),
  constraint credit_block_taken_check CHECK ((taken >= (0)::numeric))
);
CREATE INDEX credit_block_closing ON public.credit_block USING btree (pays_until) WHERE ((remaining > (0)::numeric) AND (pays_until IS NOT NULL));
CREATE INDEX credit_block_expiry ON public.credit_block USING btree (expires_at) WHERE (remaining > (0)::numeric);
CREATE INDEX credit_block_open ON public.credit_block USING btree (customer_id, asset) WHERE (remaining > (0)::numeric);
CREATE INDEX credit_block_waiting ON public.credit_block USING btree (effective_at) WHERE (NOT begun);

create table credit_note (
  customer_id text not null,
  id text not null,
  invoice_id text not null,
  series text not null,
  number bigint not null,
  reason text not null,
  document jsonb not null,
  net numeric(38,12) not null,
  tax numeric(38,12) not null,
  created_at timestamp with time zone not null,
  constraint credit_note_pkey PRIMARY KEY (customer_id, id),
  constraint credit_note_series_number_key UNIQUE (series, number),
  constraint credit_note_customer_id_invoice_id_fkey FOREIGN KEY (customer_id, invoice_id) REFERENCES invoice(customer_id, id)
);
CREATE TRIGGER credit_note_append_only BEFORE DELETE OR UPDATE ON public.credit_note FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table credit_payment (
  customer_id text not null,
  id text not null,
  cause text not null,
  method text not null,
  state text not null,
  asset text not null,
  credits numeric(38,12) not null,
  bonus numeric(38,12) not null,
  currency text not null,
  net numeric(38,12) not null,
  tax numeric(38,12) not null,
  taxes jsonb default '[]'::jsonb not null,
  days integer,
  bonus_days integer,
  provider_id text,
  provider_source text,
  reason text,
  attempts integer default 0 not null,
  next_look_at timestamp with time zone,
  refunded numeric(38,12) default 0 not null,
  created_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  features text[] default '{}'::text[] not null,
  tax_notes text[] default '{}'::text[] not null,
  constraint credit_payment_pkey PRIMARY KEY (customer_id, id),
  constraint credit_payment_id_key UNIQUE (id),
  constraint credit_payment_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint credit_payment_bonus_check CHECK ((bonus >= (0)::numeric)),
  constraint credit_payment_cause_check CHECK ((cause = ANY (ARRAY['recharge'::text, 'top_up'::text]))),
  constraint credit_payment_check CHECK (((state = ANY (ARRAY['pending'::text, 'asked'::text])) = (ended_at IS NULL))),
  constraint credit_payment_credits_check CHECK ((credits > (0)::numeric)),
  constraint credit_payment_net_check CHECK ((net > (0)::numeric)),
  constraint credit_payment_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'asked'::text, 'succeeded'::text, 'failed'::text]))),
  constraint credit_payment_tax_check CHECK ((tax >= (0)::numeric))
);
CREATE INDEX credit_payment_due ON public.credit_payment USING btree (next_look_at) WHERE (state = ANY (ARRAY['pending'::text, 'asked'::text]));
CREATE INDEX credit_payment_list ON public.credit_payment USING btree (customer_id, created_at, id);
CREATE UNIQUE INDEX credit_payment_one_recharge ON public.credit_payment USING btree (customer_id, asset) WHERE ((cause = 'recharge'::text) AND (state = ANY (ARRAY['pending'::text, 'asked'::text])));
CREATE UNIQUE INDEX credit_payment_provider ON public.credit_payment USING btree (method, provider_id) WHERE (provider_id IS NOT NULL);

create table credit_refund (
  customer_id text not null,
  id text not null,
  block_id text not null,
  asset text not null,
  amount numeric(38,12) not null,
  owed numeric(38,12) not null,
  currency text,
  net numeric(38,12),
  tax numeric(38,12),
  method text not null,
  state text not null,
  payment_id text,
  provider_id text,
  reason text not null,
  failure text,
  attempts integer default 0 not null,
  next_try_at timestamp with time zone,
  created_at timestamp with time zone not null,
  constraint credit_refund_pkey PRIMARY KEY (customer_id, id),
  constraint credit_refund_id_key UNIQUE (id),
  constraint credit_refund_customer_id_block_id_fkey FOREIGN KEY (customer_id, block_id) REFERENCES credit_block(customer_id, id),
  constraint credit_refund_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint credit_refund_amount_check CHECK ((amount >= (0)::numeric)),
  constraint credit_refund_owed_check CHECK ((owed >= (0)::numeric)),
  constraint credit_refund_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'done'::text, 'failed'::text])))
);
CREATE INDEX credit_refund_due ON public.credit_refund USING btree (next_try_at) WHERE (state = 'pending'::text);

create table customer (
  id text not null,
  name text not null,
  external_id text,
  time_zone text default 'UTC'::text not null,
  version bigint default 1 not null,
  metadata jsonb default '{}'::jsonb not null,
  created_at timestamp with time zone default now() not null,
  observe boolean default false not null,
  currency text,
  runaway jsonb,
  test_clock_id text,
  locale text,
  wallets jsonb default '[]'::jsonb not null,
  burn_order text[],
  constraint customer_pkey PRIMARY KEY (id),
  constraint customer_external_id_key UNIQUE (external_id),
  constraint customer_test_clock_id_fkey FOREIGN KEY (test_clock_id) REFERENCES test_clock(id)
);
CREATE INDEX customer_test_clock ON public.customer USING btree (test_clock_id) WHERE (test_clock_id IS NOT NULL);

create table deferral (
  customer_id text not null,
  invoice_id text not null,
  line integer not null,
  asset text not null,
  amount numeric(38,12) not null,
  starts_at timestamp with time zone not null,
  ends_at timestamp with time zone not null,
  released numeric(38,12) default 0 not null,
  basis_at timestamp with time zone not null,
  basis_recognised numeric(38,12) default 0 not null,
  recognised numeric(38,12) default 0 not null,
  recognised_until timestamp with time zone not null,
  constraint deferral_pkey PRIMARY KEY (customer_id, invoice_id, line),
  constraint deferral_customer_id_invoice_id_fkey FOREIGN KEY (customer_id, invoice_id) REFERENCES invoice(customer_id, id),
  constraint deferral_amount_check CHECK ((amount <> (0)::numeric)),
  constraint deferral_check CHECK ((ends_at > starts_at))
);
CREATE INDEX deferral_due ON public.deferral USING btree (recognised_until) WHERE (recognised_until < ends_at);

create table dimension_overflow (
  customer_id text not null,
  meter text not null,
  dimension text not null,
  first_value text not null,
  at timestamp with time zone default now() not null,
  constraint dimension_overflow_pkey PRIMARY KEY (customer_id, meter, dimension),
  constraint dimension_overflow_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);

create table dimension_value (
  customer_id text not null,
  meter text not null,
  dimension text not null,
  value text not null,
  first_seen timestamp with time zone default now() not null,
  constraint dimension_value_pkey PRIMARY KEY (customer_id, meter, dimension, value),
  constraint dimension_value_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);

create table entitlement_grant (
  customer_id text not null,
  id text not null,
  kind text not null,
  name text not null,
  promotion text,
  entitlements jsonb not null,
  allowances jsonb not null,
  limits jsonb not null,
  starts_at timestamp with time zone not null,
  ends_at timestamp with time zone,
  reason text not null,
  created_by text not null,
  created_at timestamp with time zone default now() not null,
  constraint entitlement_grant_pkey PRIMARY KEY (customer_id, id),
  constraint entitlement_grant_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint entitlement_grant_check CHECK ((ends_at >= starts_at)),
  constraint entitlement_grant_kind_check CHECK ((kind = ANY (ARRAY['promotion'::text, 'grant'::text, 'replace'::text, 'denial'::text])))
);

create table entity (
  customer_id text not null,
  id text not null,
  parent_id text,
  kind text not null,
  name text not null,
  created_at timestamp with time zone default now() not null,
  constraint entity_pkey PRIMARY KEY (customer_id, id),
  constraint entity_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint entity_customer_id_parent_id_fkey FOREIGN KEY (customer_id, parent_id) REFERENCES entity(customer_id, id),
  constraint entity_kind_check CHECK ((kind = ANY (ARRAY['organisation'::text, 'department'::text, 'team'::text, 'project'::text, 'user'::text, 'agent'::text])))
);

create table event_key (
  customer_id text not null,
  source text not null,
  id text not null,
  content_hash bytea not null,
  "time" timestamp with time zone,
  constraint event_key_pkey PRIMARY KEY (customer_id, source, id)
);

create table exchange_rate (
  day date not null,
  base text not null,
  quote text not null,
  rate numeric(20,9) not null,
  source text not null,
  imported_at timestamp with time zone default now() not null,
  constraint exchange_rate_pkey PRIMARY KEY (day, base, quote),
  constraint exchange_rate_rate_check CHECK ((rate > (0)::numeric))
);
CREATE TRIGGER exchange_rate_append_only BEFORE DELETE OR UPDATE ON public.exchange_rate FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table export_day (
  day date not null,
  files integer not null,
  exported_at timestamp with time zone default now() not null,
  constraint export_day_pkey PRIMARY KEY (day),
  constraint export_day_day_fkey FOREIGN KEY (day) REFERENCES book_day(day)
);

create table frozen_target (
  id text not null,
  customer_id text,
  kind text not null,
  target text not null,
  reason text default ''::text not null,
  actor text not null,
  owner text not null,
  created_at timestamp with time zone default now() not null,
  constraint frozen_target_pkey PRIMARY KEY (id),
  constraint frozen_target_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint frozen_target_check CHECK (((customer_id IS NOT NULL) OR (kind = 'feature'::text))),
  constraint frozen_target_kind_check CHECK ((kind = ANY (ARRAY['customer'::text, 'entity'::text, 'key'::text, 'feature'::text]))),
  constraint frozen_target_owner_check CHECK ((owner = ANY (ARRAY['operator'::text, 'tenant'::text])))
);
CREATE UNIQUE INDEX frozen_target_once ON public.frozen_target USING btree (COALESCE(customer_id, ''::text), kind, target);

create table handed_usage (
  target text not null,
  customer_id text not null,
  meter text not null,
  start timestamp with time zone not null,
  span text not null,
  name text not null,
  sent numeric(38,9) default 0 not null,
  sendings integer default 0 not null,
  sending numeric(38,9),
  sending_to text,
  sending_since timestamp with time zone,
  marks integer default 1 not null,
  state text not null,
  attempts integer default 0 not null,
  next_attempt_at timestamp with time zone not null,
  reason text,
  sent_at timestamp with time zone,
  constraint handed_usage_pkey PRIMARY KEY (target, customer_id, meter, start, span),
  constraint handed_usage_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint handed_usage_span_check CHECK ((span = ANY (ARRAY['hour'::text, 'day'::text]))),
  constraint handed_usage_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'sent'::text, 'stopped'::text])))
);
CREATE INDEX handed_usage_due ON public.handed_usage USING btree (target, next_attempt_at) WHERE (state = 'waiting'::text);
CREATE INDEX handed_usage_state ON public.handed_usage USING btree (state, start) WHERE (state <> 'sent'::text);

create table handover (
  customer_id text not null,
  invoice_id text not null,
  target text not null,
  state text not null,
  external_id text,
  total numeric(38,12),
  attempts integer default 0 not null,
  next_attempt_at timestamp with time zone default now() not null,
  reason text,
  queued_at timestamp with time zone default now() not null,
  delivered_at timestamp with time zone,
  look_at timestamp with time zone,
  looks integer default 0 not null,
  looked_at timestamp with time zone,
  state_there text,
  conflict text,
  constraint handover_pkey PRIMARY KEY (customer_id, invoice_id, target),
  constraint handover_customer_id_invoice_id_fkey FOREIGN KEY (customer_id, invoice_id) REFERENCES invoice(customer_id, id),
  constraint handover_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'stopped'::text])))
);
CREATE INDEX handover_due ON public.handover USING btree (next_attempt_at) WHERE (state = 'waiting'::text);
CREATE INDEX handover_look ON public.handover USING btree (look_at) WHERE (look_at IS NOT NULL);

create table handover_setting (
  only_row boolean default true not null,
  target text not null,
  since timestamp with time zone not null,
  collects boolean not null,
  updated_at timestamp with time zone default now() not null,
  updated_by text not null,
  constraint handover_setting_pkey PRIMARY KEY (only_row),
  constraint handover_setting_only_row_check CHECK (only_row)
);

create table idempotent_answer (
  scope text not null,
  key text not null,
  request_hash text not null,
  status integer,
  body jsonb,
  created_at timestamp with time zone default now() not null,
  constraint idempotent_answer_pkey PRIMARY KEY (scope, key)
);

create table invoice (
  customer_id text not null,
  id text not null,
  kind text not null,
  state text not null,
  series text,
  number bigint,
  currency text not null,
  period_start timestamp with time zone not null,
  period_end timestamp with time zone not null,
  document jsonb not null,
  subtotal numeric(38,12) not null,
  net numeric(38,12) not null,
  tax numeric(38,12) not null,
  amount_due numeric(38,12) not null,
  credited_net numeric(38,12) default 0 not null,
  credited_tax numeric(38,12) default 0 not null,
  created_at timestamp with time zone not null,
  finalized_at timestamp with time zone,
  due_at timestamp with time zone,
  ended_at timestamp with time zone,
  reference text,
  constraint invoice_pkey PRIMARY KEY (customer_id, id),
  constraint invoice_series_number_key UNIQUE (series, number),
  constraint invoice_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint invoice_check CHECK (((state = 'draft'::text) = (number IS NULL))),
  constraint invoice_kind_check CHECK ((kind = ANY (ARRAY['period'::text, 'opening'::text, 'progressive'::text, 'manual'::text]))),
  constraint invoice_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'open'::text, 'paid'::text, 'void'::text, 'uncollectible'::text])))
);
CREATE UNIQUE INDEX invoice_once ON public.invoice USING btree (customer_id, period_start, kind) WHERE (kind = ANY (ARRAY['period'::text, 'opening'::text]));
CREATE INDEX invoice_state ON public.invoice USING btree (state, due_at);
CREATE TRIGGER invoice_kept BEFORE DELETE OR UPDATE ON public.invoice FOR EACH ROW EXECUTE FUNCTION keep_invoice();

create table invoice_credit (
  customer_id text not null,
  invoice_id text not null,
  period_start timestamp with time zone not null,
  category text not null,
  amount numeric(38,12) not null,
  constraint invoice_credit_pkey PRIMARY KEY (customer_id, invoice_id, period_start, category),
  constraint invoice_credit_customer_id_invoice_id_fkey FOREIGN KEY (customer_id, invoice_id) REFERENCES invoice(customer_id, id) ON DELETE CASCADE,
  constraint invoice_credit_category_check CHECK ((category = ANY (ARRAY['included'::text, 'paid'::text, 'promotional'::text])))
);
CREATE INDEX invoice_credit_period ON public.invoice_credit USING btree (customer_id, period_start);

create table invoice_item (
  customer_id text not null,
  id text not null,
  kind text not null,
  name text not null,
  amount numeric(38,12) not null,
  currency text not null,
  period_start timestamp with time zone not null,
  period_end timestamp with time zone not null,
  invoice_id text,
  created_at timestamp with time zone default now() not null,
  constraint invoice_item_pkey PRIMARY KEY (customer_id, id),
  constraint invoice_item_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint invoice_item_kind_check CHECK ((kind = ANY (ARRAY['item'::text, 'proration'::text, 'adjustment'::text])))
);
CREATE INDEX invoice_item_waiting ON public.invoice_item USING btree (customer_id) WHERE (invoice_id IS NULL);

create table invoice_line (
  customer_id text not null,
  invoice_id text not null,
  line integer not null,
  kind text not null,
  price_id text not null,
  entry text default ''::text not null,
  period_start timestamp with time zone not null,
  charges numeric(38,12) not null,
  exact numeric(38,12) not null,
  amount numeric(38,12) not null,
  credited numeric(38,12) default 0 not null,
  constraint invoice_line_pkey PRIMARY KEY (customer_id, invoice_id, line),
  constraint invoice_line_customer_id_invoice_id_fkey FOREIGN KEY (customer_id, invoice_id) REFERENCES invoice(customer_id, id) ON DELETE CASCADE
);
CREATE INDEX invoice_line_period ON public.invoice_line USING btree (customer_id, period_start);

create table invoice_series (
  series text not null,
  next_number bigint not null,
  constraint invoice_series_pkey PRIMARY KEY (series),
  constraint invoice_series_next_number_check CHECK ((next_number > 0))
);

create table kept_prompt (
  customer_id text not null,
  request_id text not null,
  "time" timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  sealed text not null,
  constraint kept_prompt_pkey PRIMARY KEY (customer_id, request_id),
  constraint kept_prompt_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);
CREATE INDEX kept_prompt_expiry ON public.kept_prompt USING btree (expires_at);

create table lease (
  customer_id text not null,
  budget_id text not null,
  period_start timestamp with time zone not null,
  node_id text not null,
  incarnation integer not null,
  granted numeric(38,12) default 0 not null,
  used numeric(38,12) default 0 not null,
  phase text default 'open'::text not null,
  constraint lease_pkey PRIMARY KEY (customer_id, budget_id, period_start, node_id, incarnation),
  constraint lease_phase_check CHECK ((phase = ANY (ARRAY['open'::text, 'closed'::text, 'given_up'::text]))),
  constraint lease_used_check CHECK ((used >= (0)::numeric))
);
CREATE INDEX lease_node ON public.lease USING btree (node_id, incarnation) WHERE (phase = 'open'::text);

create table lease_answer (
  node_id text not null,
  incarnation integer not null,
  sequence bigint not null,
  answer jsonb not null,
  constraint lease_answer_pkey PRIMARY KEY (node_id, incarnation, sequence)
);

create table lease_doubt (
  reservation_id text not null,
  customer_id text not null,
  budget_id text not null,
  period_start timestamp with time zone not null,
  node_id text not null,
  incarnation integer not null,
  amount numeric(38,12) not null,
  ends_at timestamp with time zone not null,
  constraint lease_doubt_pkey PRIMARY KEY (reservation_id, customer_id, budget_id, period_start),
  constraint lease_doubt_customer_id_budget_id_period_start_node_id_inc_fkey FOREIGN KEY (customer_id, budget_id, period_start, node_id, incarnation) REFERENCES lease(customer_id, budget_id, period_start, node_id, incarnation),
  constraint lease_doubt_amount_check CHECK ((amount > (0)::numeric))
);
CREATE INDEX lease_doubt_customer ON public.lease_doubt USING btree (customer_id);
CREATE INDEX lease_doubt_end ON public.lease_doubt USING btree (ends_at);

create table ledger_checkpoint (
  customer_id text not null,
  "position" bigint not null,
  hash bytea not null,
  at timestamp with time zone not null,
  key_id text not null,
  signature text not null,
  constraint ledger_checkpoint_pkey PRIMARY KEY (customer_id, "position"),
  constraint ledger_checkpoint_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint ledger_checkpoint_key_id_fkey FOREIGN KEY (key_id) REFERENCES signing_key(id)
);
CREATE TRIGGER ledger_checkpoint_append_only BEFORE DELETE OR UPDATE ON public.ledger_checkpoint FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table ledger_head (
  customer_id text not null,
  "position" bigint not null,
  hash bytea not null,
  changed_at timestamp with time zone not null,
  constraint ledger_head_pkey PRIMARY KEY (customer_id),
  constraint ledger_head_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint ledger_head_hash_check CHECK ((length(hash) = 32)),
  constraint ledger_head_position_check CHECK (("position" > 0))
);
CREATE INDEX ledger_head_changed ON public.ledger_head USING btree (changed_at);

create table ledger_transfer (
  customer_id text not null,
  sequence bigint generated always as identity not null,
  id text not null,
  debit text not null,
  credit text not null,
  asset text not null,
  amount numeric(38,12) not null,
  cause text not null,
  cause_id text not null,
  batch_id bigint,
  period_start timestamp with time zone,
  posted_at timestamp with time zone default now() not null,
  "position" bigint,
  evidence bytea,
  hash bytea,
  constraint ledger_transfer_pkey PRIMARY KEY (customer_id, sequence),
  constraint ledger_transfer_customer_id_id_key UNIQUE (customer_id, id),
  constraint ledger_transfer_position UNIQUE (customer_id, "position"),
  constraint ledger_transfer_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES settlement_batch(id),
  constraint ledger_transfer_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint ledger_transfer_amount_check CHECK ((amount > (0)::numeric)),
  constraint ledger_transfer_chained CHECK ((("position" IS NULL) = (hash IS NULL))),
  constraint ledger_transfer_check CHECK ((credit <> debit)),
  constraint ledger_transfer_evidence_check CHECK ((length(evidence) = 32)),
  constraint ledger_transfer_hash_check CHECK ((length(hash) = 32))
);
CREATE INDEX ledger_transfer_batch ON public.ledger_transfer USING btree (customer_id, batch_id);
CREATE INDEX ledger_transfer_cause ON public.ledger_transfer USING btree (customer_id, cause_id);
CREATE INDEX ledger_transfer_period ON public.ledger_transfer USING btree (customer_id, period_start) WHERE (cause = 'usage'::text);
CREATE INDEX ledger_transfer_posted ON public.ledger_transfer USING brin (posted_at) WITH (pages_per_range='32', autosummarize='on');
CREATE TRIGGER ledger_transfer_append_only BEFORE DELETE OR UPDATE ON public.ledger_transfer FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table level_due (
  customer_id text not null,
  meter text not null,
  from_time timestamp with time zone not null,
  constraint level_due_pkey PRIMARY KEY (customer_id, meter),
  constraint level_due_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);
CREATE INDEX level_due_time ON public.level_due USING btree (from_time);

create table lost_usage (
  id bigint generated always as identity not null,
  customer_id text not null,
  event_id text not null,
  node_id text not null,
  incarnation integer not null,
  amount numeric(38,12) not null,
  currency text not null,
  record jsonb not null,
  lost_at timestamp with time zone default now() not null,
  constraint lost_usage_pkey PRIMARY KEY (id),
  constraint lost_usage_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);
CREATE INDEX lost_usage_customer ON public.lost_usage USING btree (customer_id, id);

create table mail (
  id bigint generated always as identity not null,
  customer_id text not null,
  recipient_id text not null,
  cause text not null,
  kind text not null,
  payload jsonb not null,
  address_hash text not null,
  state text default 'waiting'::text not null,
  attempts integer default 0 not null,
  next_attempt_at timestamp with time zone not null,
  last_error text,
  created_at timestamp with time zone not null,
  constraint mail_pkey PRIMARY KEY (id),
  constraint mail_customer_id_recipient_id_cause_key UNIQUE (customer_id, recipient_id, cause),
  constraint mail_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'sent'::text, 'failed'::text])))
);
CREATE INDEX mail_asked ON public.mail USING btree (address_hash, created_at) WHERE (kind = 'confirm'::text);
CREATE INDEX mail_asked_by ON public.mail USING btree (customer_id, created_at) WHERE (kind = 'confirm'::text);
CREATE INDEX mail_due ON public.mail USING btree (next_attempt_at) WHERE (state = 'waiting'::text);

create table mail_server (
  only_row boolean default true not null,
  host text not null,
  port integer not null,
  security text not null,
  username text,
  password_sealed text,
  sender text not null,
  updated_at timestamp with time zone default now() not null,
  updated_by text not null,
  constraint mail_server_pkey PRIMARY KEY (only_row),
  constraint mail_server_only_row_check CHECK (only_row),
  constraint mail_server_port_check CHECK (((port >= 1) AND (port <= 65535))),
  constraint mail_server_security_check CHECK ((security = ANY (ARRAY['tls'::text, 'starttls'::text, 'none'::text])))
);

create table margin_alert (
  month text not null,
  kind text not null,
  subject text not null,
  told_at timestamp with time zone default now() not null,
  constraint margin_alert_pkey PRIMARY KEY (month, kind, subject),
  constraint margin_alert_kind_check CHECK ((kind = ANY (ARRAY['total'::text, 'customer'::text, 'feature'::text, 'model'::text])))
);

create table meter_backfill (
  meter text not null,
  catalog_version integer not null,
  state text not null,
  customers_total integer default 0 not null,
  customers_done integer default 0 not null,
  events_done bigint default 0 not null,
  at_customer text,
  at_time timestamp with time zone,
  at_sequence bigint,
  started_at timestamp with time zone default now() not null,
  finished_at timestamp with time zone,
  constraint meter_backfill_pkey PRIMARY KEY (meter),
  constraint meter_backfill_state_check CHECK ((state = ANY (ARRAY['running'::text, 'done'::text])))
);

create table meter_reading (
  customer_id text not null,
  meter text not null,
  period_start timestamp with time zone not null,
  "time" timestamp with time zone not null,
  source text not null,
  id text not null,
  feature text not null,
  entity_id text not null,
  dimensions jsonb not null,
  value numeric(38,9) not null,
  label text,
  is_rated boolean not null,
  constraint meter_reading_pkey PRIMARY KEY (customer_id, meter, period_start, "time", source, id)
);
CREATE INDEX meter_reading_label ON public.meter_reading USING btree (customer_id, meter, period_start, label) WHERE (label IS NOT NULL);
CREATE INDEX meter_reading_value ON public.meter_reading USING btree (customer_id, meter, period_start, value);

create table migration (
  version integer not null,
  name text not null,
  hash text not null,
  applied_at timestamp with time zone default now() not null,
  constraint migration_pkey PRIMARY KEY (version)
);

create table node (
  id text not null,
  incarnation integer not null,
  journal_segment integer default 0 not null,
  journal_offset bigint default 0 not null,
  registered_at timestamp with time zone default now() not null,
  constraint node_pkey PRIMARY KEY (id)
);

create table node_incarnation (
  node_id text not null,
  incarnation integer not null,
  standing text default 'active'::text not null,
  renewed_at timestamp with time zone default now() not null,
  constraint node_incarnation_pkey PRIMARY KEY (node_id, incarnation),
  constraint node_incarnation_node_id_fkey FOREIGN KEY (node_id) REFERENCES node(id),
  constraint node_incarnation_standing_check CHECK ((standing = ANY (ARRAY['active'::text, 'silent'::text, 'replaced'::text, 'given_up'::text])))
);
CREATE INDEX node_incarnation_waiting ON public.node_incarnation USING btree (renewed_at) WHERE (standing <> 'given_up'::text);

create table outbox (
  id bigint generated always as identity not null,
  tx xid8 default pg_current_xact_id() not null,
  customer_id text,
  type text not null,
  payload jsonb not null,
  created_at timestamp with time zone default now() not null,
  constraint outbox_pkey PRIMARY KEY (id)
);
CREATE INDEX outbox_denied ON public.outbox USING btree (customer_id, (((payload ->> 'time'::text))::bigint)) WHERE (type = 'request.denied'::text);
CREATE INDEX outbox_observed ON public.outbox USING btree (customer_id, id) WHERE (type = 'request.observed'::text);
CREATE INDEX outbox_order ON public.outbox USING btree (tx, id);
CREATE INDEX outbox_rare ON public.outbox USING btree (id) WHERE (type <> ALL (ARRAY['usage.settled'::text, 'request.denied'::text, 'request.observed'::text]));
CREATE INDEX outbox_recent ON public.outbox USING brin (created_at) WITH (pages_per_range='32', autosummarize='on');
CREATE INDEX outbox_refusal ON public.outbox USING btree (id) WHERE (type = 'request.denied'::text);
CREATE INDEX outbox_refusal_customer ON public.outbox USING btree (customer_id, id) WHERE (type = 'request.denied'::text);
CREATE INDEX outbox_refusal_decision ON public.outbox USING btree (((payload ->> 'decision'::text))) WHERE (type = 'request.denied'::text);

create table outbox_reader (
  name text not null,
  tx xid8 not null,
  id bigint not null,
  constraint outbox_reader_pkey PRIMARY KEY (name)
);

create table parked_event (
  id bigint generated always as identity not null,
  customer_id text,
  origin text not null,
  record text not null,
  reason text not null,
  parked_at timestamp with time zone default now() not null,
  constraint parked_event_pkey PRIMARY KEY (id)
);

create table portal_session (
  id text not null,
  hash text not null,
  customer_id text not null,
  is_admin boolean not null,
  allowed_origins text[] not null,
  theme text not null,
  return_url text,
  created_by text not null,
  created_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  changes_plan boolean default false not null,
  locale text,
  constraint portal_session_pkey PRIMARY KEY (id),
  constraint portal_session_hash_key UNIQUE (hash),
  constraint portal_session_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint portal_session_theme_check CHECK ((theme = ANY (ARRAY['auto'::text, 'light'::text, 'dark'::text])))
);
CREATE INDEX portal_session_customer ON public.portal_session USING btree (customer_id);
CREATE INDEX portal_session_expiry ON public.portal_session USING btree (expires_at);

create table provider_account (
  provider text not null,
  settings jsonb default '{}'::jsonb not null,
  webhook_secrets_sealed text[] default '{}'::text[] not null,
  api_key_sealed text,
  updated_at timestamp with time zone default now() not null,
  constraint provider_account_pkey PRIMARY KEY (provider),
  constraint provider_account_provider_check CHECK ((provider = ANY (ARRAY['stripe'::text, 'chargebee'::text, 'recurly'::text])))
);

create table provider_fetch (
  provider text not null,
  external_id text not null,
  customer_id text,
  reason text not null,
  attempts integer default 0 not null,
  next_attempt_at timestamp with time zone default now() not null,
  constraint provider_fetch_pkey PRIMARY KEY (provider, external_id),
  constraint provider_fetch_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);

create table provider_link (
  provider text not null,
  kind text not null,
  external_id text not null,
  customer_id text not null,
  created_at timestamp with time zone default now() not null,
  constraint provider_link_pkey PRIMARY KEY (provider, kind, external_id),
  constraint provider_link_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint provider_link_kind_check CHECK ((kind = ANY (ARRAY['customer'::text, 'subscription'::text, 'invoice'::text, 'charge'::text, 'payment_intent'::text])))
);
CREATE INDEX provider_link_customer ON public.provider_link USING btree (customer_id);

create table provider_message (
  provider text not null,
  id text not null,
  kind text not null,
  at timestamp with time zone not null,
  body text not null,
  state text default 'pending'::text not null,
  code text,
  reason text,
  customer_id text,
  waits_for text[] default '{}'::text[] not null,
  attempts integer default 0 not null,
  next_attempt_at timestamp with time zone default now() not null,
  received_at timestamp with time zone default now() not null,
  processed_at timestamp with time zone,
  constraint provider_message_pkey PRIMARY KEY (provider, id),
  constraint provider_message_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint provider_message_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'done'::text, 'ignored'::text, 'stopped'::text, 'failed'::text])))
);
CREATE INDEX provider_message_list ON public.provider_message USING btree (received_at, provider, id);
CREATE INDEX provider_message_pending ON public.provider_message USING btree (next_attempt_at) WHERE (state = ANY (ARRAY['pending'::text, 'failed'::text]));
CREATE INDEX provider_message_stopped ON public.provider_message USING btree (provider, code) WHERE (state = 'stopped'::text);
CREATE INDEX provider_message_waiting ON public.provider_message USING gin (waits_for) WHERE (waits_for <> '{}'::text[]);

create table pseudonym (
  customer_id text not null,
  dimension text not null,
  value_hash text not null,
  pseudonym text not null,
  created_at timestamp with time zone default now() not null,
  constraint pseudonym_pkey PRIMARY KEY (customer_id, dimension, value_hash),
  constraint pseudonym_pseudonym_key UNIQUE (pseudonym),
  constraint pseudonym_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);

create table purchase_credit_note (
  customer_id text not null,
  refund_id text not null,
  payment_id text not null,
  series text not null,
  number bigint not null,
  document jsonb not null,
  created_at timestamp with time zone not null,
  constraint purchase_credit_note_pkey PRIMARY KEY (refund_id),
  constraint purchase_credit_note_series_number_key UNIQUE (series, number),
  constraint purchase_credit_note_customer_id_refund_id_fkey FOREIGN KEY (customer_id, refund_id) REFERENCES credit_refund(customer_id, id),
  constraint purchase_credit_note_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES purchase_invoice(payment_id)
);
CREATE TRIGGER purchase_credit_note_kept BEFORE DELETE OR UPDATE ON public.purchase_credit_note FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table purchase_invoice (
  customer_id text not null,
  payment_id text not null,
  series text not null,
  number bigint not null,
  document jsonb not null,
  created_at timestamp with time zone not null,
  constraint purchase_invoice_pkey PRIMARY KEY (payment_id),
  constraint purchase_invoice_series_number_key UNIQUE (series, number),
  constraint purchase_invoice_customer_id_payment_id_fkey FOREIGN KEY (customer_id, payment_id) REFERENCES credit_payment(customer_id, id)
);
CREATE INDEX purchase_invoice_of ON public.purchase_invoice USING btree (customer_id, payment_id);
CREATE TRIGGER purchase_invoice_kept BEFORE DELETE OR UPDATE ON public.purchase_invoice FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table rate_card_version (
  version integer generated always as identity not null,
  rates jsonb not null,
  sources text[] not null,
  applied_at timestamp with time zone default now() not null,
  applied_by text not null,
  constraint rate_card_version_pkey PRIMARY KEY (version)
);
CREATE TRIGGER rate_card_version_append_only BEFORE DELETE OR UPDATE ON public.rate_card_version FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table recharge_rule (
  customer_id text not null,
  asset text not null,
  threshold numeric(38,12) not null,
  amount numeric(38,12),
  target numeric(38,12),
  month_max numeric(38,12),
  cooldown_ms bigint not null,
  method text not null,
  failures integer default 0 not null,
  stopped_at timestamp with time zone,
  stopped_reason text,
  bounded_month timestamp with time zone,
  changed_at timestamp with time zone default now() not null,
  look_again_at timestamp with time zone,
  constraint recharge_rule_pkey PRIMARY KEY (customer_id, asset),
  constraint recharge_rule_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint recharge_rule_amount_check CHECK ((amount > (0)::numeric)),
  constraint recharge_rule_check CHECK ((target > threshold)),
  constraint recharge_rule_check1 CHECK (((amount IS NULL) <> (target IS NULL))),
  constraint recharge_rule_cooldown_ms_check CHECK ((cooldown_ms >= 0)),
  constraint recharge_rule_month_max_check CHECK ((month_max >= (0)::numeric)),
  constraint recharge_rule_threshold_check CHECK ((threshold >= (0)::numeric))
);

create table rerating (
  id text not null,
  state text not null,
  catalog_version integer,
  source text,
  overlays jsonb default '[]'::jsonb not null,
  from_at timestamp with time zone not null,
  to_at timestamp with time zone not null,
  plans text[],
  reason text not null,
  customers bigint default 0 not null,
  events bigint default 0 not null,
  unpriced bigint default 0 not null,
  failure text,
  created_at timestamp with time zone default now() not null,
  created_by text not null,
  posted_by text,
  constraint rerating_pkey PRIMARY KEY (id),
  constraint rerating_check CHECK ((to_at > from_at)),
  constraint rerating_state_check CHECK ((state = ANY (ARRAY['running'::text, 'previewed'::text, 'failed'::text, 'cancelled'::text, 'posting'::text, 'posted'::text])))
);

create table rerating_entry (
  rerating_id text not null,
  customer_id text not null,
  period_start timestamp with time zone not null,
  period_end timestamp with time zone not null,
  from_at timestamp with time zone not null,
  to_at timestamp with time zone not null,
  asset text not null,
  charged numeric(38,12) not null,
  adjusted numeric(38,12) not null,
  after numeric(38,12) not null,
  events bigint not null,
  state text not null,
  posted_at timestamp with time zone,
  constraint rerating_entry_pkey PRIMARY KEY (rerating_id, customer_id, period_start, asset),
  constraint rerating_entry_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint rerating_entry_rerating_id_fkey FOREIGN KEY (rerating_id) REFERENCES rerating(id),
  constraint rerating_entry_state_check CHECK ((state = ANY (ARRAY['due'::text, 'posted'::text, 'prepaid'::text, 'overlaps'::text, 'outdated'::text])))
);
CREATE INDEX rerating_entry_posted ON public.rerating_entry USING btree (customer_id, period_start) WHERE (state = 'posted'::text);

create table retired_usage (
  customer_id text not null,
  month timestamp with time zone not null,
  asset text not null,
  events bigint not null,
  amount numeric(38,12) not null,
  constraint retired_usage_pkey PRIMARY KEY (customer_id, month, asset),
  constraint retired_usage_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);

create table rollup_hour (
  customer_id text not null,
  meter text not null,
  start timestamp with time zone not null,
  period_start timestamp with time zone not null,
  feature text not null,
  entity_id text not null,
  dimensions jsonb not null,
  asset text not null,
  kind text not null,
  quantity numeric(38,9) not null,
  amount numeric(38,12) not null,
  events bigint not null,
  latest_at timestamp with time zone,
  latest_by text,
  hashes bigint[],
  constraint rollup_hour_pkey PRIMARY KEY (customer_id, meter, start, period_start, feature, entity_id, dimensions, asset),
  constraint rollup_hour_kind_check CHECK ((kind = ANY (ARRAY['sum'::text, 'max'::text, 'latest'::text, 'unique'::text])))
);
CREATE INDEX rollup_hour_meter ON public.rollup_hour USING btree (meter, start);

create table rollup_minute (
  customer_id text not null,
  meter text not null,
  start timestamp with time zone not null,
  period_start timestamp with time zone not null,
  feature text not null,
  entity_id text not null,
  dimensions jsonb not null,
  asset text not null,
  kind text not null,
  quantity numeric(38,9) not null,
  amount numeric(38,12) not null,
  events bigint not null,
  latest_at timestamp with time zone,
  latest_by text,
  hashes bigint[],
  constraint rollup_minute_pkey PRIMARY KEY (customer_id, meter, start, period_start, feature, entity_id, dimensions, asset),
  constraint rollup_hour_kind_check CHECK ((kind = ANY (ARRAY['sum'::text, 'max'::text, 'latest'::text, 'unique'::text])))
);
CREATE INDEX rollup_minute_meter_start_idx ON public.rollup_minute USING btree (meter, start);

create table settlement_batch (
  id bigint generated always as identity not null,
  origin text not null,
  events integer not null,
  settled_at timestamp with time zone default now() not null,
  catalog_version integer,
  tx xid8 default pg_current_xact_id() not null,
  constraint settlement_batch_pkey PRIMARY KEY (id)
);
CREATE INDEX settlement_batch_order ON public.settlement_batch USING btree (tx, id);
CREATE INDEX settlement_batch_settled ON public.settlement_batch USING brin (settled_at) WITH (pages_per_range='8', autosummarize='on');

create table shared_answer (
  owner text not null,
  place text not null,
  customer_id text not null,
  sealed text not null,
  bytes integer not null,
  kept_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  constraint shared_answer_pkey PRIMARY KEY (owner, place),
  constraint shared_answer_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);
CREATE INDEX shared_answer_customer ON public.shared_answer USING btree (customer_id);
CREATE INDEX shared_answer_expiry ON public.shared_answer USING btree (expires_at);

create table signing_key (
  id text not null,
  public_key text not null,
  secret_sealed text not null,
  created_at timestamp with time zone default now() not null,
  constraint signing_key_pkey PRIMARY KEY (id)
);

create table subscription (
  customer_id text not null,
  id text not null,
  plan text not null,
  standing text default 'good'::text not null,
  anchor_at timestamp with time zone not null,
  created_at timestamp with time zone default now() not null,
  timeline jsonb default '[]'::jsonb not null,
  next_at timestamp with time zone,
  constraint subscription_pkey PRIMARY KEY (customer_id),
  constraint subscription_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint subscription_standing_check CHECK ((standing = ANY (ARRAY['good'::text, 'grace'::text, 'suspended'::text, 'paused'::text, 'disputed'::text, 'incomplete'::text, 'cancelled'::text, 'expired'::text])))
);
CREATE INDEX subscription_due ON public.subscription USING btree (next_at) WHERE (next_at IS NOT NULL);

create table subscription_event (
  customer_id text not null,
  sequence bigint not null,
  key text not null,
  name text not null,
  subscription_id text not null,
  at timestamp with time zone not null,
  state text not null,
  plan text not null,
  reason text not null,
  data jsonb not null,
  voids bigint,
  told_at timestamp with time zone default now() not null,
  constraint subscription_event_pkey PRIMARY KEY (customer_id, sequence),
  constraint subscription_event_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);
CREATE UNIQUE INDEX subscription_event_voids ON public.subscription_event USING btree (customer_id, voids) WHERE (voids IS NOT NULL);
CREATE TRIGGER subscription_event_append_only BEFORE DELETE OR UPDATE ON public.subscription_event FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table subscription_fact (
  customer_id text not null,
  id text not null,
  subscription_id text not null,
  source text not null,
  at timestamp with time zone not null,
  kind text not null,
  reason text not null,
  body jsonb not null,
  actor text not null,
  recorded_at timestamp with time zone default now() not null,
  constraint subscription_fact_pkey PRIMARY KEY (customer_id, id),
  constraint subscription_fact_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint subscription_fact_source_check CHECK ((source = ANY (ARRAY['tollgate'::text, 'stripe'::text, 'chargebee'::text, 'recurly'::text])))
);
CREATE TRIGGER subscription_fact_append_only BEFORE DELETE OR UPDATE ON public.subscription_fact FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table tax_determination (
  customer_id text not null,
  question_hash bytea not null,
  treatment jsonb,
  reference text,
  determined_at timestamp with time zone,
  valid_until timestamp with time zone,
  failures integer default 0 not null,
  failure text,
  next_ask_at timestamp with time zone not null,
  constraint tax_determination_pkey PRIMARY KEY (customer_id),
  constraint tax_determination_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);
CREATE INDEX tax_determination_due ON public.tax_determination USING btree (next_ask_at);

create table tax_rate (
  id text not null,
  name text not null,
  percent numeric(10,7) not null,
  created_at timestamp with time zone default now() not null,
  constraint tax_rate_pkey PRIMARY KEY (id),
  constraint tax_rate_percent_check CHECK (((percent >= (0)::numeric) AND (percent <= (100)::numeric)))
);

create table test_clock (
  id text not null,
  name text not null,
  offset_ms bigint not null,
  created_at timestamp with time zone default now() not null,
  constraint test_clock_pkey PRIMARY KEY (id)
);

create table unpriced_model (
  model text not null,
  first_at timestamp with time zone default now() not null,
  last_at timestamp with time zone default now() not null,
  told_at timestamp with time zone default now() not null,
  events bigint not null,
  constraint unpriced_model_pkey PRIMARY KEY (model)
);

create table upstream (
  id text not null,
  name text not null,
  kind text not null,
  base_url text not null,
  secret_sealed text,
  provider text not null,
  models text[] not null,
  allow_private boolean default false not null,
  created_at timestamp with time zone default now() not null,
  keys jsonb,
  routing jsonb,
  constraint upstream_pkey PRIMARY KEY (id),
  constraint upstream_name_key UNIQUE (name),
  constraint upstream_kind_check CHECK ((kind = ANY (ARRAY['openai'::text, 'azure'::text, 'anthropic'::text, 'gemini'::text])))
);

create table usage_day (
  posted_on date not null,
  customer_id text not null,
  day date not null,
  feature text not null,
  model text not null,
  plan text not null,
  asset text not null,
  cost_currency text not null,
  events bigint not null,
  amount numeric(38,12) not null,
  cost numeric(38,12) not null,
  constraint usage_day_pkey PRIMARY KEY (posted_on, customer_id, day, feature, model, plan, asset, cost_currency),
  constraint usage_day_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);
CREATE INDEX usage_day_customer ON public.usage_day USING btree (customer_id, posted_on);

create table usage_day_cursor (
  only_one boolean default true not null,
  tx xid8 not null,
  id bigint not null,
  constraint usage_day_cursor_pkey PRIMARY KEY (only_one),
  constraint usage_day_cursor_only_one_check CHECK (only_one)
);

create table usage_event (
  sequence bigint generated always as identity not null,
  customer_id text not null,
  source text not null,
  id text not null,
  type text not null,
  "time" timestamp with time zone not null,
  batch_id bigint not null,
  entity_id text,
  feature text,
  run text,
  key_id text,
  period_start timestamp with time zone not null,
  catalog_version integer not null,
  quantities json not null,
  dimensions json not null,
  charges json not null,
  amount numeric(38,12) not null,
  asset text not null,
  cost json,
  estimated boolean not null,
  context json not null,
  effect text default 'use'::text not null,
  corrects_source text,
  corrects_id text,
  constraint usage_event_check CHECK (((effect = 'use'::text) = (corrects_id IS NULL))),
  constraint usage_event_effect_check CHECK ((effect = ANY (ARRAY['use'::text, 'reversal'::text, 'replacement'::text])))
) partition by RANGE ("time");
CREATE INDEX usage_event_batch ON ONLY public.usage_event USING brin (batch_id) WITH (pages_per_range='32', autosummarize='on');
CREATE INDEX usage_event_customer ON ONLY public.usage_event USING btree (customer_id, sequence);
CREATE INDEX usage_event_recent ON ONLY public.usage_event USING brin (sequence) WITH (pages_per_range='32', autosummarize='on');
CREATE INDEX usage_event_run ON ONLY public.usage_event USING btree (customer_id, run) WHERE (run IS NOT NULL);
CREATE INDEX usage_event_time ON ONLY public.usage_event USING btree (customer_id, "time");
CREATE TRIGGER usage_event_append_only BEFORE DELETE OR UPDATE ON public.usage_event FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table usage_event_default partition of usage_event default;

create table usage_handover_setting (
  only_row boolean default true not null,
  target text not null,
  since timestamp with time zone not null,
  span text not null,
  in_batches boolean not null,
  meters jsonb not null,
  tx xid8 not null,
  id bigint not null,
  updated_at timestamp with time zone default now() not null,
  updated_by text not null,
  constraint usage_handover_setting_pkey PRIMARY KEY (only_row),
  constraint usage_handover_setting_only_row_check CHECK (only_row),
  constraint usage_handover_setting_span_check CHECK ((span = ANY (ARRAY['hour'::text, 'day'::text])))
);

create table wallet_debt (
  customer_id text not null,
  asset text not null,
  amount numeric(38,12) not null,
  constraint wallet_debt_pkey PRIMARY KEY (customer_id, asset),
  constraint wallet_debt_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint wallet_debt_amount_check CHECK ((amount >= (0)::numeric))
);

create table wallet_notice (
  customer_id text not null,
  asset text not null,
  set_by text not null,
  low_balance numeric(38,12)[] not null,
  expiry_days integer[] not null,
  changed_at timestamp with time zone default now() not null,
  constraint wallet_notice_pkey PRIMARY KEY (customer_id, asset, set_by),
  constraint wallet_notice_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint wallet_notice_set_by_check CHECK ((set_by = ANY (ARRAY['operator'::text, 'tenant'::text])))
);

create table wallet_notice_default (
  asset text not null,
  low_balance numeric(38,12)[] not null,
  expiry_days integer[] not null,
  changed_at timestamp with time zone default now() not null,
  constraint wallet_notice_default_pkey PRIMARY KEY (asset)
);

create table wallet_told (
  customer_id text not null,
  asset text not null,
  kind text not null,
  threshold numeric(38,12) not null,
  block_id text default ''::text not null,
  told_at timestamp with time zone default now() not null,
  constraint wallet_told_pkey PRIMARY KEY (customer_id, asset, kind, threshold, block_id),
  constraint wallet_told_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint wallet_told_kind_check CHECK ((kind = ANY (ARRAY['low'::text, 'expiry'::text])))
);

create table webhook_delivery (
  id bigint generated always as identity not null,
  endpoint_id text not null,
  message_id bigint not null,
  type text not null,
  customer_id text,
  body text not null,
  status text default 'pending'::text not null,
  attempts integer default 0 not null,
  next_attempt_at timestamp with time zone,
  last_attempt_at timestamp with time zone,
  last_status integer,
  last_error text,
  created_at timestamp with time zone default now() not null,
  constraint webhook_delivery_pkey PRIMARY KEY (id),
  constraint webhook_delivery_endpoint_id_message_id_key UNIQUE (endpoint_id, message_id),
  constraint webhook_delivery_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoint(id) ON DELETE CASCADE,
  constraint webhook_delivery_check CHECK (((status = 'pending'::text) = (next_attempt_at IS NOT NULL))),
  constraint webhook_delivery_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text])))
);
CREATE INDEX webhook_delivery_due ON public.webhook_delivery USING btree (next_attempt_at) WHERE (status = 'pending'::text);
CREATE INDEX webhook_delivery_endpoint ON public.webhook_delivery USING btree (endpoint_id, id);
CREATE INDEX webhook_delivery_finished ON public.webhook_delivery USING btree (created_at) WHERE (status <> 'pending'::text);

create table webhook_endpoint (
  id text not null,
  customer_id text,
  url text not null,
  description text default ''::text not null,
  types text[],
  secret_sealed text not null,
  previous_sealed text,
  previous_until timestamp with time zone,
  allow_private boolean default false not null,
  disabled_at timestamp with time zone,
  disabled_reason text,
  created_at timestamp with time zone default now() not null,
  constraint webhook_endpoint_pkey PRIMARY KEY (id),
  constraint webhook_endpoint_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id)
);
