-- An invoice that was handed over is kept even with the receiver: when to look at both sides next, and what does not go together.

alter table handover
  -- Null: nothing is expected to change.
  add column look_at timestamptz,
  add column looks integer not null default 0,
  add column looked_at timestamptz,
  add column state_there text,
  add column conflict text;
update handover set look_at = now() where state = 'delivered';
create index handover_look on handover (look_at) where look_at is not null;
