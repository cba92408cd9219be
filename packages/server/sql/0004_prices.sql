-- Running totals by entry of a price, in the asset of the plan: a price that dimensions choose has an aggregate for each entry,
-- and usage may be charged in a credit asset. What was written before is in the currency of the catalog.

alter table accumulator add column entry text not null default '';
alter table accumulator add column asset text;
update accumulator set asset = coalesce((select document ->> 'currency' from catalog_version order by version desc limit 1), 'USD');
alter table accumulator alter column asset set not null;
alter table accumulator drop constraint accumulator_pkey;
alter table accumulator add constraint accumulator_pkey primary key (customer_id, period_start, price_id, entry);

alter table rollup_hour add column asset text;
update rollup_hour set asset = coalesce((select document ->> 'currency' from catalog_version order by version desc limit 1), 'USD');
alter table rollup_hour alter column asset set not null;
alter table rollup_hour drop constraint rollup_hour_pkey;
alter table rollup_hour add constraint rollup_hour_pkey primary key (customer_id, hour, meter, feature, model, entity_id, asset);
