-- Fees for time to come, by invoice line: what is deferred of each, and how far it was recognised as revenue. The sums are those of the ledger's
-- account deferred_revenue, which a check holds against them.

create table deferral (
  customer_id text not null,
  invoice_id text not null,
  line integer not null,
  asset text not null,
  -- Below zero for time that is given back.
  amount numeric(38, 12) not null check (amount <> 0),
  starts_at timestamptz not null,
  ends_at timestamptz not null check (ends_at > starts_at),
  released numeric(38, 12) not null default 0,
  basis_at timestamptz not null,
  basis_recognised numeric(38, 12) not null default 0,
  recognised numeric(38, 12) not null default 0,
  -- Up to when it is posted; nothing is due before the start.
  recognised_until timestamptz not null,
  primary key (customer_id, invoice_id, line),
  foreign key (customer_id, invoice_id) references invoice
);
create index deferral_due on deferral (recognised_until) where recognised_until < ends_at;

-- What was deferred until now: lines of fees and items whose time was not over when the invoice got its number.
insert into deferral (customer_id, invoice_id, line, asset, amount, starts_at, ends_at, basis_at, recognised_until)
select l.customer_id, l.invoice_id, l.line, i.currency, l.exact, l.period_start, coalesce(t.period_end, i.period_end), l.period_start, l.period_start
from invoice_line l
join invoice i on i.customer_id = l.customer_id and i.id = l.invoice_id and i.state not in ('draft', 'void')
left join invoice_item t on t.customer_id = l.customer_id and t.id = l.price_id
where l.kind not in ('usage', 'late_usage', 'credits') and l.exact <> 0 and coalesce(t.period_end, i.period_end) > i.finalized_at and coalesce(t.period_end, i.period_end) > l.period_start
  and exists (select 1 from ledger_transfer x where x.customer_id = l.customer_id and x.cause_id = l.invoice_id and x.cause = 'invoice' and 'deferred_revenue' in (x.debit, x.credit));
