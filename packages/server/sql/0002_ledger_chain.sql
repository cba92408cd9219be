-- The chain over each customer's transfers, and its signed checkpoints.

-- Null together: posted before there was a chain. A customer's chain begins with its first transfer after that.
alter table ledger_transfer
  -- Counts the customer's transfers from 1.
  add column position bigint,
  -- SHA-256 over the events behind it, in the order of settlement.
  add column evidence bytea check (length(evidence) = 32),
  -- SHA-256 over this transfer and the hash before it.
  add column hash bytea check (length(hash) = 32),
  add constraint ledger_transfer_chained check ((position is null) = (hash is null)),
  add constraint ledger_transfer_position unique (customer_id, position);

-- Where each chain stands: what the next transfer follows on. Changed under the customer's lock only.
create table ledger_head (
  customer_id text primary key references customer,
  position bigint not null check (position > 0),
  hash bytea not null check (length(hash) = 32),
  changed_at timestamptz not null
);
create index ledger_head_changed on ledger_head (changed_at);

-- Keys that sign checkpoints. The secret half is sealed with the master key; the newest key signs, all of them verify.
create table signing_key (
  id text primary key,
  public_key text not null,
  secret_sealed text not null,
  created_at timestamptz not null default now()
);

create table ledger_checkpoint (
  customer_id text not null references customer,
  position bigint not null,
  hash bytea not null,
  at timestamptz not null,
  key_id text not null references signing_key,
  -- Ed25519, base64url.
  signature text not null,
  primary key (customer_id, position)
);
create trigger ledger_checkpoint_append_only before update or delete on ledger_checkpoint for each row execute function refuse_change();
