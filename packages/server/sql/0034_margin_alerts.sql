-- Whose margin fell below the target was told once a month.

create table margin_alert (
  month text not null,
  kind text not null check (kind in ('total', 'customer', 'feature', 'model')),
  subject text not null,
  told_at timestamptz not null default now(),
  primary key (month, kind, subject)
);
