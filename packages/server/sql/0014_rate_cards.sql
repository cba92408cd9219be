-- Rates imported from public price lists, as versions beside the catalog's own; and models whose cost is not known.

create table rate_card_version (
  version integer generated always as identity primary key,
  -- All imported entries, dated: [{provider, model, from, per_million, …}].
  rates jsonb not null,
  sources text[] not null,
  applied_at timestamptz not null default now(),
  applied_by text not null
);
create trigger rate_card_version_append_only before update or delete on rate_card_version for each row execute function refuse_change();

-- Which imported rates a catalog version is used with: a change of rates is a new version of the catalog in force.
alter table catalog_version add column rates_version integer not null default 0;

-- Models that answered and have no price: told once a day, listed until they are priced.
create table unpriced_model (
  model text primary key,
  first_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  told_at timestamptz not null default now(),
  events bigint not null
);
