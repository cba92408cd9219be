-- When a catalog version takes force, what it was merged from, and which earlier plans its subscribers keep.

alter table catalog_version
  -- In force is the version with the latest of these that has come, the later version of two; a later one is scheduled.
  add column in_force_from timestamptz not null default now(),
  -- Files laid over `source`, in their order: [{name, source}].
  add column overlays jsonb not null default '[]',
  -- Earlier plans that subscribers keep: [{plan, version, until, ends, document}].
  add column kept_plans jsonb not null default '[]',
  -- The version that was published again; null for a text of its own.
  add column restores integer;
alter table catalog_version disable trigger catalog_version_append_only;
update catalog_version set in_force_from = applied_at;
alter table catalog_version enable trigger catalog_version_append_only;

-- Scheduled versions that never take force.
create table catalog_withdrawal (
  version integer primary key references catalog_version,
  withdrawn_at timestamptz not null default now(),
  withdrawn_by text not null
);
create trigger catalog_withdrawal_append_only before update or delete on catalog_withdrawal for each row execute function refuse_change();

-- Versions whose limits running periods follow: each takes force once.
create table catalog_force (
  version integer primary key references catalog_version,
  taken_at timestamptz not null default now()
);
insert into catalog_force (version) select version from catalog_version;
