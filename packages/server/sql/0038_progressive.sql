-- Customers that are invoiced in the middle of a period, found without reading all profiles.
create index billing_profile_progressive on billing_profile (customer_id) where document ->> 'progressiveAt' is not null;
